import { createHash } from 'node:crypto';
import type { Database, Statement } from '../platform/database';
import type { SigningKeys } from '../platform/signing-keys';
import { type End, type Head, type Line, SEAL_TYPE } from './lines';

/** Rows read at a time. */
const PAGE = 5_000;

const ENDED_SO_FAR: Statement = {
  name: 'transactions_ended',
  text: 'SELECT transactions_ended() AS number, clock_timestamp() AS now',
};
const EVERY: Statement = { name: 'every_programme', text: 'SELECT programme_id FROM every_programme()' };
const ERASED: Statement = {
  name: 'journal_erased',
  text: `SELECT written_in, sequence, json_build_object('erased', json_build_object('programme', programme_id, 'customer', customer_id::text,
                'attribute', attribute, 'version', version, 'revocation', revocation_id, 'at', erased_at)) AS line
           FROM erasure_journal WHERE programme_id = $1 AND written_in >= $2 AND written_in < $3 AND (written_in, sequence) > ($2, $4)
          ORDER BY written_in, sequence LIMIT $5`,
};
const ENDED: Statement = {
  name: 'journal_ended',
  text: `SELECT written_in, sequence, json_build_object('ended', json_build_object('programme', programme_id, 'customer', customer_id::text,
                'revocation', revocation_id, 'as', event, 'consents', consents, 'at', at)) AS line
           FROM consent_events WHERE programme_id = $1 AND written_in >= $2 AND written_in < $3 AND (written_in, sequence) > ($2, $4)
            AND event <> 'given' ORDER BY written_in, sequence LIMIT $5`,
};
// What stops use, as it is by now: what changes after the section's end is in the next one as well, and says no less here.
const PAUSED: Statement = {
  name: 'journal_paused',
  text: `SELECT changed_in AS written_in, id::text AS sequence, json_build_object('paused', json_build_object('programme', programme_id,
                'customer', customer_id::text, 'pause', id, 'share', share_id, 'purpose', purpose, 'everything', everything,
                'began', started_at, 'until', until, 'ended', ended_at)) AS line
           FROM pauses WHERE programme_id = $1 AND changed_in >= $2 AND (changed_in, id) > ($2, $3) AND merge_id IS NULL AND until > now()
          ORDER BY changed_in, id LIMIT $4`,
};
const SIGNALLED: Statement = {
  name: 'journal_signalled',
  text: `SELECT gpc_in AS written_in, id AS sequence, json_build_object('signalled', json_build_object('programme', programme_id,
                'customer', id::text, 'at', gpc_at)) AS line
           FROM customers WHERE programme_id = $1 AND gpc_in IS NOT NULL AND gpc_in >= $2 AND (gpc_in, id) > ($2, $3)
          ORDER BY gpc_in, id LIMIT $4`,
};
const STATE: Statement = {
  name: 'journal_state',
  text: `SELECT json_build_object('over', json_build_object('programme', id)) AS line FROM programmes WHERE id = $1 AND ended_at IS NOT NULL
         UNION ALL
         SELECT json_build_object('withdrawn', json_build_object('programme', $1::uuid, w.what, w.key, 'job', j.id, 'cancelled', j.status = 'cancelled'))
           FROM (SELECT 'purpose' AS what, key FROM purposes WHERE programme_id = $1 AND withdrawn_at IS NOT NULL
                 UNION ALL SELECT 'recipient', key FROM recipients WHERE programme_id = $1 AND withdrawn_at IS NOT NULL) w
           LEFT JOIN LATERAL (SELECT id, status FROM jobs WHERE programme_id = $1 AND kind = w.what || '-withdrawal' AND target = w.key
                               ORDER BY id DESC LIMIT 1) j ON true
         UNION ALL
         SELECT json_build_object('left', json_build_object('programme', $1::uuid, 'customer', customer_id::text, 'balance', balance,
                  'job', id, 'at', created_at, 'cancelled', status = 'cancelled', 'also', ARRAY(
                    WITH RECURSIVE others AS (
                      SELECT c.id FROM customers c WHERE c.programme_id = $1 AND c.merged_into = jobs.customer_id
                      UNION SELECT c.id FROM others o JOIN customers c ON c.programme_id = $1 AND c.merged_into = o.id)
                    SELECT o.id::text FROM others o ORDER BY o.id))) FROM jobs
          WHERE programme_id = $1 AND kind = 'customer-erasure'`,
};

/** What is read page by page: after a number and a place within it, in some up to a number. */
const PAGED = [
  { statement: ENDED, first: '-1', ends: true },
  { statement: ERASED, first: '-1', ends: true },
  { statement: PAUSED, first: '00000000-0000-0000-0000-000000000000', ends: false },
  { statement: SIGNALLED, first: '-1', ends: false },
];

interface Row {
  written_in: string;
  sequence: string;
  line: Line;
}

/**
 * Writes a section of the journal: all that transactions did which began with number `from` and have ended by now. Answers the
 * number that the next section begins with. Transactions that are still open are in the next one.
 */
export async function exportJournal(
  database: Database,
  signingKeys: SigningKeys,
  from: bigint,
  write: (text: string) => Promise<void>,
): Promise<{ to: string; lines: number }> {
  const [horizon] = await database.query<{ number: string; now: Date }>(ENDED_SO_FAR);
  if (!horizon) throw new Error('The database does not say how far it has come');
  // Read before anything else: what ends meanwhile is in the next section.
  const to = BigInt(horizon.number) < from ? from.toString() : horizon.number;
  const hash = createHash('sha256');
  let lines = 0;
  const put = async (part: (Head | Line)[]): Promise<void> => {
    const text = part.map((line) => `${JSON.stringify(line)}\n`).join('');
    hash.update(text);
    await write(text);
  };
  await put([{ journal: 'gegenwert/erasures/2', from: from.toString() }]);
  for (const { programme_id: programme } of await database.query<{ programme_id: string }>(EVERY)) {
    for await (const part of linesOf(database, programme, from.toString(), to)) {
      lines += part.length;
      await put(part);
    }
  }
  const sealed = { from: from.toString(), to, lines, at: horizon.now.toISOString() };
  const seal = signingKeys.sign(signingKeys.currentKid, SEAL_TYPE, { ...sealed, sha256: hash.digest('hex') });
  const end: End = { end: { to, lines, at: sealed.at, seal } };
  await write(`${JSON.stringify(end)}\n`);
  return { to, lines };
}

/** Consents first: with those that covered them, values go. */
async function* linesOf(database: Database, programme: string, from: string, to: string): AsyncGenerator<Line[]> {
  const state = await database.inProgramme(programme, (tx) => tx.query<{ line: Line }>(STATE, [programme]));
  yield state.map(({ line }) => line);
  for (const { statement, first, ends } of PAGED) {
    for (let after = { written_in: from, sequence: first }, isMore = true; isMore;) {
      const values = [programme, after.written_in, ...(ends ? [to] : []), after.sequence, PAGE];
      const rows = await database.inProgramme(programme, (tx) => tx.query<Row>(statement, values));
      yield rows.map(({ line }) => line);
      isMore = rows.length === PAGE;
      after = rows.at(-1) ?? after;
    }
  }
}
