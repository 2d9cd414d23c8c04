import { Client } from 'pg';

/** Past what the longest of the weeks needs: what is older than this is not set back again. */
const FOUNDED = '13 weeks';
/** What a programme begins with. */
const CATALOGUE = ['attributes', 'purposes', 'recipients', 'offers', 'offer_versions', 'notices', 'access_keys'];

/** What happens to the points of a lot is told from the award that it is of. */
const DAYS = `
  UPDATE lots l SET expires_on = l.expires_on - $days::int FROM awards a
   WHERE a.programme_id = $programme AND l.programme_id = a.programme_id AND l.id = a.id AND a.promised_at BETWEEN $began AND $ended;
  UPDATE awards SET expires_on = expires_on - $days::int
   WHERE programme_id = $programme AND promised_at BETWEEN $began AND $ended;
  UPDATE earned_marks SET expires_at = expires_at - $by,
         earned_at = ARRAY(SELECT CASE WHEN at >= $began THEN at - $by ELSE at END FROM unnest(earned_at) AS at)
   WHERE programme_id = $programme AND earned_at[cardinality(earned_at)] BETWEEN $began AND $ended;`;

/** People answer at once only in a demo: from a minute to some hours, by the notice, as if drawn. */
const ANSWER_LATER = `
  CREATE TEMP TABLE answered AS
    SELECT n.id, n.revocation_id, n.acknowledged_at AS at, n.listed_at > n.created_at AND r.webhook IS NULL AS asked,
           least(now() - n.acknowledged_at, '50 seconds'::interval + '11 hours'::interval * power(abs(hashtext(n.id::text)) / 2147483648.0, 3)) AS later
      FROM revocation_notices n LEFT JOIN (SELECT DISTINCT recipient_id, true AS webhook FROM webhook_endpoints) r ON r.recipient_id = n.recipient_id
     WHERE n.programme_id = $programme AND n.acknowledged_at < n.created_at + interval '10 minutes';
  UPDATE acknowledgements k SET at = k.at + a.later FROM answered a WHERE k.programme_id = $programme AND k.notice_id = a.id AND k.at = a.at;
  UPDATE revocation_notices n SET acknowledged_at = n.acknowledged_at + a.later,
         listed_at = CASE WHEN a.asked THEN n.listed_at + a.later / 2 ELSE n.listed_at END
    FROM answered a WHERE n.programme_id = $programme AND n.id = a.id;
  UPDATE revocations r SET told_at = greatest(r.told_at, n.told), completed_at = greatest(r.completed_at, n.answered)
    FROM (SELECT revocation_id, max(least(listed_at, acknowledged_at)) AS told, max(acknowledged_at) AS answered FROM revocation_notices
           WHERE programme_id = $programme AND revocation_id IN (SELECT revocation_id FROM answered) GROUP BY 1) n
   WHERE r.programme_id = $programme AND r.id = n.revocation_id AND r.told_at IS NOT NULL;
  DROP TABLE answered;`;

/**
 * Puts what was just done over HTTP into the past, for a demo that has one: only in its own embedded database, before any of
 * it is sealed, and every time of a row by the same amount. Nothing else of the rows is touched, so every rule goes on to hold.
 */
export class SetBack {
  private statements = '';
  private began = new Date();

  private constructor(
    private readonly client: Client,
    /** Its open transaction holds off the sealing: what is sealed can be changed by nobody. */
    private readonly holder: Client,
    private readonly programmeId: string,
  ) {}

  /** @param databaseUrl of its superuser */
  static async open(databaseUrl: string, slug: string): Promise<SetBack> {
    const [client, holder] = [new Client(databaseUrl), new Client(databaseUrl)];
    // When the demo ends in the middle of it, the call at hand says so.
    for (const one of [client, holder]) one.on('error', () => undefined);
    await Promise.all([client.connect(), holder.connect()]);
    await holder.query('BEGIN; SELECT pg_current_xact_id()');
    await client.query(`SET session_replication_role = replica; SET work_mem = '32MB'`);
    const { rows } = await client.query<{ id: string }>('SELECT id FROM programmes WHERE slug = $1', [slug]);
    const back = new SetBack(client, holder, rows[0]?.id ?? '');
    const { rows: tables } = await client.query<{ name: string; columns: string[] }>(TIMES);
    back.statements = DAYS + tables.map(setBack).join('');
    return back;
  }

  /** The programme itself, from before all that is told. */
  async found(): Promise<void> {
    const { rows } = await this.client.query<{ name: string; columns: string[] }>(TIMES);
    const catalogue = rows.filter(({ name }) => CATALOGUE.includes(name)).map(setBack);
    const programme = 'UPDATE programmes SET created_at = created_at - $by WHERE id = $programme;';
    await this.run(programme + catalogue.join(''), `now() - interval '${FOUNDED}'`, `interval '${FOUNDED}'`);
  }

  /** From here on counts as just done. */
  async begin(): Promise<void> {
    const { rows } = await this.client.query<{ at: Date }>('SELECT clock_timestamp() AS at');
    this.began = rows[0]?.at ?? new Date();
  }

  /** When the worker has done all that is owed, all since `begin` has happened that many hours ago. */
  async end(hours: number): Promise<void> {
    await this.nothingOwed();
    await this.run(this.statements, `'${this.began.toISOString()}'::timestamptz`, `interval '${hours} hours'`, hours);
  }

  async answerLater(): Promise<void> {
    await this.run(ANSWER_LATER, 'now()', `interval '0'`);
  }

  async close(): Promise<void> {
    await this.holder.query('COMMIT');
    await Promise.all([this.client.end(), this.holder.end()]);
  }

  private async nothingOwed(): Promise<void> {
    const text = `SELECT EXISTS (SELECT FROM outbox) OR EXISTS (SELECT FROM webhook_deliveries WHERE ended_at IS NULL) AS owed`;
    for (;;) {
      const { rows } = await this.client.query<{ owed: boolean }>(text);
      if (rows[0]?.owed !== true) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async run(statements: string, began: string, by: string, hours = 0): Promise<void> {
    const values: Record<string, string> = {
      programme: `'${this.programmeId}'::uuid`,
      days: String(Math.round(hours / 24)),
      ended: 'now()',
      began,
      by,
    };
    await this.client.query(statements.replaceAll(/\$(\w+)/g, (_, name: string) => values[name] ?? ''));
  }
}

/** Every table of a programme with the columns that are times, arrays of them aside. */
const TIMES = `
  SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.atttypid = 'timestamptz'::regtype AND NOT a.attisdropped
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ('earned_marks', 'chain_blocks')
     AND EXISTS (SELECT FROM pg_attribute p WHERE p.attrelid = c.oid AND p.attname = 'programme_id')
   GROUP BY 1 ORDER BY 1`;

/** Of a row that is new every time, also those to come; of one that is older only what happened to it just now. */
function setBack({ name, columns }: { name: string; columns: string[] }): string {
  const isNew = `least(${columns.join(', ')}) >= $began`;
  const set = columns.map(
    (one) => `${one} = CASE WHEN ${one} >= $began AND (${one} <= $ended OR ${isNew}) THEN ${one} - $by ELSE ${one} END`,
  );
  const happened = columns.map((one) => `${one} BETWEEN $began AND $ended`).join(' OR ');
  return `UPDATE ${name} SET ${set.join(', ')} WHERE programme_id = $programme AND (${happened});`;
}
