import type { IncomingMessage } from 'node:http';
import { Outbound } from '../platform/outbound';

const TIMEOUT_MS = 3000;
const MAX_BYTES = 256 * 1024;
const ACCEPT = { accept: 'application/json, application/jwk-set+json' };

/** https to the outside; also http, and only to this machine, where loopback is allowed. */
export const mayFetch = (url: URL, allowLoopback: boolean): boolean => new Outbound({ allowLoopback }).mayCall(url);

/**
 * Fetches a small JSON document from an address that somebody else chose: an admin, or the document before.
 * @throws when it may not be fetched, is away, slow, large, somewhere else (redirect) or no JSON.
 */
export async function fetchJson(text: string, allowLoopback: boolean): Promise<unknown> {
  const outbound = new Outbound({ allowLoopback });
  const response = await outbound.call(new URL(text), { method: 'GET', headers: ACCEPT, timeoutMs: TIMEOUT_MS });
  try {
    if (response.statusCode !== 200) throw new Error(`Expected 200 and got ${response.statusCode}`);
    return JSON.parse(await readLimited(response));
  } finally {
    response.destroy();
  }
}

async function readLimited(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`Expected at most ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
