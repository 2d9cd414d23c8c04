import { setBudget } from '../../src/offers/budgets';
import { markOf, rememberEarned } from '../../src/offers';
import { newId, parsePublicId, toPublicId } from '../../src/platform/ids';
import {
  both,
  created,
  fillCatalogue,
  offer,
  type OffersTestApp,
  published,
  startOffersApp,
  type TestProgramme,
} from './offers.test-app';

let app: OffersTestApp;
let programme: TestProgramme;

beforeAll(async () => {
  app = await startOffersApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  programme = await app.foundProgramme();
  await fillCatalogue(programme);
});
afterEach(() => {
  // Every refusal here is meant: an error that nobody expected fails the test it came from.
  if (app.errors.length > 0) throw new AggregateError(app.errors.splice(0), 'unexpected errors');
});

const CUSTOMER = 'customer-4711';
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const uuidOf = (offerId: string): string => parsePublicId('off', offerId) ?? '';

const quotes = async (context?: object, customerRef = CUSTOMER) => {
  const answer = await programme.storefront('POST', '/v1/quotes', { customerRef, locale: 'de', context });
  expect(answer).toMatchObject({ status: 200 });
  return answer.body.data;
};

const earned = (offerId: string, everyDays: number) =>
  app.database.inProgramme(programme.id, async (tx) =>
    rememberEarned(tx, [
      { mark: markOf(await app.keyRing.of(programme.id), CUSTOMER, uuidOf(offerId)), times: 1, everyDays },
    ]),
  );

const asks = [
  { attribute: 'birthDate', purposes: ['newsletter', { key: 'research', required: false }], required: true },
  { attribute: 'diet', purposes: ['newsletter'], required: false },
];

