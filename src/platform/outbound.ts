import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { kindOfAddress, kindOfHost, type AddressKind } from './address-kind';

export interface OutboundOptions {
  /** Also to this machine, and only there also over http. */
  allowLoopback: boolean;
  /** Whether connections are kept for the next call to the same host; each was checked when it was made. */
  keepAlive?: boolean;
  /** How names are resolved; the system's way unless a test says otherwise. */
  resolve?: typeof lookup;
}

export interface OutboundCall {
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  /** For all of it, reading the answer included. */
  timeoutMs: number;
}

/** The address is one that this service does not connect to; no connection was made. */
export class AddressRefused extends Error {
  constructor() {
    super('An address that is not called');
    this.name = 'AddressRefused';
  }
}

/** Whether a call ended because its time was over. */
export const isTimeout = (error: unknown): boolean => /^(Abort|Timeout)Error$/.test((error as Error).name);

/**
 * The one way out to addresses that somebody else chose. It goes to public addresses only: a literal one is looked at before
 * the connection is made, a name where it is resolved for the connection, which then goes to the addresses that were looked
 * at and to no other. Redirects are answers like any other: nobody is led elsewhere.
 */
export class Outbound {
  private readonly agents;
  /** Names that are asked for: one whose server does not answer takes up one thread, however many calls wait for it. */
  private readonly asked = new Map<string, Promise<LookupAddress[]>>();
  private closed = false;

  constructor(private readonly options: OutboundOptions) {
    const kept = { keepAlive: true, maxFreeSockets: 32, timeout: 60_000 };
    this.agents = options.keepAlive ? { http: new HttpAgent(kept), https: new HttpsAgent(kept) } : undefined;
  }

  /** https to the outside; also http, and only to this machine, where that is allowed. No name or password in it. */
  mayCall(url: URL): boolean {
    const kind = kindOfHost(url);
    if (url.username || url.password || !this.isOpen(kind)) return false;
    return url.protocol === 'https:' || (url.protocol === 'http:' && kind === 'loopback');
  }

  /** Resolves when the head of the answer is there; whoever asked reads or destroys the rest. @throws AddressRefused. */
  async call(url: URL, call: OutboundCall): Promise<IncomingMessage> {
    if (!this.mayCall(url)) throw new AddressRefused();
    const signal = AbortSignal.timeout(call.timeoutMs);
    const first = await this.send(url, call, signal);
    if (first !== 'stale') return first;
    if (this.closed) throw new Error('The way out is closed');
    // The other side had closed a kept connection when this was sent on it: it was never looked at.
    return this.send(url, call, signal, true) as Promise<IncomingMessage>;
  }

  /** Closes what is kept and cuts what is under way. */
  close(): void {
    this.closed = true;
    this.agents?.http.destroy();
    this.agents?.https.destroy();
  }

  private send(
    url: URL,
    { method, headers, body }: OutboundCall,
    signal: AbortSignal,
    again = false,
  ): Promise<IncomingMessage | 'stale'> {
    const isHttps = url.protocol === 'https:';
    const agent = this.agents && !again ? this.agents[isHttps ? 'https' : 'http'] : false;
    return new Promise((resolve, reject) => {
      const send = isHttps ? httpsRequest : httpRequest;
      const request = send(url, { method, headers, agent, lookup: this.lookupOpen, signal }, resolve);
      request.on('error', (error: NodeJS.ErrnoException) => {
        if (request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) resolve('stale');
        else reject(error);
      });
      // Of an answer that switches protocols nobody hears, neither as an answer nor as an error, and the time is not watched any more.
      request.on('close', () => reject(new Error('The connection ended without an answer')));
      request.end(body);
    });
  }

  private readonly isOpen = (kind: AddressKind): boolean =>
    kind === 'public' || (kind === 'loopback' && this.options.allowLoopback);

  /** Checks what a name resolves to where the connection is made of it: a check before that could be told something else. */
  private readonly lookupOpen: LookupFunction = (hostname, options, callback) => {
    const connect = (addresses: LookupAddress[]): void => {
      const [first] = addresses;
      const open = addresses.every(({ address }) => isIP(address) !== 0 && this.isOpen(kindOfAddress(address)));
      if (!open || !first) callback(new AddressRefused(), '');
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    };
    this.resolve(hostname, options).then(connect, (error: NodeJS.ErrnoException) => callback(error, ''));
  };

  private resolve(hostname: string, options: LookupOptions): Promise<LookupAddress[]> {
    const known = this.asked.get(hostname);
    if (known) return known;
    const { resolve = lookup } = this.options;
    const asked = new Promise<LookupAddress[]>((found, failed) =>
      resolve(hostname, { ...options, all: true }, (error, addresses) => (error ? failed(error) : found(addresses))),
    ).finally(() => this.asked.delete(hostname));
    this.asked.set(hostname, asked);
    return asked;
  }
}
