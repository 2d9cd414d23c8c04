import { Client } from 'pg';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { type Answer, call, eventually, type RunningService, startService } from '../setup/service';

const LATER = '2099-01-01T00:00:00Z';

let database: TestDatabase;
let service: RunningService;
let programme: TestProgramme;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url });
  programme = await createProgramme(service);
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});
afterEach(async () => {
  const broken = await brokenInvariants(database.url);
  if (Object.keys(broken).length > 0) throw new Error(`Broken: ${JSON.stringify(broken)}`);
});

const storefront = (method: string, path: string, body?: object): Promise<Answer> =>
  call(service.url, method, path, { key: programme.storefrontKey, ...(body && { body }) });
const ask = (customerRef: string, expression: string, purpose = 'greeting'): Promise<Answer> =>
  call(service.url, 'POST', '/v1/predicates', {
    key: programme.recipients.newsletter.apiKey,
    body: { customerRef, purpose, expression },
  });
async function customerToken(customerRef: string): Promise<string> {
  const { body } = await storefront('POST', '/v1/customer-sessions', { customerRef, locale: 'en' });
  return body['token'] as string;
}

describe('a question about values', () => {
  it('is answered, while the values stay', async () => {
    await programme.share('asked', { values: { birthday: '1990-04-01' } });
    const { status, body } = await ask('asked', 'birthday.startsWith("1990") && values["birthday"].size() == 10');
    expect([status, body]).toEqual([
      200,
      { id: expect.stringMatching(/^dsc_/), result: true, useUntil: expect.any(String) },
    ]);
    expect((await ask('asked', 'birthday < "1980"')).body['result']).toBe(false);
    const ledger = await storefront('GET', '/v1/customers/asked/ledger');
    expect(ledger.body['data'][0].usedBy).toEqual([expect.objectContaining({ times: 2 })]);
  });

  it.each([
    ['does not parse', 'birthday <'],
    ['is not true or false', 'birthday.size()'],
    ['is not true or false for these values', 'birthday'],
    ['cannot be evaluated for these values', 'birthday > 3'],
    ['looks at nothing', '1 < 2'],
    ['hides what it looks at', 'values.exists(key, values[key] == "x")'],
    ['may cost too much', 'birthday.matches("(a+)+")'],
  ])('that %s is refused with its place, and no value', async (_, expression) => {
    await programme.share('asked-badly', { values: { birthday: '1991-05-02' } });
    const { status, body } = await ask('asked-badly', expression);
    expect([status, body['errors'][0].pointer]).toEqual([422, '/expression']);
    expect(JSON.stringify(body)).not.toContain('1991');
  });

  it('about anything that has no active consent is refused whole, and leaves no record', async () => {
    await programme.share('asked-more');
    const { status, body } = await ask('asked-more', 'birthday != "" && shoeSize > 40');
    expect([status, body['type']]).toEqual([403, 'urn:gegenwert:problem:no-active-consent']);
    const ledger = await storefront('GET', '/v1/customers/asked-more/ledger');
    expect(ledger.body['data'][0].usedBy).toEqual([]);
    expect((await ask('asked-more', 'birthday != ""', 'advice')).body['type']).toBe(
      'urn:gegenwert:problem:purpose-not-registered',
    );
  });
});

