import { randomBytes } from 'node:crypto';
import type {
  ConsentOfCustomerDto,
  DisclosureOfCustomerDto,
  PurposeConsentsDto,
  RevocationInListDto,
} from '../../src/oversight/oversight.dto';
import { sealHistory } from '../../src/chain';
import { parsePublicId } from '../../src/platform/ids';
import { SigningKeys } from '../../src/platform/signing-keys';
import { brokenInvariants } from '../setup/invariants';
import { call } from '../setup/service';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

let test: TestApp;
let shop: TestProgramme;
beforeAll(async () => {
  test = await startTestApp();
});
afterAll(() => test.stop());
beforeEach(async () => {
  shop = await test.programme();
});

async function read<T>(path: string, key = shop.adminKey): Promise<T> {
  const { status, body } = await test.get(path, key);
  if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  return body as T;
}
const listed = async <T>(path: string): Promise<T[]> => (await read<{ data: T[] }>(path)).data;
const refs = (n: number, word = 'c') => Array.from({ length: n }, (_, i) => `${word}${i}`);
const ok = async (answer: Promise<{ status: number; body: unknown }>) => {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
};
const shareBy = async (...customers: string[]) => {
  for (const one of customers) await ok(shop.share(one));
};

/** Of every consent of the programme. */
async function timeIsOver(): Promise<void> {
  await test.owner.query('BEGIN');
  await test.owner.query('SET LOCAL session_replication_role = replica');
  await test.owner.query('UPDATE consents SET until = now() WHERE programme_id = $1', [test.uuidOf(shop.id)]);
  await test.owner.query('COMMIT');
}

