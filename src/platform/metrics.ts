import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { asPortFault } from './port-fault';

const registry = new Registry();
const registers = [registry];

/**
 * What an operator watches, one object for the whole process. Units are in the names (seconds, counts). Labels are words of ours
 * or route patterns: never an id, a key or anything a customer shared.
 */
export const metrics = {
  /** Awards promised and not yet posted, over all programmes. Set by the sweep. */
  owedAwards: new Gauge({
    name: 'gegenwert_owed_awards',
    help: 'Awards promised at a share and not yet turned into a transfer or a code.',
    registers,
  }),
  /** 0 when nothing is owed. Set by the sweep. */
  oldestOwedSeconds: new Gauge({
    name: 'gegenwert_oldest_owed_award_seconds',
    help: 'Age of the oldest owed award, 0 when none is owed.',
    registers,
  }),
  /** Of the owed, those that the database threw out: each is tried again later. Set by the sweep. */
  setAsideAwards: new Gauge({
    name: 'gegenwert_set_aside_awards',
    help: 'Owed awards that could not be booked and are set aside, so that they hold up no other.',
    registers,
  }),
  /** 0 when all history is sealed. Set by the worker when it seals. */
  oldestUnsealedSeconds: new Gauge({
    name: 'gegenwert_oldest_unsealed_seconds',
    help: 'Age of the oldest transfer, share, consent event or disclosure that is not sealed in its chain, 0 when none is.',
    registers,
  }),
  /** Over all programmes; rows a block are in `gegenwert_batch_size` as `sealing`. */
  blocks: new Counter({
    name: 'gegenwert_chain_blocks_total',
    help: 'Blocks that this worker has added to the chains of history.',
    registers,
  }),
  /** Over all programmes; those that were used up before their day are not counted. */
  lotsExpired: new Counter({
    name: 'gegenwert_lots_expired_total',
    help: 'Lots whose day was over and of which this worker has booked what was left.',
    registers,
  }),
  /** 0 when there is none. Set by the sweep. */
  oldestDueLotSeconds: new Gauge({
    name: 'gegenwert_oldest_due_lot_seconds',
    help: 'How long the day of the oldest lot has been over whose expiry is not booked, 0 when there is none.',
    registers,
  }),
  /** `what`: `posting` for the worker's drain, `sealing`, `expiry` (of lots), `hold-expiry`, `share`, `redemption`… for the group commits of the API. */
  batchSize: new Histogram({
    name: 'gegenwert_batch_size',
    help: 'Rows that went through one statement and one commit.',
    labelNames: ['what'] as const,
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000],
    registers,
  }),
  /** From the request's arrival to the commit after which every release fails. */
  revocationStopSeconds: new Histogram({
    name: 'gegenwert_revocation_stop_seconds',
    help: 'From a revocation being asked for to no release being possible any more.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  }),
  /** From that commit to the destruction of the last value and key it covers. */
  revocationErasedSeconds: new Histogram({
    name: 'gegenwert_revocation_erased_seconds',
    help: 'From a revocation being acknowledged to its values and keys being destroyed.',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400],
    registers,
  }),
  /** Over all programmes; 0 is as it should be. Set by the worker. */
  overdueNotices: new Gauge({
    name: 'gegenwert_overdue_notices',
    help: 'Notices of revocation whose recipients have not confirmed in time, and still have not.',
    registers,
  }),
  /** `route` is the pattern (`/v1/shares/:id`), never the path that was called. */
  httpRequestSeconds: new Histogram({
    name: 'gegenwert_http_request_seconds',
    help: 'Time to answer a request.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  }),
  /** One per outage, however many rings it cost: nothing is lost by it, the sweep finds what is owed. */
  queueOutages: new Counter({
    name: 'gegenwert_queue_outages_total',
    help: 'Times the queue went away.',
    registers,
  }),
  /** `outcome`: `arrived`, `refused` for another status than 2xx, otherwise why there was no answer. */
  webhookAttempts: new Counter({
    name: 'gegenwert_webhook_attempts_total',
    help: 'Tries of this worker to deliver a webhook.',
    labelNames: ['outcome'] as const,
    registers,
  }),
  /** Each is in its endpoint's list of deliveries, and can be delivered again. */
  webhooksFailed: new Counter({
    name: 'gegenwert_webhooks_failed_total',
    help: 'Webhooks that this worker has given up after their last try.',
    registers,
  }),
  /** From the event to the answer that takes it, retries included. */
  webhookSeconds: new Histogram({
    name: 'gegenwert_webhook_seconds',
    help: 'From an event to its delivery.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600, 86400, 259200],
    registers,
  }),
  /** Over all programmes, those of disabled endpoints as well. Set by the worker. */
  pendingWebhooks: new Gauge({
    name: 'gegenwert_pending_webhooks',
    help: 'Webhooks that are neither delivered nor given up.',
    registers,
  }),
  /** 0 when none is. One that waits for its next try is not late. Set by the worker. */
  oldestDueWebhookSeconds: new Gauge({
    name: 'gegenwert_oldest_due_webhook_seconds',
    help: 'How long the next try of the oldest webhook has been due, 0 when none is.',
    registers,
  }),
  /** Nothing is sent to them until somebody enables them again. Set by the worker. */
  disabledWebhookEndpoints: new Gauge({
    name: 'gegenwert_disabled_webhook_endpoints',
    help: 'Endpoints that have answered 410 or that somebody has disabled.',
    registers,
  }),
  /** Over all programmes. Set by the worker. */
  outstandingPoints: new Gauge({
    name: 'gegenwert_outstanding_points',
    help: 'Points that customers have, held ones as well.',
    registers,
  }),
  /** `comparison`: which two sides of the books. Anything but 0 is for somebody to look at: `npm run reconcile` names it. */
  reconciliationDifferences: new Gauge({
    name: 'gegenwert_reconciliation_differences',
    help: 'Differences between two sides of the books when they were last compared.',
    labelNames: ['comparison'] as const,
    registers,
  }),
  /** `outcome`: `withheld` for a value left out of an answer, `denied` for a release refused whole. */
  disclosuresRefused: new Counter({
    name: 'gegenwert_disclosures_refused_total',
    help: 'Values withheld and releases denied.',
    labelNames: ['outcome'] as const,
    registers,
  }),
};

/** Serves `GET /metrics` in Prometheus' text format on a port of its own; 0 lets the system choose. @throws Error that says what to do where the port is taken. */
export async function startMetricsServer(port: number): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  });
  await new Promise<void>((resolve, reject) =>
    server.once('error', (error) => reject(asPortFault(error, port, 'METRICS_PORT'))).listen(port, resolve),
  );
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
