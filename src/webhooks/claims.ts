import type { Webhook } from 'standardwebhooks';
import type { Database, Statement, Tx } from '../platform/database';
import type { KeyRing } from '../platform/key-ring';
import type { EventIds } from './announce';
import { signerOf } from './secrets';

/** How long a worker has for what it took up; then, if it was killed meanwhile, another one takes it up. */
export const LEASE_SECONDS = 60;

/** A delivery that this worker alone has, until its lease is over. */
export interface Claimed {
  id: string;
  eventId: string;
  type: string;
  ids: EventIds;
  data: Record<string, unknown>;
  sequence: number;
  createdAt: Date;
  /** Failed tries before this one. */
  tries: number;
}

/** What was taken up for one endpoint, and how it is sent there. */
export interface Claim {
  url: string;
  /** The endpoint's own, newest first: more than one while rotations go on. */
  signers: Webhook[];
  /** The database's clock when it was taken up. */
  now: Date;
  deliveries: Claimed[];
}

const DUE: Statement = {
  name: 'endpoints_due',
  text: 'SELECT programme_id AS "programmeId", endpoint_id AS "endpointId" FROM webhooks_due()',
};
const DUE_OF_PROGRAMME: Statement = {
  name: 'endpoints_due_of_programme',
  text: `SELECT w.id AS "endpointId" FROM webhook_endpoints w WHERE w.programme_id = $1 AND w.disabled_at IS NULL
           AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.programme_id = $1 AND d.endpoint_id = w.id
             AND d.status = 'pending' AND d.next_attempt_at <= now())`,
};
const UNPARK: Statement = {
  name: 'unpark_deliveries',
  // One look into the index of what is due for each endpoint, whatever the planner knew of the table when it made the plan.
  text: `UPDATE webhook_deliveries SET next_attempt_at = now() WHERE programme_id = $1 AND id = ANY (ARRAY(
           SELECT d.id FROM webhook_endpoints w CROSS JOIN LATERAL (
             SELECT d.id FROM webhook_deliveries d WHERE d.programme_id = $1 AND d.endpoint_id = w.id AND d.status = 'pending'
                AND d.next_attempt_at = 'infinity' OFFSET 0) d
            WHERE w.programme_id = $1 AND w.disabled_at IS NULL))`,
};
const CLAIM: Statement = {
  name: 'claim_deliveries',
  // Whoever takes up deliveries of an endpoint holds its row, so that its numbers are given once and in order; another
  // worker that comes meanwhile takes up nothing, and comes again. The arrays keep the planner at the keys.
  text: `
    WITH endpoint AS (
      SELECT w.id, w.url, w.recipient_id, w.wrapped_secret, 
             -- What the lost part of a restored database had sent had numbers: those to come are higher than any of them can be.
             greatest(w.last_sequence, (SELECT (extract(epoch FROM h.opened_at) * 1000)::bigint FROM home h WHERE h.opened_at > w.created_at)) AS last_sequence,
             ARRAY(SELECT f.secret FROM unnest(w.former_wrapped_secrets, w.former_untils) AS f(secret, until)
                    WHERE f.until > now() ORDER BY f.until DESC) AS former
        FROM webhook_endpoints w WHERE w.programme_id = $1 AND w.id = $2 AND w.disabled_at IS NULL FOR NO KEY UPDATE SKIP LOCKED),
    due AS (
      SELECT d.id, d.position, d.sequence FROM webhook_deliveries d
       WHERE d.programme_id = $1 AND d.endpoint_id = (SELECT id FROM endpoint) AND d.status = 'pending'
         AND d.next_attempt_at <= now()
       ORDER BY d.next_attempt_at, d.position LIMIT $3 FOR UPDATE SKIP LOCKED),
    counted AS (
      UPDATE webhook_endpoints w SET last_sequence = (SELECT last_sequence FROM endpoint) + (SELECT count(*) FROM due WHERE sequence IS NULL)
       WHERE w.programme_id = $1 AND w.id = $2 AND EXISTS (SELECT FROM due WHERE sequence IS NULL)),
    claimed AS (
      UPDATE webhook_deliveries d SET next_attempt_at = clock_timestamp() + make_interval(secs => $4),
             sequence = coalesce(d.sequence, (SELECT last_sequence FROM endpoint)
               + array_position((SELECT array_agg(n.id ORDER BY n.position) FROM due n WHERE n.sequence IS NULL), d.id))
       WHERE d.programme_id = $1 AND d.id = ANY (ARRAY(SELECT id FROM due))
      RETURNING d.id, d.event_id, d.type, d.ids, d.data, d.sequence, d.created_at, d.tries)
    SELECT e.url, e.recipient_id, e.wrapped_secret, e.former, clock_timestamp() AS now, c.id, c.event_id, c.type, c.ids, c.data,
           c.sequence, c.created_at, c.tries FROM claimed c CROSS JOIN endpoint e ORDER BY c.sequence`,
};
const GIVE_BACK: Statement = {
  name: 'give_back_deliveries',
  text: `UPDATE webhook_deliveries SET next_attempt_at = clock_timestamp()
          WHERE programme_id = $1 AND id = ANY ($2) AND ended_at IS NULL AND next_attempt_at < 'infinity'`,
};

