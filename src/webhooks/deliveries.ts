import { requireCursor } from '../access';
import type { Statement, Tx } from '../platform/database';
import { pageOf } from '../platform/http/page.dto';
import { requireId, toPublicId } from '../platform/ids';
import { conflict, notFound } from '../platform/problem';
import { GIVE_UP_AFTER } from './announce';
import { findEndpoint } from './endpoints';
import { SEEN, seenBy, type WebhookCaller } from './owner';
import type { AttemptView, DeliveryPage, DeliveryQuery, DeliveryView } from './webhook.dto';

const COLUMNS = `d.id, d.endpoint_id, d.event_id, d.type, d.status, d.sequence, d.created_at,
  CASE WHEN d.status = 'pending' AND d.next_attempt_at < 'infinity' THEN d.next_attempt_at END AS next_attempt_at,
  ARRAY(SELECT json_build_object('at', a.at, 'took', a.took_ms, 'status', a.status, 'fault', a.fault) FROM webhook_attempts a
         WHERE a.programme_id = $1 AND a.delivery_id = d.id ORDER BY a.number DESC LIMIT 20) AS attempts`;
const LIST: Statement = {
  name: 'list_webhook_deliveries',
  text: `SELECT ${COLUMNS} FROM webhook_deliveries d WHERE d.programme_id = $1 AND d.endpoint_id = $2
           AND ($3::text IS NULL OR d.status = $3) AND ($4::uuid IS NULL OR d.event_id < $4) ORDER BY d.event_id DESC LIMIT $5`,
};
const FIND: Statement = {
  name: 'find_webhook_delivery',
  text: `SELECT ${COLUMNS}, w.disabled_at IS NOT NULL AS disabled FROM webhook_deliveries d
           JOIN webhook_endpoints w ON w.programme_id = $1 AND w.id = d.endpoint_id
          WHERE d.programme_id = $1 AND d.id = $4 AND ${SEEN('$2', '$3')}`,
};
const AGAIN: Statement = {
  name: 'deliver_again',
  text: `UPDATE webhook_deliveries SET status = 'pending', ended_at = NULL, tries = 0,
           give_up_at = clock_timestamp() + ${GIVE_UP_AFTER}, next_attempt_at = clock_timestamp()
          WHERE programme_id = $1 AND id = $2`,
};
const PING: Statement = {
  name: 'ping_webhook',
  text: `INSERT INTO webhook_deliveries (programme_id, id, endpoint_id, event_id, type, ids, data, give_up_at, next_attempt_at)
           VALUES ($1, new_id(), $2, new_id(), 'ping', jsonb_build_object('webhookId', jsonb_build_array('whe', $2::uuid)), '{}',
                   clock_timestamp() + ${GIVE_UP_AFTER}, clock_timestamp()) RETURNING id`,
};

interface Row {
  id: string;
  endpoint_id: string;
  event_id: string;
  type: string;
  status: 'pending' | 'delivered' | 'failed';
  sequence: string | null;
  created_at: Date;
  next_attempt_at: Date | null;
  attempts: { at: string; took: number; status: number | null; fault: AttemptView['fault'] | null }[];
}

/** What an endpoint was sent and is still to be, newest first. @throws 404. */
export async function listDeliveries(
  tx: Tx,
  caller: WebhookCaller,
  webhookId: string,
  { status, after, limit }: DeliveryQuery,
): Promise<DeliveryPage> {
  const { id } = await findEndpoint(tx, caller, webhookId);
  const page = [status ?? null, requireCursor('evt', after), limit + 1];
  const rows = await tx.query<Row>(LIST, [tx.programmeId, id, ...page]);
  return pageOf(rows, limit, viewOf, (row) => toPublicId('evt', row.event_id));
}

/** @throws 404 */
export async function findDelivery(tx: Tx, caller: WebhookCaller, publicId: string): Promise<DeliveryView> {
  return viewOf(await find(tx, caller, requireId('dlv', publicId, 'delivery')));
}

/** The same message once more, with all its tries, whatever became of it. @throws 404; 409 `webhook-disabled`. */
export async function deliverAgain(tx: Tx, caller: WebhookCaller, publicId: string): Promise<DeliveryView> {
  const id = requireId('dlv', publicId, 'delivery');
  const { disabled } = await find(tx, caller, id);
  if (disabled) throw isDisabled();
  await tx.query(AGAIN, [tx.programmeId, id]);
  return viewOf(await find(tx, caller, id));
}

/** The test event, to this endpoint alone. @throws 404; 409 `webhook-disabled`. */
export async function ping(tx: Tx, caller: WebhookCaller, webhookId: string): Promise<DeliveryView> {
  const { id, disabled_at: disabledAt } = await findEndpoint(tx, caller, webhookId);
  if (disabledAt) throw isDisabled();
  const [written] = await tx.query<{ id: string }>(PING, [tx.programmeId, id]);
  return viewOf(await find(tx, caller, written!.id));
}

async function find(tx: Tx, caller: WebhookCaller, id: string): Promise<Row & { disabled: boolean }> {
  const [row] = await tx.query<Row & { disabled: boolean }>(FIND, [tx.programmeId, ...seenBy(caller), id]);
  if (!row) throw notFound('delivery');
  return row;
}

const isDisabled = () => conflict('webhook-disabled', 'The webhook is disabled', 'Enable it first.');

const viewOf = (row: Row): DeliveryView => ({
  id: toPublicId('dlv', row.id),
  webhookId: toPublicId('whe', row.endpoint_id),
  eventId: toPublicId('evt', row.event_id),
  type: row.type,
  status: row.status,
  sequence: row.sequence === null ? null : Number(row.sequence),
  attempts: row.attempts.map(({ at, took, status, fault }) => ({
    at: new Date(at).toISOString(),
    tookMs: took,
    ...(status === null ? {} : { status }),
    ...(fault === null ? {} : { fault }),
  })),
  ...(row.next_attempt_at && { nextAttemptAt: row.next_attempt_at.toISOString() }),
  createdAt: row.created_at.toISOString(),
});