/** All pages of a list, by this many. */
async function paged<T>(path: string, limit: number): Promise<T[]> {
  const all: T[] = [];
  for (let after: string | null = ''; after !== null;) {
    const page: { data: T[]; nextCursor: string | null } = await read(
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${after && `&after=${after}`}`,
    );
    expect(page.data.length).toBeLessThanOrEqual(limit);
    all.push(...page.data);
    after = page.nextCursor;
  }
  return all;
}

describe('consents by purpose', () => {
  const byPurpose = async (): Promise<Record<string, PurposeConsentsDto>> =>
    Object.fromEntries((await listed<PurposeConsentsDto>('/v1/consents/by-purpose')).map((one) => [one.purpose, one]));
  const few = { value: null, fewerThan: 10 };

  it('counts persons by what became of their consent, and no few of them', async () => {
    await shareBy(...refs(42));
    for (const ref of refs(10)) await ok(shop.revoke(ref, { purpose: 'advice' }));
    for (const customerRef of refs(21).slice(10)) {
      const body = { customerRef, purpose: 'advice', until: '2099-01-01T00:00:00Z' };
      await ok(test.post('/v1/pauses', shop.storefrontKey, body));
    }
    // Again, under the same purpose: one person.
    await shareBy('c30');
    const { greeting, advice } = await byPurpose();
    expect(advice).toEqual({
      purpose: 'advice',
      title: { de: 'advice', en: 'advice' },
      active: { value: 21 },
      paused: { value: 11 },
      withdrawn: { value: 10 },
      expired: few,
      superseded: few,
      recipients: ['Recommender'],
    });
    expect(greeting).toMatchObject({ active: { value: 42 }, paused: few, withdrawn: few, recipients: ['Newsletter'] });
    for (const ref of refs(30).slice(21)) await ok(shop.revoke(ref, { everything: true }));
    expect(await byPurpose()).toMatchObject({ advice: { active: { value: 12 } }, greeting: { withdrawn: few } });
    await ok(shop.revoke('c31', { everything: true }));
    expect(await byPurpose()).toMatchObject({ greeting: { withdrawn: { value: 10 }, active: { value: 32 } } });
  });

  it('counts what is over as expired before it is written down, and names no recipient that was withdrawn', async () => {
    await shareBy(...refs(10));
    await timeIsOver();
    await ok(test.post('/v1/recipients/newsletter/withdrawal', shop.adminKey, {}));
    expect(await byPurpose()).toMatchObject({
      greeting: { expired: { value: 10 }, active: few, recipients: [] },
      advice: { recipients: ['Recommender'] },
    });
    await ok(test.post('/v1/purposes/advice/withdrawal', shop.adminKey, {}));
    expect((await byPurpose())['advice']?.withdrawnAt).toMatch(/Z$/);
  });
});

describe('a customer', () => {
  it('is shown with each release of their values, newest first', async () => {
    await shareBy('anna', 'ben');
    await ok(shop.disclose('anna'));
    await ok(shop.disclose('anna', { purpose: 'advice', recipient: 'recommender' }));
    const predicate = { customerRef: 'anna', purpose: 'greeting', expression: 'birthday != ""' };
    await ok(test.post('/v1/predicates', shop.recipients.newsletter.apiKey, predicate));
    await ok(shop.disclose('ben'));
    const path = '/v1/customers/anna/disclosures';
    const found = await listed<DisclosureOfCustomerDto>(path);
    expect(found.map(({ recipient, purpose, kind }) => [recipient, purpose, kind])).toEqual([
      ['newsletter', 'greeting', 'predicate'],
      ['recommender', 'advice', 'values'],
      ['newsletter', 'greeting', 'values'],
    ]);
    expect(found[1]).toEqual({
      id: expect.stringMatching(/^dsc_/),
      at: expect.stringMatching(/Z$/),
      recipient: 'recommender',
      name: 'Recommender',
      purpose: 'advice',
      attributes: ['birthday'],
      reason: 'test',
      useUntil: expect.stringMatching(/Z$/),
      kind: 'values',
    });
    expect(await paged(path, 2)).toEqual(found);
    expect((await test.get('/v1/customers/nobody/disclosures', shop.adminKey)).status).toBe(404);
  });

  it('is shown with each consent, what became of it and why', async () => {
    const { body: first } = await shop.share('anna');
    const { body: revoked } = await shop.revoke('anna', { purpose: 'advice' });
    await shareBy('anna');
    const body = { customerRef: 'anna', purpose: 'advice', until: '2099-01-01T00:00:00Z' };
    await ok(test.post('/v1/pauses', shop.storefrontKey, body));
    const path = '/v1/customers/anna/consents';
    const found = await listed<ConsentOfCustomerDto>(path);
    expect(found.map(({ purpose, status }) => [purpose, status])).toEqual([
      ['greeting', 'active'],
      ['advice', 'paused'],
      ['greeting', 'active'],
      ['advice', 'withdrawn'],
    ]);
    const withdrawn = found[3]!;
    expect(withdrawn.history).toEqual([
      { event: 'given', at: withdrawn.since, cause: 'share', shareId: first['id'] },
      { event: 'withdrawn', at: withdrawn.until, cause: 'purpose', revocationId: revoked['id'] },
    ]);
    expect(found[2]?.history).toHaveLength(1);
    expect(await paged(path, 3)).toEqual(found);
    expect((await test.get('/v1/customers/nobody/consents', shop.adminKey)).status).toBe(404);
    expect((await test.get(`${path}?after=cns_x`, shop.adminKey)).status).toBe(422);
  });

  it('whose time is over is shown so at once', async () => {
    await shareBy('anna');
    await timeIsOver();
    const statuses = async () =>
      (await listed<ConsentOfCustomerDto>('/v1/customers/anna/consents')).map(({ status }) => status);
    expect(await statuses()).toEqual(['expired', 'expired']);
    await test.expire(shop.id);
    const [one] = await listed<ConsentOfCustomerDto>('/v1/customers/anna/consents');
    expect(one).toMatchObject({
      status: 'expired',
      history: [{ event: 'given' }, { event: 'expired', cause: 'expired' }],
    });
  });
});

describe('revocations', () => {
  const list = (query = '') => listed<RevocationInListDto>(`/v1/revocations${query}`);
  const whose = async (query: string) => (await list(query)).map(({ customerRef }) => customerRef);

  it('are listed with whom is to be told, by when, and what is overdue', async () => {
    await shareBy('anna', 'ben', 'cleo', 'dora');
    for (const ref of ['anna', 'ben']) await ok(shop.disclose(ref));
    await ok(shop.disclose('anna', { purpose: 'advice', recipient: 'recommender' }));
    await ok(shop.revoke('anna', { everything: true }));
    await ok(shop.revoke('ben', { purpose: 'greeting' }));
    await ok(shop.revoke('cleo', { attribute: 'birthday' }));
    await test.erase(shop.id);
    await ok(shop.revoke('dora', { everything: true }));
    expect(await whose('')).toEqual(['dora', 'cleo', 'ben', 'anna']);
    expect(await whose('?status=blocked')).toEqual(['dora']);
    expect(await whose('?status=erased')).toEqual(['ben', 'anna']);
    expect(await whose('?status=complete')).toEqual(['cleo']);
    expect(await whose('?overdue=true')).toEqual([]);

    const notices = await test.get('/v1/revocation-notices', shop.recipients.newsletter.apiKey);
    const [ofAnna] = notices.body['data'] as { id: string }[];
    expect(await whose('?status=told')).toEqual(['ben']);
    const answer = `/v1/revocation-notices/${ofAnna?.id}/acknowledgement`;
    await ok(test.post(answer, shop.recipients.newsletter.apiKey, { did: 'erased' }));
    await test.markOverdue(shop.id, new Date(Date.now() + 73 * 3_600_000));
    expect(await whose('?overdue=true')).toEqual(['ben', 'anna']);
    expect(await whose('?overdue=false')).toEqual(['dora', 'cleo']);
    expect(await whose('?overdue=true&status=told')).toEqual(['ben']);
    const found = await list();
    expect(found[3]).toEqual({
      id: expect.stringMatching(/^rev_/),
      customerRef: 'anna',
      status: 'erased',
      cause: 'everything',
      at: expect.stringMatching(/Z$/),
      consentsEnded: 2,
      recipients: [
        {
          recipient: 'newsletter',
          name: 'Newsletter',
          status: 'acknowledged',
          dueAt: expect.stringMatching(/Z$/),
          overdue: false,
          acknowledgedAt: expect.stringMatching(/Z$/),
        },
        {
          recipient: 'recommender',
          name: 'Recommender',
          status: 'owed',
          dueAt: expect.stringMatching(/Z$/),
          overdue: true,
        },
      ],
    });
    expect(found.map(({ cause }) => cause)).toEqual(['everything', 'attribute', 'purpose', 'everything']);
    expect(await paged('/v1/revocations', 3)).toEqual(found);
    expect(await paged('/v1/revocations?overdue=true', 1)).toEqual(found.slice(2));
    for (const query of ['status=done', 'overdue=1', 'overdue=', 'after=rev_x', 'more=1']) {
      expect((await test.get(`/v1/revocations?${query}`, shop.adminKey)).status).toBe(422);
    }
  });

  it('of one who has left name nobody', async () => {
    await shareBy('anna');
    await ok(call(test.url, 'DELETE', '/v1/customers/anna?balance=keep', { key: shop.storefrontKey }));
    await test.leave(shop.id);
    expect(await list()).toMatchObject([{ customerRef: null, cause: 'everything' }]);
  });
});

it('says how far the history is sealed, and how far behind that is', async () => {
  expect(await read('/v1/chain')).toEqual({
    sealedUpTo: null,
    behindSeconds: 0,
    checkpoints: { count: 0, latest: null },
  });
  await shareBy('anna');
  // Its row is a while old by what it says.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(await read('/v1/chain')).toMatchObject({ sealedUpTo: null, behindSeconds: expect.any(Number) });
  expect((await read<{ behindSeconds: number }>('/v1/chain')).behindSeconds).toBeGreaterThanOrEqual(2);
  const keys = await SigningKeys.load(test.database, test.keyRing);
  await sealHistory(test.database, keys, test.uuidOf(shop.id), () => false);
  const [newest] = await listed<Record<string, unknown>>('/v1/checkpoints');
  expect(await read('/v1/chain')).toEqual({
    sealedUpTo: { block: newest?.['block'], at: newest?.['sealedAt'], hash: newest?.['hash'] },
    behindSeconds: 0,
    checkpoints: { count: newest?.['block'], latest: newest?.['checkpoint'] },
  });
});

it('is for the data-protection officer and admins, each of their own programme', async () => {
  await shareBy('anna');
  await ok(shop.disclose('anna'));
  await ok(shop.revoke('anna', { everything: true }));
  const { body: dpo } = await test.post('/v1/keys', shop.adminKey, { kind: 'staff', name: 'Dora', role: 'dpo' });
  const { body: marketing } = await test.post('/v1/keys', shop.adminKey, {
    kind: 'staff',
    name: 'M',
    role: 'marketing',
  });
  const other = await test.programme();
  const paths = [
    'consents/by-purpose',
    'customers/anna/disclosures',
    'customers/anna/consents',
    'revocations',
    'chain',
  ];
  for (const path of paths.map((one) => `/v1/${one}`)) {
    expect((await test.get(path, dpo['key'] as string)).status).toBe(200);
    for (const key of [marketing['key'] as string, shop.storefrontKey, shop.recipients.newsletter.apiKey]) {
      expect((await test.get(path, key)).status).toBe(403);
    }
    expect((await test.get(path, other.adminKey)).status).toBe(path.includes('customers') ? 404 : 200);
  }
  expect(await read('/v1/revocations', other.adminKey)).toEqual({ data: [], nextCursor: null });
  const [revocation] = await listed<RevocationInListDto>('/v1/revocations');
  expect(await read(`/v1/revocations?after=${revocation?.id}`, other.adminKey)).toEqual({ data: [], nextCursor: null });
});

it('breaks no rule', async () => {
  await shareBy('anna');
  expect(await brokenInvariants(test.databaseUrl)).toEqual({});
});

it('reads pages by index in a large programme', async () => {
  await shareBy('anna', ...refs(3));
  await ok(shop.disclose('anna'));
  await ok(shop.revoke('c0', { everything: true }));
  const programme = test.uuidOf(shop.id);
  await fillUp(programme);
  const plans: string[] = [];
  const planOf = async (path: string): Promise<string> => {
    plans.length = 0;
    const original = test.database.inProgramme.bind(test.database);
    const spy = jest.spyOn(test.database, 'inProgramme').mockImplementation((whose, work) =>
      original(whose, (tx, commit) =>
        work(
          {
            programmeId: tx.programmeId,
            query: async (statement, values) => {
              const text = `EXPLAIN (COSTS OFF) ${statement.text}`;
              const name = randomBytes(6).toString('hex');
              const rows = await tx.query<{ 'QUERY PLAN': string }>({ name, text }, values);
              plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
              return tx.query(statement, values);
            },
          },
          commit,
        ),
      ),
    );
    await read(path);
    spy.mockRestore();
    return plans.join('\n');
  };
  const paths = [
    '/v1/customers/anna/disclosures?limit=5',
    '/v1/customers/anna/consents?limit=5',
    '/v1/revocations?limit=5',
    '/v1/revocations?limit=5&status=blocked',
    '/v1/revocations?limit=5&status=told',
    '/v1/revocations?limit=5&status=complete',
    '/v1/revocations?limit=5&overdue=true',
    '/v1/revocations?limit=5&overdue=false',
  ];
  for (const path of paths) {
    const plan = await planOf(path);
    // Of those that are few there is nothing to find by an index.
    expect(plan.match(/Seq Scan on (?!recipients|outbox|pauses).*/g) ?? []).toEqual([]);
  }
});

/** Customers, disclosures and revocations of others, so many that nobody reads them all for a page. */
async function fillUp(programme: string): Promise<void> {
  const recipient = parsePublicId('rcp', shop.recipients.newsletter.id);
  await test.owner.query('BEGIN');
  await test.owner.query(`SET LOCAL session_replication_role = replica`);
  await test.owner.query(
    `INSERT INTO customers (programme_id, id, ref) SELECT $1, 1000000 + n, 'filler' || n FROM generate_series(1, 20000) n`,
    [programme],
  );
  await test.owner.query(
    `INSERT INTO disclosures (programme_id, customer_id, id, recipient_id, purpose, kind, attributes, consents, reason, at, use_until)
       SELECT $1, 1000000 + n, new_id(), $2, 'greeting', 'values', '{birthday}', ARRAY[gen_random_uuid()], 'x', now(), now()
         FROM generate_series(1, 20000) n`,
    [programme, recipient],
  );
  await test.owner.query(
    `INSERT INTO consents (programme_id, customer_id, share_id, attribute, purpose, id, recipients, given_at, until)
       SELECT $1, 1000000 + n, gen_random_uuid(), 'birthday', 'greeting', gen_random_uuid(), '{}', now(), now() + interval '1 day'
         FROM generate_series(1, 20000) n`,
    [programme],
  );
  await test.owner.query(
    `INSERT INTO consent_events (programme_id, customer_id, event, share_id, consents, at)
       SELECT $1, 1000000 + n, 'given', gen_random_uuid(), ARRAY[gen_random_uuid()], now() FROM generate_series(1, 20000) n`,
    [programme],
  );
  await test.owner.query(
    `WITH r AS (INSERT INTO revocations (programme_id, id, customer_id, scope, status, consents_ended, values_erasing, blocked_at, erased_at, told_at, completed_at)
       SELECT $1, new_id(), 1000000 + n, '{"everything": true}', 'complete', 1, 1, now(), now(), now(), now() FROM generate_series(1, 20000) n RETURNING id)
     INSERT INTO revocation_notices (programme_id, id, revocation_id, recipient_id, purposes, attributes, status, did, created_at, due_at, acknowledged_at)
       SELECT $1, new_id(), r.id, $2, '{greeting}', '{birthday}', 'acknowledged', 'erased', now(), now(), now() FROM r`,
    [programme, recipient],
  );
  await test.owner.query('COMMIT');
  await test.owner.query('ANALYZE');
}
