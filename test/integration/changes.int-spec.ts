import { randomBytes } from 'node:crypto';
import type { ChangeDto } from '../../src/oversight/changes.dto';
import { parsePublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import { call, type Answer } from '../setup/service';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

let test: TestApp;
let shop: TestProgramme;
/** Every key and secret that an answer has handed out. */
const secrets: string[] = [];
const SECRETS = new Set(['key', 'adminKey', 'apiKey', 'webhookSecret', 'secret', 'token']);

beforeAll(async () => {
  test = await startTestApp();
  shop = await test.programme();
  secrets.push(shop.adminKey, shop.storefrontKey, ...Object.values(shop.recipients).map(({ apiKey }) => apiKey));
});
afterAll(() => test.stop());

const both = (text: string) => ({ de: text, en: text });

async function send(method: string, path: string, body?: object, key = shop.adminKey): Promise<Answer> {
  const answer = await call(test.url, method, path, { key, ...(body && { body }) });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  for (const [name, value] of Object.entries(answer.body ?? {})) {
    if (SECRETS.has(name) && typeof value === 'string' && /^(gw_|whsec_|eyJ)/.test(value)) secrets.push(value);
  }
  return answer;
}
const changes = async (query = '', key = shop.adminKey): Promise<ChangeDto[]> =>
  (await send('GET', `/v1/changes${query}`, undefined, key)).body['data'] as ChangeDto[];

/** What a call changed, oldest first. */
async function changedBy(method: string, path: string, body?: object, key?: string): Promise<ChangeDto[]> {
  const [last] = await changes('?limit=1');
  await send(method, path, body, key);
  const now = await changes('?limit=100');
  const n = now.findIndex(({ id }) => id === last?.id);
  return now.slice(0, n).toReversed();
}
const fieldsOf = ({ changes: fields }: ChangeDto): Record<string, [unknown, unknown]> =>
  Object.fromEntries(fields.map(({ field, before, after }) => [field, [before, after]]));
const briefly = ({ action, object: { type, key } }: ChangeDto) => [action, type, ...(key === undefined ? [] : [key])];

/** Changes of one call, each as action, type and key; all by a person whom a key of this name stands for. */
function expectBy(found: ChangeDto[], name: string, ...wanted: string[][]): ChangeDto[] {
  expect(found.map(briefly)).toEqual(wanted);
  for (const { by } of found) expect(by).toMatchObject({ kind: 'staff', name });
  return found;
}

const mara = { key: '', id: '' };
beforeAll(async () => {
  const { body } = await send('POST', '/v1/keys', { kind: 'staff', name: 'Mara', role: 'marketing' });
  Object.assign(mara, body);
});

it('says who founded the programme, and that nobody but the operator did', async () => {
  const [founded] = await changes('?object=programme');
  expect(founded).toMatchObject({
    action: 'created',
    by: { kind: 'operator', caller: null, name: null, role: null },
    object: { type: 'programme', id: shop.id },
  });
  expect(fieldsOf(founded!)).toMatchObject({
    name: [null, 'Test'],
    locale: [null, 'de'],
    requiresApproval: [null, false],
  });
  const [first] = (await changes('?object=key')).slice(-1);
  expect(first).toMatchObject({ by: { kind: 'operator' }, object: { type: 'key' } });
  expect(fieldsOf(first!)).toEqual({ kind: [null, 'staff'], role: [null, 'admin'], name: [null, 'First admin'] });
});

it('says who changed the catalogue', async () => {
  const attribute = { title: both('Size'), schema: { type: 'integer' }, sensitivity: 'ordinary', retentionDays: 30 };
  const [made] = expectBy(await changedBy('POST', '/v1/attributes', { ...attribute, key: 'size' }, mara.key), 'Mara', [
    'created',
    'attribute',
    'size',
  ]);
  expect(made?.by).toEqual({ kind: 'staff', caller: mara.id, name: 'Mara', role: 'marketing' });
  expect(fieldsOf(made!)).toEqual({
    title: [null, both('Size')],
    schema: [null, { type: 'integer' }],
    sensitivity: [null, 'ordinary'],
    retentionDays: [null, 30],
  });
  const purpose = { key: 'fit', title: both('Fit'), description: both('Fits') };
  expectBy(await changedBy('POST', '/v1/purposes', purpose, mara.key), 'Mara', ['created', 'purpose', 'fit']);
  const recipient = {
    key: 'tailor',
    name: 'Tailor',
    purposes: ['fit'],
    webhookUrl: 'https://tailor.example/hook?token=hush',
  };
  const registered = expectBy(
    await changedBy('POST', '/v1/recipients', recipient, mara.key),
    'Mara',
    ['created', 'recipient', 'tailor'],
    ['created', 'webhook'],
    ['created', 'registration', 'fit'],
    ['created', 'key'],
  );
  expect(fieldsOf(registered[0]!)['webhookUrl']).toEqual([null, 'https://tailor.example/hook?…']);
  expect(fieldsOf(registered[3]!)).toEqual({
    kind: [null, 'recipient'],
    recipientId: [null, registered[0]?.object.id],
    name: [null, 'Tailor'],
  });
  const [agreed] = expectBy(await changedBy('PATCH', '/v1/recipients/tailor', { dueHours: 24 }, mara.key), 'Mara', [
    'changed',
    'recipient',
    'tailor',
  ]);
  expect(fieldsOf(agreed!)).toEqual({ dueHours: [72, 24] });
  expect(await changedBy('PATCH', '/v1/recipients/tailor', { dueHours: 24 }, mara.key)).toEqual([]);
});

it('says who wrote, published, paused and ended an offer, and what was another before', async () => {
  const terms = { title: both('Fit'), text: both('Tell'), reward: { type: 'points', points: 10 } };
  const asks = [{ attribute: 'size', purposes: ['fit'], required: true }];
  const written = expectBy(
    await changedBy('POST', '/v1/offers', { ...terms, asks, key: 'fitting' }, mara.key),
    'Mara',
    ['created', 'offer', 'fitting'],
    ['created', 'offer-version', '1'],
  );
  const { id } = written[0]!.object;
  const path = `/v1/offers/${id}`;
  const [edited] = expectBy(await changedBy('PATCH', path, { reward: { type: 'points', points: 20 } }), 'First admin', [
    'changed',
    'offer-version',
    '1',
  ]);
  expect(fieldsOf(edited!)).toEqual({
    reward: [
      { type: 'points', points: 10 },
      { type: 'points', points: 20 },
    ],
  });
  const published = expectBy(
    await changedBy('POST', `${path}/publish`, {}, mara.key),
    'Mara',
    ['changed', 'offer-version', '1'],
    ...['de', 'en'].map((locale) => ['created', 'notice', `1/${locale}`]),
    ['changed', 'offer', 'fitting'],
  );
  expect(fieldsOf(published.at(-1)!)).toEqual({ status: ['draft', 'live'], publishedVersion: [null, 1] });
  const [paused] = expectBy(await changedBy('POST', `${path}/pause`, undefined, mara.key), 'Mara', [
    'changed',
    'offer',
    'fitting',
  ]);
  expect(fieldsOf(paused!)).toEqual({ status: ['live', 'paused'] });
  expectBy(await changedBy('POST', `${path}/resume`, undefined, mara.key), 'Mara', ['changed', 'offer', 'fitting']);
  await send('PATCH', path, { text: both('Tell us more') });
  const next = await changedBy('POST', `${path}/publish`, { change: 'material', graceDays: 30 }, mara.key);
  expect(next.map(briefly)).toContainEqual(['created', 'grace', '2']);
  expectBy(await changedBy('POST', `${path}/end`, undefined, mara.key), 'Mara', ['changed', 'offer', 'fitting']);
  // All that belongs to it, by its id.
  const types = new Set((await changes(`?limit=100&object=${id}`)).map(({ object }) => object.type));
  expect([...types].sort()).toEqual(['grace', 'notice', 'offer', 'offer-version']);
});

it('says who asked for a second person, and who that was', async () => {
  const [wanted] = expectBy(await changedBy('PATCH', '/v1/programme', { requiresApproval: true }), 'First admin', [
    'changed',
    'programme',
    expect.any(String) as unknown as string,
  ]);
  expect(fieldsOf(wanted!)).toEqual({ requiresApproval: [false, true] });
  const terms = { title: both('Two'), text: both('Two'), reward: { type: 'points', points: 10 } };
  const asks = [{ attribute: 'size', purposes: ['fit'], required: true }];
  const { body } = await send('POST', '/v1/offers', { ...terms, asks, key: 'two' }, mara.key);
  const path = `/v1/offers/${body['id']}`;
  expectBy(await changedBy('POST', `${path}/submission`, {}, mara.key), 'Mara', ['created', 'submission', '1']);
  const [approved] = expectBy(await changedBy('POST', `${path}/approval`, {}), 'First admin', [
    'changed',
    'submission',
    '1',
  ]);
  expect(fieldsOf(approved!)).toEqual({ approvedAt: [null, expect.stringMatching(/Z$/)] });
  await send('PATCH', '/v1/programme', { requiresApproval: false });
});

it('says who issued, rotated and revoked a key', async () => {
  const [issued] = expectBy(
    await changedBy('POST', '/v1/keys', { kind: 'storefront', name: 'Till', mode: 'test' }),
    'First admin',
    ['created', 'key'],
  );
  expect(fieldsOf(issued!)).toEqual({ kind: [null, 'storefront'], mode: [null, 'test'], name: [null, 'Till'] });
  const path = `/v1/keys/${issued?.object.id}`;
  const rotated = expectBy(
    await changedBy('POST', `${path}/rotate`, { overlapSeconds: 60 }),
    'First admin',
    ['changed', 'key'],
    ['created', 'key'],
  );
  expect(fieldsOf(rotated[0]!)).toEqual({ expiresAt: [null, expect.stringMatching(/Z$/)] });
  expect(fieldsOf(rotated[1]!)).toMatchObject({ name: [null, 'Till'], firstId: [null, issued?.object.id] });
  const [revoked] = expectBy(await changedBy('DELETE', path), 'First admin', ['changed', 'key']);
  expect(fieldsOf(revoked!)).toEqual({ revokedAt: [null, expect.stringMatching(/Z$/)] });
});

it('says who lets which issuers, pages and systems in, and what points are worth', async () => {
  const issuer = { issuer: 'https://login.example', audience: `https://a.example/${randomBytes(4).toString('hex')}` };
  const [registered] = expectBy(
    await changedBy('POST', '/v1/issuers', { ...issuer, subjects: 'staff', clientId: 'console' }),
    'First admin',
    ['created', 'issuer'],
  );
  expect(fieldsOf(registered!)).toMatchObject({ issuer: [null, issuer.issuer], clientId: [null, 'console'] });
  const [removed] = expectBy(await changedBy('DELETE', `/v1/issuers/${registered?.object.id}`), 'First admin', [
    'removed',
    'issuer',
  ]);
  expect(fieldsOf(removed!)).toMatchObject({ issuer: [issuer.issuer, null] });

  const [first, second] = ['https://one.example', 'https://two.example'] as const;
  await send('PUT', '/v1/embed-origins', { origins: [first] });
  expectBy(
    await changedBy('PUT', '/v1/embed-origins', { origins: [second] }),
    'First admin',
    ['removed', 'embed-origin', first],
    ['created', 'embed-origin', second],
  );

  const webhook = { url: 'https://erp.example/hooks?secret=hush', events: ['share.accepted'] };
  const [added] = await changedBy('POST', '/v1/webhooks', webhook, shop.storefrontKey);
  expect(added).toMatchObject({ by: { kind: 'storefront', name: 'web', role: null }, object: { type: 'webhook' } });
  expect(fieldsOf(added!)).toEqual({ url: [null, 'https://erp.example/hooks?…'], events: [null, ['share.accepted']] });
  const path = `/v1/webhooks/${added?.object.id}`;
  const [moved] = expectBy(
    await changedBy('PATCH', path, { url: 'https://erp.example/hooks?secret=hush2', enabled: false }),
    'First admin',
    ['changed', 'webhook'],
  );
  expect(fieldsOf(moved!)).toMatchObject({
    url: ['https://erp.example/hooks?…', 'https://erp.example/hooks?…'],
    disabledBecause: [null, 'staff'],
  });
  const [rotated] = expectBy(await changedBy('POST', `${path}/rotate`, { overlapSeconds: 60 }), 'First admin', [
    'changed',
    'webhook',
  ]);
  expect(Object.keys(fieldsOf(rotated!))).toEqual(['formerUntils']);
  expectBy(await changedBy('DELETE', path), 'First admin', ['removed', 'webhook']);

  const rate = { points: 100, amountMinor: 100, currency: 'EUR', taxes: 'gross' };
  const [valued] = expectBy(await changedBy('POST', '/v1/point-rates', rate), 'First admin', [
    'created',
    'point-rate',
    '1',
  ]);
  expect(fieldsOf(valued!)).toMatchObject({ amountMinor: [null, 100], currency: [null, 'EUR'] });
});

it('says so where it was the service itself', async () => {
  await send('PATCH', '/v1/recipients/newsletter', { suspendWhenOverdue: true });
  await shop.share('ben');
  await shop.disclose('ben');
  await shop.revoke('ben', { everything: true });
  await test.erase(shop.id);
  await test.markOverdue(shop.id, new Date(Date.now() + 73 * 3_600_000));
  const [suspended] = await changes('?object=suspension');
  expect(suspended).toMatchObject({
    action: 'created',
    by: { kind: 'system', caller: null, name: null, role: null },
    object: { type: 'suspension', id: shop.recipients.newsletter.id },
  });
  // The recipient lifts it, by what it answers.
  const key = shop.recipients.newsletter.apiKey;
  const notices = await send('GET', '/v1/revocation-notices', undefined, key);
  await send('POST', `/v1/revocation-notices/${notices.body['data'][0].id}/acknowledgement`, { did: 'erased' }, key);
  const [lifted] = await changes('?object=suspension');
  expect(lifted).toMatchObject({ action: 'changed', by: { kind: 'recipient', name: 'Newsletter' } });
});

it('names who signed in without a key as their token did', async () => {
  const person = {
    kind: 'staff',
    programmeId: test.uuidOf(shop.id),
    role: 'dpo',
    name: 'Do\u0000ra\ud800',
    callerId: '0192f000-0000-8000-8000-000000000001',
  };
  const text = `UPDATE recipients SET due_hours = due_hours + 1 WHERE programme_id = $1 AND key = 'newsletter'`;
  await test.database.inProgramme(person, (tx) => tx.query({ name: 'by_dora', text }, [tx.programmeId]));
  const [latest] = await changes('?limit=1');
  expect(latest?.by).toMatchObject({ kind: 'staff', name: 'Dora', role: 'dpo' });
  // Set for one transaction, and gone with it.
  await test.database.inProgramme(person.programmeId, (tx) => tx.query({ name: 'by_dora', text }, [tx.programmeId]));
  expect((await changes('?limit=1'))[0]?.by).toMatchObject({ kind: 'system', name: null });
});

it('records nothing of what happens on the way of shares, releases and redemptions', async () => {
  const [before] = await changes('?limit=1');
  await shop.share('cleo');
  await shop.disclose('cleo');
  await test.grant(shop.id);
  await send(
    'POST',
    '/v1/redemptions',
    { customerRef: 'cleo', points: 1, orderRef: 'one', capture: true },
    shop.storefrontKey,
  );
  expect((await changes('?limit=1'))[0]?.id).toBe(before?.id);
});

it('says who began and stopped what ends consents for many', async () => {
  await shop.share('anna');
  const withdrawn = await changedBy('POST', '/v1/recipients/recommender/withdrawal');
  expect(withdrawn.map(briefly)).toEqual(
    expect.arrayContaining([
      ['changed', 'recipient', 'recommender'],
      ['created', 'job'],
    ]),
  );
  const job = withdrawn.find(({ object }) => object.type === 'job')!;
  expect(fieldsOf(job)).toMatchObject({ kind: [null, 'recipient-withdrawal'], target: [null, 'recommender'] });
  const [stopped] = expectBy(await changedBy('POST', `/v1/jobs/${job.object.id}/cancel`), 'First admin', [
    'changed',
    'job',
  ]);
  expect(fieldsOf(stopped!)).toEqual({ status: ['queued', 'cancelled'] });
  // A customer who leaves is no change of the configuration.
  expect(await changedBy('DELETE', '/v1/customers/anna?balance=keep', undefined, shop.storefrontKey)).toEqual([]);
});

it('is listed by page, by whom and of what', async () => {
  const all: ChangeDto[] = [];
  for (let after: string | null = ''; after !== null;) {
    const { body } = await send('GET', `/v1/changes?limit=7${after && `&after=${after}`}`);
    all.push(...(body['data'] as ChangeDto[]));
    after = body['nextCursor'] as string | null;
  }
  const { rows } = await test.owner.query('SELECT count(*)::int AS n FROM staff_changes WHERE programme_id = $1', [
    test.uuidOf(shop.id),
  ]);
  expect(all.length).toBe(rows[0].n);
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  const ofMara = await changes(`?limit=100&by=${mara.id}`);
  expect(ofMara).toEqual(all.filter(({ by }) => by.caller === mara.id));
  expect(ofMara.length).toBeGreaterThan(10);
  expect(await changes('?by=system&limit=100')).toEqual(all.filter(({ by }) => by.kind === 'system'));
  expect((await changes('?object=attribute/size')).map(briefly)).toEqual([['created', 'attribute', 'size']]);
  expect(await changes(`?object=${mara.id}`)).toHaveLength(1);
  expect(await changes(`?by=${mara.id}&object=attribute`)).toHaveLength(1);
  for (const query of ['by=mara', `by=${shop.id}`, 'object=nothing', 'object=shr_x', 'after=x', 'more=1']) {
    expect((await call(test.url, 'GET', `/v1/changes?${query}`, { key: shop.adminKey })).status).toBe(422);
  }
});

it('is for the data-protection officer and admins, each of their own programme', async () => {
  const { body: dpo } = await send('POST', '/v1/keys', { kind: 'staff', name: 'Dora', role: 'dpo' });
  expect((await test.get('/v1/changes', dpo['key'] as string)).status).toBe(200);
  for (const key of [mara.key, shop.storefrontKey, shop.recipients.newsletter.apiKey]) {
    expect((await test.get('/v1/changes', key)).status).toBe(403);
  }
  const other = await test.programme();
  const theirs = await changes('?limit=100', other.adminKey);
  const ours = new Set((await changes('?limit=100')).map(({ id }) => id));
  expect(theirs.filter(({ id }) => ours.has(id))).toEqual([]);
  expect(theirs.filter(({ object }) => object.id === shop.offer.id)).toEqual([]);
  for (const query of [`object=${shop.offer.id}`, `by=${mara.id}`]) {
    expect(await changes(`?${query}`, other.adminKey)).toEqual([]);
  }
});

it('never changes and never goes, whoever asks', async () => {
  const programme = test.uuidOf(shop.id);
  for (const text of [
    `UPDATE staff_changes SET by_name = 'nobody'`,
    'DELETE FROM staff_changes',
    'TRUNCATE staff_changes',
  ]) {
    await expect(test.owner.query(text)).rejects.toThrow('rows of staff_changes never change');
    const asApp = test.database.inProgramme(programme, (tx) =>
      tx.query({ name: randomBytes(4).toString('hex'), text }, []),
    );
    await expect(asApp).rejects.toThrow('permission denied');
  }
});

it('holds no key and no secret, nor a hash or what is wrapped of one', async () => {
  const { rows } = await test.owner.query<{ row: string }>('SELECT to_jsonb(s)::text AS row FROM staff_changes s');
  const text = rows.map(({ row }) => row).join('\n');
  // Keys of each kind, of recipients and their webhooks, rotated ones.
  expect(secrets.length).toBeGreaterThanOrEqual(12);
  expect(new Set(secrets.map((secret) => secret.slice(0, 5)))).toEqual(new Set(['gw_st', 'gw_sk', 'gw_rk', 'whsec']));
  const bare = (secret: string): string => secret.replace(/^(gw_[a-z]+_(live_|test_)?|whsec_)/, '');
  expect(secrets.filter((secret) => text.includes(bare(secret)))).toEqual([]);
  expect(text).not.toContain('hush');
  const { rows: kept } = await test.owner.query<{ bytes: string }>(`
    SELECT encode(b, 'hex') AS bytes FROM (
      SELECT hash FROM access_keys UNION ALL SELECT wrapped_webhook_secret FROM recipients UNION ALL SELECT wrapped_secret FROM webhook_endpoints
      UNION ALL SELECT wrapped_key FROM programmes) AS secret(b)`);
  expect(kept.length).toBeGreaterThan(10);
  expect(kept.filter(({ bytes }) => text.includes(bytes))).toEqual([]);
});

it('looks at every column of what it records, or at none for a reason', async () => {
  const { rows } = await test.owner.query<{ tab: string; args: string; columns: string[] }>(`
    SELECT t.tgrelid::regclass::text AS tab, encode(t.tgargs, 'escape') AS args,
           ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = t.tgrelid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
      FROM pg_trigger t WHERE t.tgname = 'change_recorded'`);
  const left = rows.flatMap(({ tab, args, columns }) => {
    const [, id = '', key = '', recorded = ''] = args.split('\\000');
    const named = new Set([id, ...key.split(','), ...recorded.split(','), 'programme_id', 'created_at']);
    return columns.filter((column) => !named.has(column)).map((column) => `${tab}.${column}`);
  });
  expect(left.sort()).toEqual(NOT_RECORDED);
});

it('has pages by index, whatever it is asked by', async () => {
  const programme = test.uuidOf(shop.id);
  await test.owner.query(
    `INSERT INTO staff_changes (programme_id, by_kind, by_id, by_role, action, object_type, object_key, changes)
       SELECT $1, 'staff', $2, 'marketing', 'changed', 'attribute', 'filler' || n % 1000, '[]' FROM generate_series(1, 30000) n`,
    [programme, parsePublicId('key', mara.id)],
  );
  await test.owner.query('ANALYZE staff_changes');
  const asked = [
    's.sequence < 20000',
    's.by_id = $$u$$',
    's.object_id = $$u$$',
    `s.object_type = 'offer'`,
    `s.object_type = 'attribute' AND s.object_key = 'x'`,
  ];
  for (const condition of asked) {
    const text = `EXPLAIN SELECT * FROM staff_changes s WHERE s.programme_id = '${programme}' AND s.sequence < 9000000
      AND ${condition.replaceAll('$$u$$', `'${programme}'`)} ORDER BY s.sequence DESC LIMIT 51`;
    const plan = await test.database.inProgramme(programme, (tx) =>
      tx.query<{ 'QUERY PLAN': string }>({ name: randomBytes(4).toString('hex'), text }, []),
    );
    const lines = plan.map((line) => line['QUERY PLAN']).join('\n');
    expect(lines).toContain('Index Scan');
    expect(lines).not.toMatch(/Seq Scan|Sort/);
  }
});

it('breaks no rule', async () => {
  expect(await brokenInvariants(test.databaseUrl)).toEqual({});
});

/** What is secret, what the worker counts with, and what another column or the change itself says as well. */
const NOT_RECORDED = [
  'access_keys.hash',
  'jobs.balance',
  'jobs.customer_id',
  'jobs.customer_mark',
  'jobs.finished_at',
  'jobs.started_at',
  'jobs.total',
  'notice_graces.job_id',
  'notices.hash',
  'notices.id',
  'offer_submissions.approved_by',
  'offer_submissions.asks',
  'offer_submissions.id',
  'offer_submissions.submitted_at',
  'offer_submissions.submitted_by',
  'offer_versions.published_by',
  'offer_versions.revision',
  'offer_versions.writers',
  'offer_versions.written_by',
  'programmes.wrapped_key',
  'recipients.wrapped_webhook_secret',
  'webhook_endpoints.former_wrapped_secrets',
  'webhook_endpoints.last_sequence',
  'webhook_endpoints.wrapped_secret',
];
