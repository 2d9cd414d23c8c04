import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnService } from '../src/platform/supervisor';
import { post, type Stage } from './stage';

/** As many as fill the worker's room for attempts, so that both sides have as many under way: 16 each. */
const ENDPOINTS = 8;
const AT_ONCE = 16 * ENDPOINTS;

export interface WebhookRates {
  delivered: number;
  bare: number;
}

/** Webhooks a second that one worker delivers, and what a loop of node:http sends to the same server; by round. */
export async function webhookRates(stage: Stage, rounds: number, count: number): Promise<WebhookRates[]> {
  const hook = await spawnService(join(__dirname, 'hook-server.js'), { name: 'hook', env: stage.env, restart: false });
  const base = `http://127.0.0.1:${String(hook.ready['port'])}`;
  for (let n = 0; n < ENDPOINTS; n++) {
    const wanted = { url: `${base}/bench-${n}`, events: ['redemption.held'] };
    await post(stage.api.port, '/v1/webhooks', stage.programme.storefrontKey, wanted);
  }
  const rates: WebhookRates[] = [];
  for (let n = 0; n < rounds; n++)
    rates.push({ bare: await bareRate(base, count), delivered: await deliveryRate(stage, base, count) });
  await stage.client.query('DELETE FROM webhook_endpoints WHERE url LIKE $1', [`${base}/%`]);
  await hook.stop();
  return rates;
}

/** From what is due to all of it being delivered, and written down. */
async function deliveryRate({ client, programme }: Stage, base: string, count: number): Promise<number> {
  await client.query(
    `INSERT INTO webhook_deliveries (programme_id, id, endpoint_id, event_id, type, ids, data, give_up_at, next_attempt_at)
       SELECT w.programme_id, new_id(), w.id, new_id(), 'redemption.held',
              jsonb_build_object('redemptionId', jsonb_build_array('red', new_id())),
              jsonb_build_object('customerRef', 'customer-' || n, 'orderRef', 'order-' || n), 'infinity', 'infinity'
         FROM webhook_endpoints w, generate_series(1, $2::int) n WHERE w.programme_id = $1 AND w.url LIKE $3`,
    [programme.id, count / ENDPOINTS, `${base}/%`],
  );
  await client.query('VACUUM ANALYZE webhook_deliveries');
  const started = process.hrtime.bigint();
  await client.query(`UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'pending'`);
  for (;;) {
    const { rows } = await client.query(`SELECT FROM webhook_deliveries WHERE status = 'pending' LIMIT 1`);
    if (rows.length === 0) break;
    await sleep(20);
  }
  return count / (Number(process.hrtime.bigint() - started) / 1e9);
}

/** The same requests, as large and with as many headers, from a loop that does nothing else. */
async function bareRate(base: string, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const body = JSON.stringify({
    type: 'redemption.held',
    timestamp: new Date().toISOString(),
    sequence: 1000,
    data: { redemptionId: `red_${'0'.repeat(26)}`, customerRef: 'customer-1000', orderRef: 'order-1000' },
  });
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'user-agent': 'Bench/1',
    'webhook-id': `evt_${'0'.repeat(26)}`,
    'webhook-timestamp': '1700000000',
    'webhook-signature': `v1,${'0'.repeat(44)}`,
  };
  const send = (): Promise<void> =>
    new Promise((resolve, reject) => {
      request(`${base}/bare`, { method: 'POST', agent, headers }, (response) => {
        response.resume().on('end', resolve);
      })
        .on('error', reject)
        .end(body);
    });
  let left = count;
  const started = process.hrtime.bigint();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) await send();
    }),
  );
  agent.destroy();
  return count / (Number(process.hrtime.bigint() - started) / 1e9);
}
