import type { IncomingMessage } from 'node:http';
import type { Webhook } from 'standardwebhooks';
import { toPublicId } from '../platform/ids';
import { AddressRefused, isTimeout, type Outbound } from '../platform/outbound';
import type { Claimed } from './claims';

/** For an answer to begin; one that comes later counts as none. */
export const TIMEOUT_MS = 15_000;
/** Of an answer's body, which nobody reads: so much, and for so long, is let through so that the connection can be kept. */
const BODY_BYTES = 16 * 1024;
const BODY_MS = 1_000;

export type Fault = 'address-refused' | 'timed-out' | 'no-answer';

/** What came of an attempt: the status that was answered, or why there was none. */
export type Attempt = { tookMs: number } & (
  { status: number; retryAfter: number | undefined } | { status?: undefined; fault: Fault }
);

/** What is sent for an event; the same to the byte at every try. */
export const bodyOf = ({ type, createdAt, sequence, ids, data }: Claimed): string =>
  JSON.stringify({
    type,
    timestamp: createdAt.toISOString(),
    sequence,
    data: {
      ...Object.fromEntries(Object.entries(ids).map(([field, [prefix, uuid]]) => [field, toPublicId(prefix, uuid)])),
      ...data,
    },
  });

/** Headers of Standard Webhooks: one signature for each secret that counts at this time. */
export function headersOf(eventId: string, body: string, at: Date, signers: Webhook[]): Record<string, string> {
  const id = toPublicId('evt', eventId);
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'Gegenwert-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': signers.map((signer) => signer.sign(id, at, body)).join(' '),
  };
}

/** One try, at this time of the database's clock. Never rejects. */
export async function attempt(
  outbound: Outbound,
  url: string,
  signers: Webhook[],
  delivery: Claimed,
  at: Date,
): Promise<Attempt> {
  const body = bodyOf(delivery);
  const headers = headersOf(delivery.eventId, body, at, signers);
  const started = performance.now();
  const tookMs = (): number => Math.round(performance.now() - started);
  try {
    const answer = await outbound.call(new URL(url), { method: 'POST', headers, body, timeoutMs: TIMEOUT_MS });
    discard(answer);
    return { tookMs: tookMs(), status: answer.statusCode ?? 0, retryAfter: retryAfterOf(answer) };
  } catch (error) {
    return { tookMs: tookMs(), fault: faultOf(error) };
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof AddressRefused) return 'address-refused';
  return isTimeout(error) ? 'timed-out' : 'no-answer';
}

/** Seconds; a date, which Retry-After may also be, is left to our own schedule. */
function retryAfterOf({ statusCode, headers }: IncomingMessage): number | undefined {
  const asked = headers['retry-after'];
  return (statusCode === 429 || statusCode === 503) && asked !== undefined && /^\d{1,9}$/.test(asked)
    ? Number(asked)
    : undefined;
}

function discard(answer: IncomingMessage): void {
  let size = 0;
  const timer = setTimeout(() => answer.destroy(), BODY_MS);
  answer.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > BODY_BYTES) answer.destroy();
  });
  // What goes wrong after the status was answered changes nothing of it.
  answer.on('error', () => undefined);
  answer.on('close', () => clearTimeout(timer));
}