describe('a question about a date', () => {
  it('is answered for today in the programme’s time zone', async () => {
    const [row] = await sql<{ today: string; yesterday: string }>(
      `SELECT to_char(now() AT TIME ZONE time_zone, 'YYYY-MM-DD') AS today,
              to_char(now() AT TIME ZONE time_zone - interval '1 day', 'YYYY-MM-DD') AS yesterday FROM programmes`,
    );
    await programme.share('born-today', { values: { birthday: `1990${row!.today.slice(4)}` } });
    expect((await ask('born-today', 'anniversaryThisWeek(birthday)')).body['result']).toBe(true);
    expect((await ask('born-today', 'daysUntilAnniversary(birthday) == 0')).body['result']).toBe(true);
    expect((await ask('born-today', 'daysUntilAnniversary(birthday) > 0')).body['result']).toBe(false);
    expect((await ask('born-today', `today() == "${row!.today}"  && birthday != ""`)).body['result']).toBe(true);
    // In one of the two, which are 26 hours apart, it is another day, whatever the hour.
    await sql(`UPDATE programmes SET time_zone = CASE WHEN (now() AT TIME ZONE 'Etc/GMT+12')::date <> (now() AT TIME ZONE time_zone)::date
                 THEN 'Etc/GMT+12' ELSE 'Pacific/Kiritimati' END`);
    expect((await ask('born-today', 'daysUntilAnniversary(birthday) == 0')).body['result']).toBe(false);
    await sql(`UPDATE programmes SET time_zone = 'Europe/Berlin'`);
  });
});

describe('questions about one value', () => {
  const questions = async (customerRef: string, count: number): Promise<number[]> => {
    const statuses: number[] = [];
    for (let n = 0; n < count; n++) statuses.push((await ask(customerRef, `birthday < "${1900 + n}"`)).status);
    return statuses;
  };

  it('are six a day for a recipient, so that it is not read bit by bit', async () => {
    const shoes = await programme.publish({
      asks: [{ attribute: 'shoeSize', purposes: ['greeting'], required: true }],
    });
    const consents = [{ attribute: 'shoeSize', purposes: ['greeting'] }];
    await programme.share('searched');
    await programme.share('searched', { offer: shoes, values: { shoeSize: 40 }, consents });
    expect(await questions('searched', 8)).toEqual([...Array<number>(6).fill(200), 429, 429]);
    const { headers, body } = await ask('searched', 'birthday < "1990"');
    expect(body['type']).toBe('urn:gegenwert:problem:too-many-questions');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(86_000);
    // Neither is the answer a disclosure.
    const asked = `FROM disclosures d JOIN customers c ON c.id = d.customer_id AND c.ref = 'searched'`;
    expect(await sql(`SELECT ${asked}`)).toHaveLength(6);
    // Others are not kept from asking, nor is this one from reading, or from asking about something else.
    expect((await programme.disclose('searched')).status).toBe(200);
    expect((await ask('searched', 'shoeSize > 39')).status).toBe(200);
    expect((await ask('searched', 'shoeSize > 39 && birthday < "1990"')).status).toBe(429);
    await programme.share('another');
    expect((await ask('another', 'birthday < "1990"')).status).toBe(200);
    await sql(`SET session_replication_role = replica; UPDATE disclosures SET at = at - interval '1 day'
                WHERE id = (SELECT d.id ${asked} WHERE d.kind = 'predicate' AND NOT 'shoeSize' = ANY (d.attributes) ORDER BY d.at LIMIT 1)`);
    expect(await questions('searched', 2)).toEqual([200, 429]);
    await sql(`SET session_replication_role = replica; UPDATE disclosures SET at = at + interval '1 day'
                WHERE at < now() - interval '1 hour'`);
  });
});

describe('a corrected value', () => {
  it('is what recipients get from then on, and earns nothing', async () => {
    await programme.share('corrected');
    const before = await eventually(
      () => programme.balance('corrected'),
      ({ pending }) => pending === 0,
    );
    const answer = await storefront('PUT', '/v1/customers/corrected/values/birthday', { value: '1992-06-03' });
    expect([answer.status, answer.body]).toEqual([200, { attribute: 'birthday', correctedAt: expect.any(String) }]);
    expect((await programme.disclose('corrected')).body['values']).toEqual({ birthday: '1992-06-03' });
    const mine = await call(service.url, 'PUT', '/v1/me/values/birthday', {
      key: await customerToken('corrected'),
      body: { value: '1993-06-03' },
    });
    expect(mine.status).toBe(200);
    expect((await programme.disclose('corrected')).body['values']).toEqual({ birthday: '1993-06-03' });
    expect(await programme.balance('corrected')).toEqual(before);
  });

  it('must be of its schema, and the problem does not repeat it', async () => {
    await programme.share('wrong');
    const { status, body } = await storefront('PUT', '/v1/customers/wrong/values/birthday', { value: 19920603 });
    expect([status, body['type'], body['errors'][0].pointer]).toEqual([
      422,
      'urn:gegenwert:problem:value-invalid',
      '/value',
    ]);
    expect(JSON.stringify(body)).not.toContain('19920603');
    expect((await storefront('PUT', '/v1/customers/wrong/values/birthday', {})).status).toBe(422);
  });

  it('needs an active consent', async () => {
    await programme.share('over');
    await programme.revoke('over', { everything: true });
    for (const path of ['over/values/birthday', 'over/values/nothing', 'nobody/values/birthday']) {
      expect((await storefront('PUT', `/v1/customers/${path}`, { value: 'x' })).status).toBe(404);
    }
  });
});

