import { call } from '../setup/service';
import { brokenInvariants } from '../setup/invariants';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

type Offer = TestProgramme['offer'];

let test: TestApp;
let shop: TestProgramme;
beforeAll(async () => {
  test = await startTestApp();
  shop = await test.programme();
});
afterAll(() => test.stop());

const figures = async (offer: Offer, key = shop.adminKey) => test.get(`/v1/offers/${offer.id}/figures`, key);
const figuresOf = async (offer: Offer) => {
  const { status, body } = await figures(offer);
  expect(status).toBe(200);
  return body;
};
const shareBy = async (offer: Offer, ...refs: string[]) => {
  for (const customerRef of refs) expect((await shop.share(customerRef, { offer })).status).toBe(201);
};

it('counts what was shared, promised, granted and taken back', async () => {
  const offer = await shop.publish({ reward: { type: 'points', points: 10 }, budget: { points: 100 } });
  await shareBy(offer, 'anna', 'ben', 'cleo');
  await test.grant(shop.id);
  await shareBy(offer, 'dora', 'anna');
  await shop.revoke('ben', { purpose: 'advice' });
  const { byVersion, byDay, ...whole } = await figuresOf(offer);
  const counted = {
    shares: 5,
    customers: '<10',
    awarded: { points: 40, codes: 0 },
    granted: 3,
    pending: 1,
    repeats: 1,
    consents: { given: 10, active: 9, withdrawn: 1 },
  };
  expect(whole).toEqual({ offerId: offer.id, ...counted, budget: { cap: 100, promised: 40, remaining: 60 } });
  expect(byVersion).toEqual([{ version: 1, ...counted }]);
  expect(byDay.at(-1)).toMatchObject({ shares: 5 });
  await test.grant(shop.id);
  expect(await figuresOf(offer)).toMatchObject({ granted: 4, pending: 0 });
});

it('counts codes', async () => {
  const discount = { kind: 'amount', amountMinor: 500, currency: 'EUR', validDays: 30 };
  const offer = await shop.publish({ reward: { type: 'discount', discount }, budget: { codes: 3 } });
  await shareBy(offer, 'anna');
  await test.grant(shop.id);
  await shareBy(offer, 'ben');
  expect(await figuresOf(offer)).toMatchObject({
    awarded: { points: 0, codes: 2 },
    granted: 1,
    pending: 1,
    budget: { cap: 3, promised: 2, remaining: 1 },
  });
});

it('tells versions apart, also one that nobody has accepted, and counts nobody twice in all', async () => {
  const offer = await shop.publish({ perCustomer: { times: 5, everyDays: 1 } });
  const publishNext = async () => {
    const body = { text: { de: 'Neu', en: 'New' } };
    await call(test.url, 'PATCH', `/v1/offers/${offer.id}`, { key: shop.adminKey, body });
    await test.post(`/v1/offers/${offer.id}/publish`, shop.adminKey, {});
    const { body: quotes } = await test.get('/v1/customers/nobody/offers?locale=en', shop.storefrontKey);
    const quote = quotes['data'].find(({ offerId }: { offerId: string }) => offerId === offer.id);
    return { id: offer.id, version: quote.offerVersion as number, noticeHash: quote.notice.hash as string };
  };
  const refs = Array.from({ length: 10 }, (_, n) => `version-${n}`);
  await shareBy(offer, ...refs);
  await shareBy(await publishNext(), ...refs.slice(0, 9));
  await publishNext();
  const { byVersion, ...whole } = await figuresOf(offer);
  expect(whole).toMatchObject({ shares: 19, customers: 10, awarded: { points: 19 * 120 } });
  expect(byVersion).toMatchObject([
    { version: 1, shares: 10, customers: 10 },
    { version: 2, shares: 9, customers: '<10' },
    { version: 3, shares: 0, customers: '<10', awarded: { points: 0, codes: 0 }, consents: { given: 0 } },
  ]);
});

it('shows the last 30 days of the programme’s own calendar, today last', async () => {
  const offer = await shop.publish({});
  await shareBy(offer, 'anna', 'ben', 'cleo', 'dora');
  await shop.share('else', {});
  // Tokyo's day begins at 15:00 of the day before in UTC.
  await test.owner.query(`UPDATE programmes SET time_zone = 'Asia/Tokyo' WHERE id = $1`, [test.uuidOf(shop.id)]);
  const today = new Intl.DateTimeFormat('sv', { timeZone: 'Asia/Tokyo' }).format(new Date());
  const dayBefore = (days: number) => new Date(Date.parse(today) - days * 86_400_000).toISOString().slice(0, 10);
  const at = ['14:59:59Z', '15:00:00Z'].map((time) => `${dayBefore(4)}T${time}`);
  const longAgo = `${dayBefore(30)}T14:59:59Z`;
  const { rows } = await test.owner.query(
    `SELECT s.id FROM shares s JOIN offers o ON o.id = s.offer_id WHERE s.programme_id = $1 ORDER BY s.accepted_at DESC, s.id DESC OFFSET 1 LIMIT 3`,
    [test.uuidOf(shop.id)],
  );
  await test.owner.query('BEGIN; SET LOCAL session_replication_role = replica');
  for (const [n, time] of [...at, longAgo].entries()) {
    await test.owner.query('UPDATE shares SET accepted_at = $2 WHERE id = $1', [rows[n].id, time]);
  }
  await test.owner.query('COMMIT');
  const { byDay } = await figuresOf(offer);
  expect(byDay).toHaveLength(30);
  expect(byDay.map(({ on }: { on: string }) => on)).toEqual(Array.from({ length: 30 }, (_, n) => dayBefore(29 - n)));
  expect(byDay.filter(({ shares }: { shares: number }) => shares > 0)).toEqual([
    { on: dayBefore(4), shares: 1 },
    { on: dayBefore(3), shares: 1 },
    { on: today, shares: 1 },
  ]);
});

it('is empty for a draft', async () => {
  const { body: draft } = await test.post('/v1/offers', shop.adminKey, {
    key: 'draft',
    title: 'Draft',
    text: 'Not yet',
    asks: [{ attribute: 'birthday', purposes: ['greeting'], required: true }],
    reward: { type: 'points', points: 10 },
    budget: { points: 100 },
  });
  const body = await figuresOf({ id: draft['id'] } as Offer);
  expect(body).toMatchObject({ shares: 0, customers: '<10', granted: 0, byVersion: [] });
  expect(body).not.toHaveProperty('budget');
});

it('is marketing’s to see, of its own programme', async () => {
  const staff = async (role: string) =>
    (await test.post('/v1/keys', shop.adminKey, { kind: 'staff', role, name: role })).body['key'] as string;
  expect((await figures(shop.offer, await staff('marketing'))).status).toBe(200);
  for (const key of [await staff('dpo'), shop.storefrontKey, shop.recipients.newsletter.apiKey]) {
    expect((await figures(shop.offer, key)).status).toBe(403);
  }
  const other = await test.programme();
  for (const id of [other.offer.id, 'off_01k9v5m3c8e1p9r2t4y6u8j0aa', 'nonsense', shop.id]) {
    expect(await figures({ id } as Offer)).toMatchObject({
      status: 404,
      body: { type: 'urn:gegenwert:problem:not-found' },
    });
  }
});

it('has broken no invariant', async () => {
  expect(await brokenInvariants(test.databaseUrl)).toEqual({});
});
