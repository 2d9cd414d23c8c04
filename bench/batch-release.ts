import { request } from 'node:http';
import type { Stage } from './stage';

const CUSTOMERS_A_CALL = 1000;
const CALLS_AT_ONCE = 4;

/** Values a second through POST /v1/disclosures/batch, one of each customer. */
export async function batchReleaseRate(stage: Stage, refs: string[]): Promise<number> {
  const calls: string[][] = [];
  for (let at = 0; at < refs.length; at += CUSTOMERS_A_CALL) calls.push(refs.slice(at, at + CUSTOMERS_A_CALL));
  const started = process.hrtime.bigint();
  const caller = async (): Promise<void> => {
    for (let asked = calls.pop(); asked; asked = calls.pop()) {
      const released = await releasedTo(stage, asked);
      if (released !== asked.length) throw new Error(`${released} of ${asked.length} customers were released`);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, caller));
  return refs.length / (Number(process.hrtime.bigint() - started) / 1e9);
}

/** How many lines of the answer have values. */
function releasedTo({ api, programme }: Stage, customerRefs: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: api.port,
        method: 'POST',
        path: '/v1/disclosures/batch',
        headers: { authorization: `Bearer ${programme.recipientKey}`, 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve(text.split('"values":{"birthday":').length - 1)).on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.end(JSON.stringify({ customerRefs, purpose: 'greeting', attributes: ['birthday'], reason: 'bench' }));
  });
}
