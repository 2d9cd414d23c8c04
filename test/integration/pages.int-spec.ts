import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { startTestApi, type TestApi } from './pages.test-app';

const SCRIPT = `console.log('${'long enough to be packed '.repeat(20)}');`;
const FILES: Record<string, string> = {
  'me/index.html': '<!doctype html><title>Mine</title><script type="module" src="/me/assets/page-aB3.js"></script>',
  'me/assets/page-aB3.js': SCRIPT,
  'widget/gegenwert-ledger.js': SCRIPT,
  'console/index.html': '<!doctype html><meta name="csp-nonce" content="" /><title>Console</title>',
  'console/assets/index-Zx9.js': SCRIPT,
  'console/assets/.secret': 'secret',
};

const PROBLEM: unknown = expect.stringContaining('application/problem+json');

const folder = mkdtempSync(join(tmpdir(), 'gegenwert-pages-'));
let api: TestApi;

beforeAll(async () => {
  // One call of a stranger a minute: pages are none.
  api = await startTestApi({ pages: folder, env: { GEGENWERT_UNKNOWN_CALLS_PER_MINUTE: '1' } });
});
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

function build(): void {
  for (const [name, content] of Object.entries(FILES)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    writeFileSync(`${file}.br`, brotliCompressSync(content));
    writeFileSync(`${file}.gz`, gzipSync(content));
  }
}

interface Seen {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** Over node:http, which neither tidies up a path nor unpacks an answer. */
function get(path: string, headers: Record<string, string> = {}): Promise<Seen> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    })
      .on('error', reject)
      .end();
  });
}

const policyOf = ({ headers }: Seen): Record<string, string[]> =>
  Object.fromEntries(
    String(headers['content-security-policy'])
      .split(';')
      .map((directive) => directive.trim().split(' '))
      .map(([name, ...sources]) => [name, sources]),
  );

describe('the pages', () => {
  it('say how they are built where they are not, and everything else is served', async () => {
    for (const path of ['/me', '/console', '/console/offers', '/widget/gegenwert-ledger.js']) {
      const { status, headers, body } = await get(path);
      expect([path, status, headers['content-type']]).toEqual([path, 503, PROBLEM]);
      expect(JSON.parse(body.toString())).toMatchObject({
        type: 'urn:gegenwert:problem:pages-not-built',
        detail: 'Build them: npm run build:pages',
      });
    }
    expect((await get('/health/live')).status).toBe(200);
  });
});

describe('the pages, once they are built,', () => {
  beforeAll(build);

  it('are the customer’s at /me, which is asked for again each time and not sent again', async () => {
    const page = await get('/me');
    expect(page.status).toBe(200);
    expect(page.body.toString()).toBe(FILES['me/index.html']);
    expect(page.headers).toMatchObject({
      'content-type': expect.stringContaining('text/html'),
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect((await get('/me', { 'if-none-match': String(page.headers['etag']) })).status).toBe(304);
    expect((await get('/me/')).status).toBe(200);
  });

  it('run no script and no style but their own, and stand in nobody’s frame', async () => {
    const me = policyOf(await get('/me'));
    expect(me).toMatchObject({
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'"],
      'connect-src': ["'self'"],
      'frame-ancestors': ["'none'"],
      'base-uri': ["'none'"],
    });
    const consoles = policyOf(await get('/console'));
    expect(consoles['script-src']).toEqual(["'self'"]);
    expect(consoles['frame-ancestors']).toEqual(["'none'"]);
    for (const policy of [me, consoles]) expect(JSON.stringify(policy)).not.toMatch(/unsafe|"\*"/);
  });

  // Fails when the nonce is made once, or only the header has it.
  it('have in the console a nonce of each answer’s own, which nobody keeps', async () => {
    const answers = [await get('/console'), await get('/console/offers/off_1')];
    const nonces = answers.map((answer) => {
      const [, nonce] = /csp-nonce" content="([^"]+)"/.exec(answer.body.toString()) ?? [];
      expect(policyOf(answer)['style-src']).toEqual(["'self'", `'nonce-${nonce}'`]);
      expect(answer.headers['cache-control']).toBe('no-store');
      return nonce;
    });
    expect(new Set(nonces).size).toBe(2);
  });

  it('have files whose names say what is in them: kept for good, packed beforehand', async () => {
    for (const path of ['/me/assets/page-aB3.js', '/console/assets/index-Zx9.js']) {
      const brotli = await get(path, { 'accept-encoding': 'gzip, br' });
      expect(brotli.headers).toMatchObject({
        'content-encoding': 'br',
        'content-type': expect.stringContaining('/javascript'),
        'cache-control': 'public, max-age=31536000, immutable',
        vary: expect.stringMatching(/accept-encoding/i),
      });
      expect(brotliDecompressSync(brotli.body).toString()).toBe(SCRIPT);
      const gzip = await get(path, { 'accept-encoding': 'gzip' });
      expect(gunzipSync(gzip.body).toString()).toBe(SCRIPT);
      expect((await get(path)).body.toString()).toBe(SCRIPT);
    }
  });

  it('are a component for any shop’s page as well', async () => {
    const widget = await get('/widget/gegenwert-ledger.js', { origin: 'https://shop.example' });
    expect(widget.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'no-cache',
      etag: expect.any(String),
    });
    const again = await get('/widget/gegenwert-ledger.js', { 'if-none-match': String(widget.headers['etag']) });
    expect(again.status).toBe(304);
  });

  it.each([
    '/me/assets/nothing.js',
    '/me/assets/../../package.json',
    '/me/assets/..%2f..%2fpackage.json',
    '/me/assets/%2e%2e/index.html',
    '/console/assets/.secret',
    '/console/assets/',
    '/me/something',
    '/widget/',
    '/widget/gegenwert-ledger.js.br',
  ])('have nothing at %s', async (path) => {
    const { status, headers, body } = await get(path);
    expect([status, headers['content-type']]).toEqual([404, PROBLEM]);
    expect(body.toString()).not.toContain('secret');
  });

  it('are not counted as a stranger’s calls', async () => {
    for (let n = 0; n < 5; n++) expect((await get('/me')).status).toBe(200);
    expect((await get('/v1/offers')).status).toBe(401);
    expect((await get('/v1/offers')).status).toBe(429);
    expect((await get('/console/assets/index-Zx9.js')).status).toBe(200);
  });
});
