import { Client } from 'pg';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { verifiedClaims, whatIsTrue, whatItSays } from '../setup/certificate';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { type Message, type Receiver, startReceiver } from '../setup/receiver';
import { call, eventually, type RunningService, startService } from '../setup/service';

/** A recipient that is told and says nothing: found out by the worker, told to staff, suspended, and let off by its answer. */

type Body = Record<string, any>;

let database: TestDatabase;
let service: RunningService;
let superuser: Client;
let programme: TestProgramme;
let staffEars: Receiver;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url, env: { METRICS_PORT: '0' } });
  superuser = new Client({ connectionString: database.url });
  await superuser.connect();
  programme = await createProgramme(service);
  staffEars = await startReceiver();
});
afterAll(async () => {
  await staffEars.stop();
  await superuser.end();
  await service.stop();
  await database.drop();
});

const staff = (method: string, path: string, body?: object) =>
  call(service.url, method, path, { key: programme.adminKey, ...(body && { body }) });
const recipient = (method: string, path: string, body?: object) =>
  call(service.url, method, path, { key: programme.recipients.newsletter.apiKey, ...(body && { body }) });

async function gauge(): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${String(service.worker?.ready['metricsPort'])}/metrics`);
  return /^gegenwert_overdue_notices (\d+)$/m.exec(await response.text())?.[1];
}

async function certified(revocation: string): Promise<Body> {
  const { body } = await staff('GET', `/v1/revocations/${revocation}/certificate`);
  const claims = await verifiedClaims(service.url, body['certificate'], 'revocation-certificate+jwt');
  expect(whatItSays(claims)).toEqual(await whatIsTrue(superuser, revocation));
  return claims;
}

it('is found out, told to staff, suspended, and let off by its answer', async () => {
  await staff('PATCH', '/v1/recipients/newsletter', { dueHours: 1, suspendWhenOverdue: true });
  const subscribed = await staff('POST', '/v1/webhooks', { url: staffEars.url(), events: ['revocation.overdue'] });
  expect(subscribed.status).toBe(201);
  await programme.share('anna');
  await programme.share('berta');
  expect((await programme.disclose('anna')).status).toBe(200);
  const { body: revocation } = await programme.revoke('anna', { everything: true });
  const id = revocation['id'] as string;
  await eventually(
    () => staff('GET', `/v1/revocations/${id}`),
    ({ body }) => body['status'] === 'erased',
  );
  expect(await gauge()).toBe('0');

  // An hour passes.
  await superuser.query(`UPDATE revocation_notices SET due_at = due_at - interval '61 minutes'`);
  const [overdue] = await eventually(
    async () => (await staff('GET', '/v1/revocation-notices/overdue')).body['data'] as Body[],
    (data) => data.length === 1,
    30_000,
  );
  expect(overdue).toMatchObject({ recipient: 'newsletter', revocationId: id, suspended: true });
  await eventually(gauge, (value) => value === '1');
  const [event] = await eventually(
    async () => staffEars.received,
    (received) => received.length > 0,
  );
  const { type, data } = JSON.parse(event!.body) as Message;
  expect([type, data]).toEqual([
    'revocation.overdue',
    { noticeId: overdue!['id'], revocationId: id, recipient: 'newsletter', dueAt: overdue!['dueAt'] },
  ]);
  expect(await programme.disclose('berta')).toMatchObject({
    status: 403,
    body: { type: 'urn:gegenwert:problem:recipient-suspended' },
  });
  expect(await certified(id)).toMatchObject({ confirmed: 0, of: 1, overdue: ['newsletter'] });

  const path = `/v1/revocation-notices/${overdue!['id']}/acknowledgement`;
  expect((await recipient('POST', path, { did: 'erased' })).status).toBe(200);
  expect((await programme.disclose('berta')).status).toBe(200);
  expect(await certified(id)).toMatchObject({ status: 'complete', confirmed: 1, of: 1, overdue: [] });
  await eventually(gauge, (value) => value === '0', 30_000);
  expect(staffEars.received).toHaveLength(1);
  expect(await brokenInvariants(database.url)).toEqual({});
});
