import { lookup } from 'node:dns';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import type { LookupFunction } from 'node:net';
import { kindOfAddress, kindOfHost, type AddressKind } from '../platform/address-kind';

const TIMEOUT_MS = 3000;
const MAX_BYTES = 256 * 1024;

const isOpen = (kind: AddressKind, allowLoopback: boolean): boolean =>
  kind === 'public' || (kind === 'loopback' && allowLoopback);

/** https to the outside; also http, and only to this machine, where loopback is allowed. */
export function mayFetch(url: URL, allowLoopback: boolean): boolean {
  const kind = kindOfHost(url);
  if (url.username || url.password || !isOpen(kind, allowLoopback)) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && kind === 'loopback');
}

/**
 * Fetches a small JSON document from an address that somebody else chose: an admin, or the document before.
 * @throws when it may not be fetched, is away, slow, large, somewhere else (redirect) or no JSON.
 */
export async function fetchJson(text: string, allowLoopback: boolean): Promise<unknown> {
  const url = new URL(text);
  if (!mayFetch(url, allowLoopback)) throw new Error('An address that may not be fetched');
  const response = await get(url, allowLoopback);
  try {
    if (response.statusCode !== 200) throw new Error(`Expected 200 and got ${response.statusCode}`);
    return JSON.parse(await readLimited(response));
  } finally {
    response.destroy();
  }
}

function get(url: URL, allowLoopback: boolean): Promise<IncomingMessage> {
  const options = {
    // No connection is kept: one that was checked for another name would be used without a look.
    agent: false as const,
    headers: { accept: 'application/json, application/jwk-set+json' },
    lookup: lookupOpen(allowLoopback),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsGet : httpGet;
    send(url, options, resolve).on('error', reject);
  });
}

/** Checks what a name resolves to where the connection is made of it: a check before that could be told something else. */
const lookupOpen =
  (allowLoopback: boolean): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses = []) => {
      const open = addresses.every(({ address }) => isOpen(kindOfAddress(address), allowLoopback));
      const [first] = addresses;
      if (error || !open || !first) callback(error ?? new Error('A name that leads to a closed network'), '');
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

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
