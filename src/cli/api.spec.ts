import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Api, ApiFault } from './api';

const KEY = { GEGENWERT_KEY: 'gw_st_1' };

describe('the settings of a command', () => {
  it.each(['localhost:3000', 'not a url', 'ftp://127.0.0.1'])('name the service by a URL, not by %j', (url) => {
    expect(() => Api.of({ ...KEY, GEGENWERT_URL: url })).toThrow('GEGENWERT_URL must be the URL');
  });

  it('hold a key', () => {
    expect(() => Api.of({})).toThrow('Set GEGENWERT_KEY');
  });
});

describe('a command that asks for something', () => {
  let server: Server;
  let url: string;
  let status = 200;
  let paths: string[] = [];

  beforeAll(async () => {
    server = createServer((request, reply) => {
      paths.push(request.url ?? '');
      reply.writeHead(status).end('{"jobId":"job_1"}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    paths = [];
  });

  it('is answered, whether or not the URL ends with a slash', async () => {
    for (const end of ['', '/'])
      expect(await Api.of({ ...KEY, GEGENWERT_URL: url + end }).post('/v1/x')).toEqual({ jobId: 'job_1' });
    expect(paths).toEqual(['/v1/x', '/v1/x']);
  });

  // Fails when what fetch throws gets to the terminal as it is: a stack, and not a word on what to do.
  it('is told where nobody answers', async () => {
    status = 503;
    const away = [Api.of({ ...KEY, GEGENWERT_URL: url }), Api.of({ ...KEY, GEGENWERT_URL: 'http://127.0.0.1:1' })];
    for (const api of away) {
      const refused = api.post('/v1/x');
      await expect(refused).rejects.toBeInstanceOf(ApiFault);
      await expect(refused).rejects.toThrow(/^The service at http:.* does not answer\. .*GEGENWERT_URL/);
    }
  });
});