describe('quotes', () => {
  it.each(['de', 'en', 'de-AT', 'EN-gb'])('say everything in the language asked for: %s', async (tag) => {
    const id = await published(programme, offer('a', { asks }));
    const { body } = await programme.storefront('GET', `/v1/customers/${CUSTOMER}/offers?locale=${tag}`);
    const locale = tag.slice(0, 2).toLowerCase() as 'de' | 'en';
    const of = (text: string) => both(text)[locale];
    const { notices } = (await programme.dpo('GET', `/v1/offers/${id}`)).body;
    const notice = notices.find((one: { locale: string }) => one.locale === locale);
    const named = (key: string, changes: object) => ({
      key,
      title: of(`title of ${key}`),
      description: of(`description of ${key}`),
      ...changes,
    });
    const newsletter = named('newsletter', { required: true, recipients: ['Mail & Co'] });
    expect(body).toEqual({
      data: [
        {
          offerId: id,
          offerVersion: 1,
          key: 'a',
          title: of('offer a'),
          text: expect.any(String),
          notice: { id: notice.id, hash: notice.hash, text: notice.text, locale },
          asks: [
            {
              attribute: 'birthDate',
              title: of('title of birthDate'),
              purposes: [newsletter, named('research', { required: false, recipients: [] })],
              required: true,
              special: false,
              retentionDays: 365,
              schema: expect.objectContaining({ type: 'string' }),
            },
            {
              attribute: 'diet',
              title: of('title of diet'),
              purposes: [newsletter],
              required: false,
              special: true,
              retentionDays: 1,
              schema: expect.objectContaining({ type: 'string' }),
            },
          ],
          reward: { type: 'points', points: 100 },
          earnsNow: true,
        },
      ],
      nextCursor: null,
    });
  });

  it.each(['', '?locale=fr', '?locale=pt-BR'])('are in the programme’s own language otherwise: %s', async (query) => {
    await published(programme, offer('a'));
    const { body } = await programme.storefront('GET', `/v1/customers/${CUSTOMER}/offers${query}`);
    expect(body.data[0]).toMatchObject({ title: 'offer a (de)', notice: { locale: 'de' } });
  });

  it('are of what is live now, and of no other', async () => {
    const live = await published(programme, offer('live', { startsAt: inDays(-1), endsAt: inDays(1) }));
    await created(programme, offer('draft'));
    await published(programme, offer('later', { startsAt: inDays(1) }));
    for (const end of ['pause', 'end']) {
      const id = await published(programme, offer(end));
      await programme.marketing('POST', `/v1/offers/${id}/${end}`);
    }
    const other = await app.foundProgramme();
    await fillCatalogue(other);
    await published(other, offer('theirs'));
    const now = await quotes();
    expect(now.map(({ offerId }: { offerId: string }) => offerId)).toEqual([live]);
  });

  it('are of the version in force from the moment it is published', async () => {
    const id = await published(programme, offer('a'));
    await quotes();
    await programme.marketing('PATCH', `/v1/offers/${id}`, { reward: { type: 'points', points: 7 } });
    expect(await quotes()).toMatchObject([{ offerVersion: 1, reward: { points: 100 } }]);
    await programme.marketing('POST', `/v1/offers/${id}/publish`);
    expect(await quotes()).toMatchObject([{ offerVersion: 2, reward: { points: 7 } }]);
  });

  it('come in pages', async () => {
    const ids = [];
    for (const key of ['a', 'b', 'c']) ids.push(await published(programme, offer(key)));
    const path = `/v1/customers/${CUSTOMER}/offers?limit=2`;
    const first = await programme.storefront('GET', path);
    expect(first.body.data.map(({ offerId }: { offerId: string }) => offerId)).toEqual(ids.slice(0, 2));
    const second = await programme.storefront('GET', `${path}&after=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ data: [{ offerId: ids[2] }], nextCursor: null });
  });

  it.each([toPublicId('shr', newId()), 'birthday', '42', 'off_1'])(
    'do not go on after %s, which is no cursor of theirs',
    async (after) => {
      const answer = await programme.storefront('GET', `/v1/customers/${CUSTOMER}/offers?after=${after}`);
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/after' }] } });
    },
  );

  it.each(['a b', 'ä', 'x'.repeat(129), '%00', 'a%2Fb'])('are for a customer reference, not for %s', async (ref) => {
    const path = `/v1/customers/${ref.includes('%') ? ref : encodeURIComponent(ref)}/offers`;
    const got = await programme.storefront('GET', path);
    expect(got).toMatchObject({ status: 422, body: { errors: [{ pointer: '/customerRef' }] } });
    const posted = await programme.storefront('POST', '/v1/quotes', { customerRef: ref });
    expect(posted).toMatchObject({ status: 422, body: { errors: [{ pointer: '/customerRef' }] } });
  });

  it.each([
    [{ context: [] }, '/context'],
    [{ context: 'DE' }, '/context'],
    [{ context: { text: 'x'.repeat(257) } }, '/context'],
    [{ context: { list: Array.from({ length: 200 }, () => 1) } }, '/context'],
    [{ context: { a: { b: { c: { d: { e: 1 } } } } } }, '/context'],
    [{ locale: 'deutsch!' }, '/locale'],
    [{ locale: ['de'] }, '/locale'],
    [{ customerRef: [CUSTOMER] }, '/customerRef'],
    [{ surplus: 1 }, '/surplus'],
  ])('are refused for %j', async (changes, pointer) => {
    const answer = await programme.storefront('POST', '/v1/quotes', { customerRef: CUSTOMER, ...changes });
    expect(answer).toMatchObject({
      status: 422,
      body: { errors: expect.arrayContaining([{ pointer, message: expect.any(String) }]) },
    });
    expect(JSON.stringify(answer.body)).not.toContain('xxx');
  });

  it('are for the storefront, and for the customer about themselves', async () => {
    const id = await published(programme, offer('a'));
    expect(await programme.marketing('GET', `/v1/customers/${CUSTOMER}/offers`)).toMatchObject({ status: 403 });
    expect(await programme.storefront('GET', '/v1/me/offers')).toMatchObject({ status: 403 });
    const session = await programme.storefront(
      'POST',
      '/v1/customer-sessions',
      { customerRef: CUSTOMER, locale: 'en' },
      { 'idempotency-key': 's1' },
    );
    const mine = await app.callsOf(session.body.token)('GET', '/v1/me/offers?locale=en');
    expect(mine).toMatchObject({ status: 200, body: { data: [{ offerId: id, title: 'offer a (en)' }] } });
  });

  it('leave no trace of the context', async () => {
    await published(programme, offer('a', { eligibility: 'secret == "canary-4711"' }));
    const before = await rowsOfAll();
    expect(await quotes({ secret: 'canary-4711' })).toMatchObject([{ earnsNow: true }]);
    expect(await rowsOfAll()).toEqual(before);
  });

  const rowsOfAll = async () => {
    const tables = await app.database.inProgramme(programme.id, (tx) =>
      tx.query<{ name: string }>(
        {
          name: 'test_tables',
          text: `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND has_table_privilege(oid, 'SELECT') ORDER BY 1`,
        },
        [],
      ),
    );
    return Promise.all(
      tables.map(({ name }) =>
        app.database.inProgramme(programme.id, (tx) =>
          tx.query({ name: `test_count_${name}`, text: `SELECT '${name}' AS name, count(*) FROM ${name}` }, []),
        ),
      ),
    );
  };
});

describe('why an offer earns nothing now', () => {
  const whyNot = async (changes: object, context?: object) => {
    await published(programme, offer('a', changes));
    const [quote] = await quotes(context);
    expect(quote.earnsNow).toBe(quote.whyNot === undefined);
    expect(quote.asks).toHaveLength(1);
    return quote.whyNot;
  };

  it.each([
    // Minimum age.
    [{ minimumAge: 16 }, { age: 15 }, 'too-young'],
    [{ minimumAge: 16 }, { age: 16 }, undefined],
    [{ minimumAge: 16 }, { ageBand: '0-15' }, 'too-young'],
    [{ minimumAge: 18 }, { ageBand: '16-24' }, 'too-young'],
    [{ minimumAge: 18 }, { ageBand: '18-24' }, undefined],
    [{ minimumAge: 16 }, { ageBand: '16+' }, undefined],
    [{ minimumAge: 18 }, { ageBand: '16+' }, 'too-young'],
    [{ minimumAge: 16 }, { ageBand: 'adult' }, 'not-eligible'],
    [{ minimumAge: 16 }, { age: '20' }, 'not-eligible'],
    [{ minimumAge: 16 }, {}, 'not-eligible'],
    [{ minimumAge: 16 }, undefined, 'not-eligible'],
    [{ minimumAge: 0 }, undefined, undefined],
    [{ minimumAge: { DE: 16, default: 18 } }, { country: 'DE', age: 16 }, undefined],
    [{ minimumAge: { DE: 16, default: 18 } }, { country: 'de', age: 16 }, undefined],
    [{ minimumAge: { DE: 16, default: 18 } }, { country: 'FR', age: 16 }, 'too-young'],
    [{ minimumAge: { DE: 16, AT: 14 } }, { age: 15 }, 'too-young'],
    [{ minimumAge: { DE: 16 } }, { country: 'FR' }, undefined],
    // What is no code names no country: the strictest age counts, as where none is said.
    [{ minimumAge: { DE: 16 } }, { country: '', age: 15 }, 'too-young'],
    [{ minimumAge: { DE: 16 } }, { country: 'Deutschland', age: 15 }, 'too-young'],
    [{ minimumAge: { DE: 16, default: 13 } }, { country: 'DEU', age: 14 }, 'too-young'],
    [{ minimumAge: { DE: 16, AT: 14 } }, { region: 'AT-9', age: 15 }, undefined],
    // Regions.
    [{ regions: ['DE', 'AT'] }, { country: 'AT' }, undefined],
    [{ regions: ['DE', 'AT'] }, { country: 'FR' }, 'not-eligible'],
    [{ regions: ['DE', 'AT'] }, {}, undefined],
    [{ regions: ['US-NY'] }, { country: 'US', region: 'NY' }, undefined],
    [{ regions: ['US-NY'] }, { country: 'US', region: 'US-NY' }, undefined],
    [{ regions: ['US-NY'] }, { country: 'US', region: 'TX' }, 'not-eligible'],
    [{ regions: ['US-NY'] }, { country: 'US' }, 'not-eligible'],
    [{ regions: ['DE'] }, { country: 'Deutschland' }, 'not-eligible'],
    [{ regions: ['DE'] }, { region: 'US-NY' }, 'not-eligible'],
    [{ regions: ['DE'] }, { country: 'DE', region: 'Bayern' }, undefined],
    // California needs its value-of-data record, also where no region is named.
    [{}, { country: 'US', region: 'CA' }, 'not-eligible'],
    [{}, { country: 'US', region: 'NY' }, undefined],
    [{}, { region: 'US-CA' }, 'not-eligible'],
    [{}, { country: '', region: 'US-CA' }, 'not-eligible'],
    [{}, { country: 'USA', region: 'US-CA' }, 'not-eligible'],
    [{}, { country: 'USA', region: 'CA' }, 'not-eligible'],
    [{}, { country: 'US', region: 'California' }, 'not-eligible'],
    [{}, { country: 'DE', region: 'Bayern' }, undefined],
    [{}, { country: 'Deutschland', region: 'Bayern' }, undefined],
    // Eligibility.
    [{ eligibility: 'orders >= 3' }, { orders: 3 }, undefined],
    [{ eligibility: 'orders >= 3' }, { orders: 2 }, 'not-eligible'],
    [{ eligibility: 'orders >= 3' }, {}, 'not-eligible'],
    [{ eligibility: 'orders >= 3' }, { orders: '3' }, 'not-eligible'],
    [{ eligibility: 'orders' }, { orders: 3 }, 'not-eligible'],
    [{ eligibility: 'isMember' }, { isMember: 'true' }, 'not-eligible'],
    // Too young is said first.
    [{ minimumAge: 16, eligibility: 'false', regions: ['DE'] }, { age: 12, country: 'FR' }, 'too-young'],
  ])('with %j and the facts %j: %s', async (changes, context, expected) => {
    expect(await whyNot(changes, context)).toBe(expected);
  });

  it('is made in California as long as its value-of-data record is valid', async () => {
    const valueOfData = { method: 'm', inputs: 'i', reviewer: 'r', validUntil: inDays(1) };
    expect(await whyNot({ valueOfData }, { country: 'US', region: 'CA' })).toBeUndefined();
  });

  it('is exhausted when the budget does not hold one more', async () => {
    const id = await published(programme, offer('a', { budget: { points: 250 } }));
    expect(await quotes()).toMatchObject([{ earnsNow: true }]);
    await app.database.inProgramme(programme.id, (tx) => setBudget(tx, uuidOf(id), 100n));
    expect(await quotes()).toMatchObject([{ earnsNow: true }]);
    await app.database.inProgramme(programme.id, (tx) => setBudget(tx, uuidOf(id), 99n));
    expect(await quotes()).toMatchObject([{ earnsNow: false, whyNot: 'exhausted' }]);
  });

  it('counts codes where the reward is a discount', async () => {
    const reward = { type: 'discount', discount: { kind: 'percent', percent: 10, validDays: 30 } };
    const id = await published(programme, offer('a', { reward, budget: { codes: 1 } }));
    expect(await quotes()).toMatchObject([{ earnsNow: true, reward }]);
    await app.database.inProgramme(programme.id, (tx) => setBudget(tx, uuidOf(id), 0n));
    expect(await quotes()).toMatchObject([{ earnsNow: false, whyNot: 'exhausted' }]);
  });

  it('cools off after it was earned, for this customer and this offer', async () => {
    const a = await published(programme, offer('a'));
    await published(programme, offer('b'));
    await earned(a, 365);
    expect(await quotes()).toMatchObject([{ earnsNow: false, whyNot: 'cool-off' }, { earnsNow: true }]);
    expect(await quotes({}, 'somebody-else')).toMatchObject([{ earnsNow: true }, { earnsNow: true }]);
  });

  it('says not eligible before exhausted, and exhausted before cool-off', async () => {
    const id = await published(programme, offer('a', { budget: { points: 100 }, eligibility: 'ok' }));
    await earned(id, 365);
    await app.database.inProgramme(programme.id, (tx) => setBudget(tx, uuidOf(id), 0n));
    expect(await quotes({ ok: false })).toMatchObject([{ whyNot: 'not-eligible' }]);
    expect(await quotes({ ok: true })).toMatchObject([{ whyNot: 'exhausted' }]);
    await app.database.inProgramme(programme.id, (tx) => setBudget(tx, uuidOf(id), 100n));
    expect(await quotes({ ok: true })).toMatchObject([{ whyNot: 'cool-off' }]);
  });
});
