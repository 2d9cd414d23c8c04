import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestProgramme } from '../builders/programme';
import { call } from '../setup/service';
import { startTestApi, type TestApi } from './pages.test-app';

let api: TestApi;
let programme: TestProgramme;

beforeAll(async () => {
  api = await startTestApi();
  programme = await api.programme();
});
afterAll(() => api.stop());

const problem = (status: number, type: string) => ({ status, body: { type: `urn:gegenwert:problem:${type}`, status } });

describe('a body', () => {
  const send = async (path: string, body: string | Buffer, headers: Record<string, string> = {}) => {
    const response = await fetch(api.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k', ...headers },
      body,
    });
    return { status: response.status, body: (await response.json()) as object };
  };
  const asStorefront = () => ({ authorization: `Bearer ${programme.storefrontKey}` });
  const asAdmin = () => ({ authorization: `Bearer ${programme.adminKey}` });
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

  // Each exhausted the stack, and was answered with 500.
  it('that is nested thousands of levels deep is refused, whoever sends it and wherever', async () => {
    const deep = nested(100_000);
    const refused = problem(400, 'malformed-request');
    expect(await send('/v1/me/session', `{"link":${deep}}`)).toMatchObject(refused);
    expect(await send('/v1/quotes', `{"customerRef":"c","context":{"x":${deep}}}`, asStorefront())).toMatchObject(
      refused,
    );
    // A route that reads no body remembers it all the same, by its Idempotency-Key.
    expect(await send(`/v1/offers/${programme.offer.id}/pause`, deep, asAdmin())).toMatchObject(refused);
  });

  it('may be nested as deeply as what is asked for', async () => {
    const schema = (levels: number): object => (levels === 0 ? {} : { not: schema(levels - 1) });
    const body = {
      key: 'deep',
      title: { de: 'd', en: 'd' },
      schema: schema(31),
      sensitivity: 'ordinary',
      retentionDays: 1,
    };
    expect(await call(api.url, 'POST', '/v1/attributes', { key: programme.adminKey, body })).toMatchObject({
      status: 201,
    });
  });

  // It was taken, and what was kept of M\xfcller was M\ufffdller.
  it.each(['application/json', 'application/json; charset=iso-8859-1'])('in Latin-1 is refused: %s', async (type) => {
    const text = '{"customerRef":"c","context":{"name":"M\xfcller"}}';
    const headers = { ...asStorefront(), 'content-type': type };
    expect(await send('/v1/quotes', Buffer.from(text, 'latin1'), headers)).toMatchObject(
      problem(400, 'malformed-request'),
    );
    expect(await send('/v1/quotes', Buffer.from(text), headers)).toMatchObject({ status: 200 });
  });
});

// They were deleted from it without a word, and what was left was kept.
it('refuses a body with a field that would not be kept, and keys that would name one', async () => {
  const admin = (path: string, body: object) => call(api.url, 'POST', path, { key: programme.adminKey, body });
  const attribute = { title: { de: 'F', en: 'F' }, sensitivity: 'ordinary', retentionDays: 1 };
  const favourite = { properties: { constructor: { type: 'string' } } };
  const refused = problem(422, 'invalid-request');
  expect(await admin('/v1/attributes', { key: 'favourite', schema: favourite, ...attribute })).toMatchObject(refused);
  for (const key of ['constructor', 'prototype', 'toString', 'hasOwnProperty']) {
    expect(await admin('/v1/attributes', { key, schema: {}, ...attribute })).toMatchObject(refused);
    expect(await programme.share('fan', { values: { birthday: { [key]: 'Ferrari' } } })).toMatchObject(refused);
  }
  expect(await programme.share('fan', { values: { birthday: 'constructor' } })).toMatchObject({ status: 201 });
});

it.each([
  ['FOO /v1/offers HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'malformed-request'],
  [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
])('answers what is no HTTP with a problem: %.20s', async (sent, status, type) => {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  socket.setEncoding('utf8').write(sent);
  let received = '';
  socket.on('data', (text) => (received += String(text)));
  await once(socket, 'close');
  const [head = '', body = ''] = received.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*\r\nContent-Type: application/problem\\+json`));
  expect(JSON.parse(body)).toMatchObject({
    type: `urn:gegenwert:problem:${type}`,
    status,
    instance: expect.stringMatching(/^req_/),
  });
});
