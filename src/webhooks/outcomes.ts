import type { Statement, Tx } from '../platform/database';
import type { EventIds } from './announce';
import type { Attempt } from './attempt';
import { type Claimed, unpark } from './claims';
import { waitAfter } from './schedule';

/** An attempt and what follows from it. */
export interface Outcome {
  endpointId: string;
  /** That was called. */
  url: string;
  delivery: Claimed;
  attempt: Attempt;
}

/** What follows, in the same transaction, from events of a type having arrived. */
export type OnDelivered = Record<string, (tx: Tx, ids: EventIds[]) => Promise<void>>;

/** How a delivery stands after an attempt. */
export type Standing = 'delivered' | 'pending' | 'failed';

const RECORD: Statement = {
  name: 'record_attempts',
  // What another worker has delivered meanwhile, because the lease was over, stays delivered. Asked by its end, and not by
  // its status: by that the planner would take what is due for what is looked for.
  text: `
    WITH outcome AS (
      SELECT o.* FROM json_to_recordset($2) AS o(id uuid, took integer, status integer, fault text, arrived boolean, gone boolean, wait float8)),
    done AS (
      UPDATE webhook_deliveries d SET attempts = d.attempts + 1, tries = d.tries + 1,
             status = CASE WHEN o.arrived THEN 'delivered' WHEN o.gone THEN 'pending'
               WHEN o.wait IS NULL OR d.give_up_at <= clock_timestamp() THEN 'failed' ELSE 'pending' END,
             ended_at = CASE WHEN o.arrived OR (NOT o.gone AND (o.wait IS NULL OR d.give_up_at <= clock_timestamp())) THEN clock_timestamp() END,
             next_attempt_at = CASE WHEN o.gone THEN 'infinity' WHEN o.wait IS NULL THEN d.next_attempt_at
               ELSE clock_timestamp() + make_interval(secs => o.wait) END
        FROM outcome o WHERE d.programme_id = $1 AND d.id = ANY ($3) AND d.id = o.id AND d.ended_at IS NULL
      RETURNING d.id, d.type, d.ids, d.status AS standing, d.attempts, o.took, o.status, o.fault),
    logged AS (
      INSERT INTO webhook_attempts (programme_id, delivery_id, number, at, took_ms, status, fault)
        SELECT $1, id, attempts, clock_timestamp() - make_interval(secs => took / 1000.0), took, status, fault FROM done)
    SELECT id, type, ids, standing FROM done`,
};
const DISABLE: Statement = {
  name: 'disable_gone_endpoints',
  // It is the URL that is gone: an endpoint that has another one by now is called there.
  text: `UPDATE webhook_endpoints w SET disabled_at = clock_timestamp(), disabled_because = 'gone'
           FROM unnest($2::uuid[], $3::text[]) AS gone(id, url)
          WHERE w.programme_id = $1 AND w.id = gone.id AND w.url = gone.url AND w.disabled_at IS NULL RETURNING w.id`,
};
const PARK: Statement = {
  name: 'park_deliveries',
  text: `UPDATE webhook_deliveries SET next_attempt_at = 'infinity'
          WHERE programme_id = $1 AND endpoint_id = ANY ($2) AND status = 'pending'`,
};

/** 410: whoever is there does not want to be told any more. */
const GONE = 410;
export const hasArrived = ({ status }: Attempt): boolean => status !== undefined && status >= 200 && status < 300;
export const isGone = ({ status }: Attempt): boolean => status === GONE;

const rowOf = ({ delivery, attempt }: Outcome) => ({
  id: delivery.id,
  took: attempt.tookMs,
  status: attempt.status ?? null,
  fault: attempt.status === undefined ? attempt.fault : null,
  arrived: hasArrived(attempt),
  gone: isGone(attempt),
  wait: hasArrived(attempt)
    ? null
    : (waitAfter(delivery.tries + 1, attempt.status === undefined ? 0 : attempt.retryAfter) ?? null),
});

/**
 * Writes down what came of attempts, whatever their number in one statement, and what follows from those that arrived.
 * Answers how each delivery stands, by its id; one that has ended before is absent.
 */
export async function record(tx: Tx, outcomes: Outcome[], onDelivered: OnDelivered): Promise<Map<string, Standing>> {
  const rows = await tx.query<{ id: string; type: string; ids: EventIds; standing: Standing }>(RECORD, [
    tx.programmeId,
    JSON.stringify(outcomes.map(rowOf)),
    outcomes.map(({ delivery }) => delivery.id),
  ]);
  const gone = outcomes.filter(({ attempt }) => isGone(attempt));
  if (gone.length > 0) await disable(tx, gone);
  for (const [type, follow] of Object.entries(onDelivered)) {
    const arrived = rows.filter((row) => row.type === type && row.standing === 'delivered').map(({ ids }) => ids);
    if (arrived.length > 0) await follow(tx, arrived);
  }
  return new Map(rows.map(({ id, standing }) => [id, standing]));
}

async function disable(tx: Tx, gone: Outcome[]): Promise<void> {
  const columns = [gone.map(({ endpointId }) => endpointId), gone.map(({ url }) => url)];
  const disabled = await tx.query<{ id: string }>(DISABLE, [tx.programmeId, ...columns]);
  await tx.query(PARK, [tx.programmeId, disabled.map(({ id }) => id)]);
  await unpark(tx);
}
