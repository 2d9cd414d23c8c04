import type { LookupAddress } from 'node:dns';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import { AddressRefused, Outbound, isTimeout, type OutboundCall, type OutboundOptions } from './outbound';

const GET: OutboundCall = { method: 'GET', headers: {}, timeoutMs: 2000 };

/** What no call may lead to: the address itself, in every way of writing it that a URL knows. */
const CLOSED: [what: string, url: string][] = [
  ['private', 'https://10.1.2.3/'],
  ['private', 'https://172.16.0.1/'],
  ['private', 'https://192.168.1.1/'],
  ['shared (RFC 6598)', 'https://100.64.0.1/'],
  ['link-local', 'https://169.254.1.1/'],
  ['metadata', 'https://169.254.169.254/latest/meta-data'],
  ['metadata over http', 'http://169.254.169.254/'],
  ['metadata with a dot', 'https://169.254.169.254./'],
  ['metadata in decimal', 'https://2852039166/'],
  ['metadata in hexadecimal', 'https://0xa9fea9fe/'],
  ['metadata in octal', 'https://0251.0376.0251.0376/'],
  ['metadata in two parts', 'https://169.16689662/'],
  ['metadata in three parts', 'https://169.254.43518/'],
  ['metadata in full-width digits', 'https://①⑥⑨.254.169.254/'],
  ['metadata, IPv6-mapped', 'https://[::ffff:169.254.169.254]/'],
  ['metadata, IPv6-mapped in hexadecimal', 'https://[::ffff:a9fe:a9fe]/'],
  ['metadata, IPv6-compatible', 'https://[::169.254.169.254]/'],
  ['metadata, IPv6-translated', 'https://[::ffff:0:169.254.169.254]/'],
  ['metadata by NAT64', 'https://[64:ff9b::a9fe:a9fe]/'],
  ['metadata by local NAT64', 'https://[64:ff9b:1::a9fe:a9fe]/'],
  ['metadata by 6to4', 'https://[2002:a9fe:a9fe::1]/'],
  ['metadata over IPv6', 'https://[fd00:ec2::254]/'],
  ['the host of a guest', 'https://168.63.129.16/'],
  ['a mesh', 'https://[200:1::1]/'],
  ['nobody’s', 'https://[100:0:0:1::1]/'],
  ['metadata by name', 'https://metadata.google.internal/'],
  ['private by Teredo', 'https://[2001:0:a9fe:a9fe::1]/'],
  ['unique local', 'https://[fc00::1]/'],
  ['link-local over IPv6', 'https://[fe80::1]/'],
  ['site-local', 'https://[fec0::1]/'],
  ['multicast', 'https://224.0.0.1/'],
  ['multicast over IPv6', 'https://[ff02::1]/'],
  ['unspecified', 'https://0.0.0.0/'],
  ['unspecified in short', 'https://0/'],
  ['unspecified over IPv6', 'https://[::]/'],
  ['broadcast', 'https://255.255.255.255/'],
  ['documentation', 'https://192.0.2.1/'],
  ['a name of the network', 'https://printer.local/'],
  ['a name without a dot', 'https://intranet/'],
  ['a user name', 'https://user@example.com/'],
  ['a user name that looks like the host', 'https://example.com@10.0.0.1/'],
  ['http to the outside', 'http://example.com/'],
  ['another protocol', 'ftp://example.com/'],
  ['another protocol to metadata', 'gopher://169.254.169.254/'],
];
const LOOPBACK: [what: string, url: string][] = [
  ['loopback', 'https://127.0.0.1/'],
  ['all of the loopback network', 'https://127.9.9.9/'],
  ['loopback in short', 'https://127.1/'],
  ['loopback in decimal', 'https://2130706433/'],
  ['loopback in hexadecimal', 'https://0x7f.1/'],
  ['loopback in octal', 'https://0177.0.0.1/'],
  ['loopback, IPv6-mapped', 'https://[::ffff:127.0.0.1]/'],
  ['loopback over IPv6', 'https://[::1]/'],
  ['localhost', 'https://localhost/'],
  ['localhost with a dot', 'https://LOCALHOST./'],
  ['a name below localhost', 'https://api.localhost/'],
];
/** What names may resolve to and must not be connected to, however innocent the name. */
const RESOLVED = [
  '10.0.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '172.31.0.1',
  '192.168.0.1',
  '0.0.0.0',
  '::1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  'fd00:ec2::254',
  'fe80::1%eth0',
];

