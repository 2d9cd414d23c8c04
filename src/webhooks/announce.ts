import type { IdPrefix } from '../platform/ids';
import type { Statement, Tx } from '../platform/database';
import { type EventType, PROGRAMME_EVENTS, RECIPIENT_EVENTS } from './event-types';

/** Ids that a body names, by field: `{shareId: ['shr', uuid]}`. The worker turns them into their public form. */
export type EventIds = Record<string, [prefix: IdPrefix, uuid: string]>;

export interface Announcement {
  type: EventType;
  /** The recipient (uuid) who is told; without one, the programme's own endpoints are. */
  recipientId?: string;
  ids: EventIds;
  /** The rest of the body's data: keys, references and times. Never a value that a customer shared. */
  data: Record<string, unknown>;
}

/** Attempts are spread over a little more than three days; one that is still due after this is the last. */
export const GIVE_UP_AFTER = `interval '84 hours'`;

/** Stands for no recipient, so that the two sides can be joined by a hash. */
const NOBODY = `'00000000-0000-0000-0000-000000000000'::uuid`;

/**
 * A statement that announces the events which a SELECT finds, to every endpoint that asked for their type. It runs in the
 * transaction that makes the events, keeps their order, and answers how many deliveries there are of them; where nobody listens it costs a look at the endpoints, and the SELECT does not run.
 * @param name of the prepared statement @param types that the SELECT can answer
 * @param select answers type text, recipient uuid (NULL: the programme's own endpoints), ids jsonb (see EventIds: arrays of
 *   prefix and uuid), data jsonb. $1 is the programme, whatever else it needs comes after.
 */
export function announcing(name: string, types: EventType[], select: string): Statement {
  return {
    name,
    text: `
      WITH listening AS MATERIALIZED (
        SELECT w.id, w.recipient_id, w.events, w.disabled_at FROM webhook_endpoints w
         WHERE w.programme_id = $1 AND w.events && '{${types.join(',')}}'),
      events AS MATERIALIZED (
        SELECT new_id() AS id, row_number() OVER () AS n, s.* FROM (${select}) s (type, recipient, ids, data)
         WHERE EXISTS (SELECT FROM listening)),
      written AS (
        INSERT INTO webhook_deliveries (programme_id, id, endpoint_id, event_id, type, ids, data, give_up_at, next_attempt_at)
        SELECT $1, new_id(), l.id, e.id, e.type, e.ids, e.data, clock_timestamp() + ${GIVE_UP_AFTER},
               CASE WHEN l.disabled_at IS NULL THEN clock_timestamp() ELSE 'infinity' END
          FROM events e JOIN listening l ON coalesce(l.recipient_id, ${NOBODY}) = coalesce(e.recipient, ${NOBODY})
         WHERE e.type = ANY (l.events) ORDER BY e.n RETURNING 1)
      SELECT count(*)::int AS announced FROM written`,
  };
}

const ANNOUNCE = announcing(
  'announce',
  [...new Set([...PROGRAMME_EVENTS, ...RECIPIENT_EVENTS])],
  'SELECT * FROM json_to_recordset($2) AS r(type text, recipient uuid, ids jsonb, data jsonb)',
);

/**
 * Announces events in the transaction that makes them: one statement, none where there is no event. What many rows of a
 * table make is better announced by a statement of its own: see announcing().
 */
export async function announce(tx: Tx, events: Announcement[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ type, recipientId, ids, data }) => ({ type, recipient: recipientId ?? null, ids, data }));
  await tx.query(ANNOUNCE, [tx.programmeId, JSON.stringify(rows)]);
}