interface Row {
  url: string;
  recipient_id: string | null;
  wrapped_secret: Buffer;
  former: Buffer[];
  now: Date;
  id: string;
  event_id: string;
  type: string;
  ids: EventIds;
  data: Record<string, unknown>;
  sequence: string;
  created_at: Date;
  tries: number;
}

/** The endpoints that something is due for: over all programmes, or of one. */
export function endpointsDue(database: Database): Promise<{ programmeId: string; endpointId: string }[]> {
  return database.query(DUE);
}

export async function endpointsDueOf(database: Database, programmeId: string): Promise<string[]> {
  const [, rows] = await database.inProgramme(programmeId, (tx, commit) => {
    const asked = Promise.all([unpark(tx), tx.query<{ endpointId: string }>(DUE_OF_PROGRAMME, [programmeId])]);
    commit();
    return asked;
  });
  return rows.map(({ endpointId }) => endpointId);
}

/**
 * What waits for somebody to enable an endpoint that is enabled is due: whoever announced it had not seen that it was, and has
 * committed after it.
 */
export async function unpark(tx: Tx): Promise<void> {
  await tx.query(UNPARK, [tx.programmeId]);
}

/** Takes up to limit due deliveries of an endpoint, oldest first; undefined when there is none, or it is disabled. */
export async function claim(
  database: Database,
  keyRing: KeyRing,
  { programmeId, endpointId }: { programmeId: string; endpointId: string },
  limit: number,
): Promise<Claim | undefined> {
  const rows = await database.inProgramme(programmeId, (tx, commit) => {
    const claimed = tx.query<Row>(CLAIM, [programmeId, endpointId, limit, LEASE_SECONDS]);
    commit();
    return claimed;
  });
  const [first] = rows;
  if (!first) return undefined;
  const keys = await keyRing.of(programmeId);
  const owner = { endpointId, recipientId: first.recipient_id };
  return {
    url: first.url,
    signers: [first.wrapped_secret, ...first.former].map((wrapped) => signerOf(keys, owner, wrapped)),
    now: first.now,
    deliveries: rows.map(claimedOf),
  };
}

const claimedOf = (row: Row): Claimed => ({
  id: row.id,
  eventId: row.event_id,
  type: row.type,
  ids: row.ids,
  data: row.data,
  sequence: Number(row.sequence),
  createdAt: row.created_at,
  tries: row.tries,
});

/** What was taken up and is not sent is due at once, for whoever comes. */
export async function giveBack(tx: Tx, ids: string[]): Promise<void> {
  await tx.query(GIVE_BACK, [tx.programmeId, ids]);
}