const address = (text: string): LookupAddress => ({ address: text, family: text.includes(':') ? 6 : 4 });

/** Answers with these addresses, one list after the other, as a name server that changes its mind. */
function resolving(...answers: string[][]): OutboundOptions['resolve'] & { asked: () => number } {
  let asked = 0;
  const resolve = (_name: string, _options: unknown, callback: (error: null, found: LookupAddress[]) => void) => {
    const found = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    process.nextTick(callback, null, found.map(address));
  };
  return Object.assign(resolve, { asked: () => asked }) as never;
}

describe('the way out', () => {
  let connect: jest.SpyInstance;
  /** What was connected to, and was not let through to the network unless it is this machine's. */
  let connected: string[];
  beforeEach(() => {
    connected = [];
    const real = Socket.prototype.connect;
    connect = jest.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: any[]) {
      const [{ host, lookup }] = (Array.isArray(args[0]) ? args[0] : args) as [{ host: string; lookup: Function }];
      // The name is resolved as net does it; the connection itself is not made, unless a test's own server is meant.
      if (/^\[?(127|::1)/.test(host)) {
        connected.push(host);
        return real.apply(this, args as never);
      }
      lookup(host, { all: true }, (error: Error | null, found: LookupAddress[]) => {
        if (!error) connected.push(...found.map((one) => one.address));
        this.destroy(error ?? new Error('not in a test'));
      });
      return this;
    });
  });
  afterEach(() => connect.mockRestore());

  describe.each([false, true])('with loopback allowed: %s', (allowLoopback) => {
    it.each(allowLoopback ? CLOSED : [...CLOSED, ...LOOPBACK])('does not lead to %s: %s', async (_, url) => {
      const resolve = resolving(['93.184.215.14']);
      await expect(new Outbound({ allowLoopback, resolve }).call(new URL(url), GET)).rejects.toThrow(AddressRefused);
      expect(connect).not.toHaveBeenCalled();
      expect(resolve.asked()).toBe(0);
    });
  });

  it.each(RESOLVED)('does not lead to a name that resolves to %s', async (closed) => {
    for (const answer of [[closed], ['93.184.215.14', closed], [closed, '93.184.215.14']]) {
      const outbound = new Outbound({ allowLoopback: false, resolve: resolving(answer) });
      await expect(outbound.call(new URL('https://innocent.example.com/'), GET)).rejects.toThrow(AddressRefused);
    }
    expect(connected).toEqual([]);
  });

  it('does not lead to what a name that was public at first resolves to then', async () => {
    const resolve = resolving(['93.184.215.14'], ['169.254.169.254']);
    const outbound = new Outbound({ allowLoopback: false, resolve });
    const url = new URL('https://rebinding.example.com/');
    // The address that was looked at is the one that is connected to: the name is not asked for again.
    await expect(outbound.call(url, GET)).rejects.toThrow('not in a test');
    expect([resolve.asked(), connected]).toEqual([1, ['93.184.215.14']]);
    await expect(outbound.call(url, GET)).rejects.toThrow(AddressRefused);
    expect([resolve.asked(), connected]).toEqual([2, ['93.184.215.14']]);
  });

  // Fails when each call asks for the name: those that are tried again would take up every thread that resolves names.
  it('asks once for a name whose server does not answer, however many calls wait for it', async () => {
    let asked = 0;
    const resolve = (() => void (asked += 1)) as unknown as OutboundOptions['resolve'];
    const outbound = new Outbound({ allowLoopback: false, ...(resolve && { resolve }) });
    const calls = [1, 2, 3].map(() => outbound.call(new URL('https://dead.example.com/'), { ...GET, timeoutMs: 50 }));
    const failures = await Promise.all(calls.map((one) => one.catch((error: unknown) => error)));
    expect(failures.map(isTimeout)).toEqual([true, true, true]);
    expect(asked).toBe(1);
  });

  it('does not lead anywhere for a name that is not there', async () => {
    const outbound = new Outbound({ allowLoopback: false, resolve: resolving([]) });
    await expect(outbound.call(new URL('https://nowhere.example.com/'), GET)).rejects.toThrow(AddressRefused);
  });

  describe('to a server of this machine, where that is allowed,', () => {
    let server: Server;
    let base: string;
    let connections: number;
    beforeEach(async () => {
      connections = 0;
      server = createServer((request, response) => {
        if (request.url === '/metadata') response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
        else if (request.url === '/hangs') return;
        else if (request.url === '/switches')
          response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n');
        else if (request.url === '/close') response.writeHead(200, { connection: 'close' }).end('bye');
        else response.end(`${request.method} ${request.headers['x-mine']}`);
      });
      server.keepAliveTimeout = 0;
      server.on('connection', () => (connections += 1));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });
    const read = async (answer: IncomingMessage): Promise<string> => {
      let text = '';
      for await (const chunk of answer as AsyncIterable<Buffer>) text += chunk.toString();
      return text;
    };

    it('leads over http, keeps its connection, and sends what it is given', async () => {
      const outbound = new Outbound({ allowLoopback: true, keepAlive: true });
      const call = { ...GET, method: 'POST' as const, headers: { 'x-mine': 'yes' }, body: 'x' };
      for (let n = 0; n < 3; n++) expect(await read(await outbound.call(new URL(base), call))).toBe('POST yes');
      expect(connections).toBe(1);
      outbound.close();
    });

    it('sends once more what was sent on a connection that the other side had closed', async () => {
      const outbound = new Outbound({ allowLoopback: true, keepAlive: true });
      await read(await outbound.call(new URL(base), GET));
      // As a server does whose keep-alive is over just when the request is under way.
      server.once('request', () => undefined);
      const raw = server.listeners('request')[0] as (...args: unknown[]) => void;
      server.removeListener('request', raw);
      server.prependOnceListener('request', (request: IncomingMessage) => {
        request.socket.resetAndDestroy();
        server.on('request', raw);
      });
      expect(await read(await outbound.call(new URL(base), GET))).toBe('GET undefined');
      expect(connections).toBe(2);
      outbound.close();
    });

    it('does not follow a redirect', async () => {
      const outbound = new Outbound({ allowLoopback: true });
      const answer = await outbound.call(new URL(`${base}/metadata`), GET);
      expect([answer.statusCode, answer.headers.location]).toEqual([302, 'http://169.254.169.254/']);
      answer.destroy();
      expect(connected).toEqual(['127.0.0.1']);
    });

    it.each([true, false])('comes to an end where other protocols are offered (keepAlive: %s)', async (keepAlive) => {
      const outbound = new Outbound({ allowLoopback: true, keepAlive });
      await expect(outbound.call(new URL(`${base}/switches`), GET)).rejects.toThrow('without an answer');
      outbound.close();
    });

    it('waits as long as it is told to', async () => {
      const outbound = new Outbound({ allowLoopback: true });
      const error = await outbound.call(new URL(`${base}/hangs`), { ...GET, timeoutMs: 50 }).catch((one) => one);
      expect(isTimeout(error)).toBe(true);
      expect(isTimeout(await outbound.call(new URL('http://127.0.0.1:1/'), GET).catch((one) => one))).toBe(false);
    });
  });
});