describe('a pause', () => {
  it('blocks use until it ends, and changes nothing else', async () => {
    const share = await programme.share('paused');
    const balance = await eventually(
      () => programme.balance('paused'),
      ({ pending }) => pending === 0,
    );
    for (const scope of [{ share: share.body['id'] }, { purpose: 'greeting' }, { everything: true }]) {
      const { status, body } = await storefront('POST', '/v1/pauses', {
        customerRef: 'paused',
        ...scope,
        until: LATER,
      });
      expect([status, body]).toEqual([201, { id: expect.stringMatching(/^pau_/), until: '2099-01-01T00:00:00.000Z' }]);
      expect((await programme.disclose('paused')).status).toBe(403);
      expect((await ask('paused', 'birthday != ""')).status).toBe(403);
      const advice = await programme.disclose('paused', { purpose: 'advice', recipient: 'recommender' });
      expect(advice.status).toBe('purpose' in scope ? 200 : 403);
      expect((await storefront('DELETE', `/v1/pauses/${body['id']}`)).status).toBe(204);
      expect((await programme.disclose('paused')).status).toBe(200);
    }
    expect(await programme.balance('paused')).toEqual(balance);
  });

  it('is over when its time has come', async () => {
    await programme.share('briefly');
    const until = new Date(Date.now() + 1500).toISOString();
    expect((await storefront('POST', '/v1/pauses', { customerRef: 'briefly', everything: true, until })).status).toBe(
      201,
    );
    expect((await programme.disclose('briefly')).status).toBe(403);
    await eventually(
      () => programme.disclose('briefly'),
      ({ status }) => status === 200,
    );
  });

  it('is the customer’s own, and of what there is', async () => {
    const share = await programme.share('owner');
    const mine = await call(service.url, 'POST', '/v1/me/pauses', {
      key: await customerToken('owner'),
      body: { everything: true, until: LATER },
    });
    expect(mine.status).toBe(201);
    const path = `/v1/me/pauses/${mine.body['id']}`;
    expect((await call(service.url, 'DELETE', path, { key: await customerToken('another') })).status).toBe(404);
    expect((await call(service.url, 'DELETE', path, { key: await customerToken('owner') })).status).toBe(204);
    const refused = async (body: object) => (await storefront('POST', '/v1/pauses', { until: LATER, ...body })).status;
    expect(await refused({ customerRef: 'another', share: share.body['id'] })).toBe(404);
    expect(await refused({ customerRef: 'owner', purpose: 'nothing' })).toBe(404);
    expect(await refused({ customerRef: 'owner' })).toBe(422);
    expect(await refused({ customerRef: 'owner', purpose: 'greeting', everything: true })).toBe(422);
    for (const until of ['2001-01-01T00:00:00Z', '2099-W05-1T10:00:00Z', '2099-120T10:00:00Z', '2099-01-01T10Z'])
      expect([until, await refused({ customerRef: 'owner', everything: true, until })]).toEqual([until, 422]);
  });
});

const staff = (method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  call(service.url, method, path, { key: programme.adminKey, headers });
const finished = (jobId: string): Promise<Answer> =>
  eventually(
    () => staff('GET', `/v1/jobs/${jobId}`),
    ({ body }) => !['queued', 'running'].includes(body['status'] as string),
  );
async function sql<Row extends object>(text: string): Promise<Row[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
const notices = async (): Promise<Record<string, unknown>[]> => {
  const { apiKey: key } = programme.recipients.newsletter;
  return (await call(service.url, 'GET', '/v1/revocation-notices?status=owed&limit=100', { key })).body['data'];
};

describe('a customer who leaves', () => {
  it('is erased, and keeps the points on an account without a name', async () => {
    await programme.share('leaving');
    await programme.disclose('leaving');
    const left = await storefront('DELETE', '/v1/customers/leaving');
    expect([left.status, left.body]).toEqual([202, { jobId: expect.stringMatching(/^job_/) }]);
    expect((await programme.disclose('leaving')).status).toBe(403);
    const jobId = left.body['jobId'] as string;
    expect((await finished(jobId)).body).toEqual({
      id: jobId,
      kind: 'customer-erasure',
      total: 1,
      done: 1,
      failed: 0,
      estimate: null,
      status: 'done',
    });
    expect(await sql(`SELECT FROM customers WHERE ref = 'leaving'`)).toEqual([]);
    const notice = (await notices()).find(({ customerRef }) => customerRef === 'leaving');
    const path = `/v1/revocation-notices/${String(notice?.['id'])}/acknowledgement`;
    const { apiKey: key } = programme.recipients.newsletter;
    const acknowledged = await call(service.url, 'POST', path, { key, body: { did: 'erased' } });
    expect([acknowledged.status, acknowledged.body['customerRef']]).toEqual([200, null]);
    expect((await storefront('DELETE', '/v1/customers/leaving')).status).toBe(404);
  });

  it('is told by their own token how far it is, and earns nothing by coming back', async () => {
    await programme.share('returning');
    await eventually(
      () => programme.balance('returning'),
      ({ available }) => available === 120,
    );
    const key = await customerToken('returning');
    const { status, body } = await call(service.url, 'DELETE', '/v1/me?balance=forfeit', { key });
    expect(status).toBe(202);
    await finished(body['jobId'] as string);
    const path = `/v1/me/jobs/${body['jobId']}`;
    expect((await call(service.url, 'GET', path, { key })).body['status']).toBe('done');
    expect((await call(service.url, 'GET', path, { key: await customerToken('another') })).status).toBe(404);
    const forfeited = await sql<{ points: string }>(`SELECT points FROM transfers WHERE kind = 'forfeit'`);
    expect(forfeited).toEqual([{ points: '120' }]);
    expect((await programme.share('returning')).body['award']).toEqual(expect.objectContaining({ status: 'none' }));
    expect((await programme.balance('returning')).available).toBe(0);
  });

  it('gives up what is pending as well, which is booked first', async () => {
    await service.worker?.stop();
    await programme.share('hasty');
    const { body } = await storefront('DELETE', '/v1/customers/hasty?balance=forfeit');
    expect((await storefront('DELETE', '/v1/customers/hasty?balance=forfeit')).body).toEqual(body);
    await service.startWorker();
    expect((await finished(body['jobId'] as string)).body['status']).toBe('done');
    expect(await sql(`SELECT points FROM transfers WHERE kind = 'forfeit'`)).toHaveLength(2);
  });

  it('can stay if the job is cancelled in time, with everything revoked', async () => {
    await service.worker?.stop();
    await programme.share('staying');
    const { body } = await storefront('DELETE', '/v1/customers/staying');
    const cancel = () => storefront('POST', `/v1/jobs/${body['jobId']}/cancel`);
    expect((await cancel()).body['status']).toBe('cancelled');
    expect((await cancel()).body['type']).toBe('urn:gegenwert:problem:job-finished');
    await service.startWorker();
    expect((await programme.disclose('staying')).status).toBe(403);
    expect((await programme.share('staying')).status).toBe(201);
  });
});

describe('consents whose time is over', () => {
  it('end by themselves, as if they were revoked', async () => {
    await programme.share('expiring');
    await programme.disclose('expiring');
    const values = `SELECT FROM vault_values v JOIN customers c ON c.id = v.customer_id WHERE c.ref = 'expiring'`;
    expect(await sql(values)).toHaveLength(1);
    await sql(`SET session_replication_role = replica; UPDATE consents k SET until = now() FROM customers c
                WHERE c.id = k.customer_id AND c.ref = 'expiring';
               UPDATE disclosures d SET use_until = now() FROM customers c WHERE c.id = d.customer_id AND c.ref = 'expiring'`);
    await service.worker?.stop();
    await service.startWorker();
    await eventually(
      () => sql(values),
      (rows) => rows.length === 0,
    );
    expect((await notices()).filter(({ customerRef }) => customerRef === 'expiring')).toHaveLength(1);
    const ledger = await storefront('GET', '/v1/customers/expiring/ledger');
    expect(ledger.body['data'][0].asks[0].purposes[0].status).toBe('expired');
    expect((await programme.balance('expiring')).available).toBe(120);
  });
});

describe('a withdrawal by staff', () => {
  it('blocks a purpose for everyone at once, ends its consents and can be watched', async () => {
    const own = await createProgramme(service);
    const refs = Array.from({ length: 12 }, (_, n) => `many-${n}`);
    await Promise.all(refs.map((ref) => own.share(ref)));
    await own.disclose('many-0');
    const asStaff = (method: string, path: string, headers = {}) =>
      call(service.url, method, path, { key: own.adminKey, headers });
    const withdrawn = await asStaff('POST', '/v1/purposes/greeting/withdrawal');
    expect(withdrawn.status).toBe(202);
    expect((await own.disclose('many-1')).status).toBe(403);
    const stream = await fetch(`${service.url}/v1/jobs/${withdrawn.body['jobId']}`, {
      headers: { authorization: `Bearer ${own.adminKey}`, accept: 'text/event-stream' },
    });
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const last = (await stream.text())
      .trim()
      .split('\n\n')
      .at(-1)
      ?.replace(/^data: /, '');
    expect(JSON.parse(last ?? '')).toMatchObject({ total: 12, done: 12, failed: 0, status: 'done' });
    expect((await own.disclose('many-2', { purpose: 'advice', recipient: 'recommender' })).status).toBe(200);
    expect((await own.share('late')).body['type']).toBe('urn:gegenwert:problem:offer-not-live');
    const offer = `/v1/offers/${own.offer.id}`;
    expect((await asStaff('POST', `${offer}/resume`)).body['type']).toBe('urn:gegenwert:problem:offer-state');
    expect((await asStaff('POST', '/v1/purposes/greeting/withdrawal')).body).toEqual(withdrawn.body);
    expect((await asStaff('POST', '/v1/purposes/nothing/withdrawal')).status).toBe(404);
    const other = await call(service.url, 'GET', `/v1/jobs/${withdrawn.body['jobId']}`, { key: programme.adminKey });
    expect(other.status).toBe(404);
    const cancelled = await call(service.url, 'POST', `/v1/jobs/${withdrawn.body['jobId']}/cancel`, {
      key: own.storefrontKey,
    });
    expect(cancelled.status).toBe(403);
  });

  it('blocks a recipient, and no other', async () => {
    const own = await createProgramme(service);
    await own.share('one');
    const { body } = await call(service.url, 'POST', '/v1/recipients/newsletter/withdrawal', { key: own.adminKey });
    expect((await own.disclose('one')).status).toBe(403);
    await eventually(
      () => call(service.url, 'GET', `/v1/jobs/${body['jobId']}`, { key: own.adminKey }),
      (job) => job.body['status'] === 'done',
    );
    expect((await own.disclose('one', { purpose: 'advice', recipient: 'recommender' })).status).toBe(200);
  });
});
