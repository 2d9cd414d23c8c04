import {
  attribute,
  created,
  fillCatalogue,
  offer,
  type OffersTestApp,
  published,
  startOffersApp,
  type TestProgramme,
} from './offers.test-app';

/** What helps whoever writes an offer: none of it changes anything. */
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
  if (app.errors.length > 0) throw new AggregateError(app.errors.splice(0), 'unexpected errors');
});

const problem = (type: string) => ({ type: `urn:gegenwert:problem:${type}` });
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const NONE = 'off_01k9v5m3c8e1p9r2t4y6u8j0aa';

interface Check {
  code: string;
  level: string;
  message: string;
  pointer?: string;
}

describe('versions', () => {
  it('are listed newest first, each with what it has otherwise than the one before', async () => {
    const id = await published(programme, offer('birthday', { budget: { points: 1000 } }));
    const path = `/v1/offers/${id}`;
    await programme.marketing('PATCH', path, { title: { de: 'Neu', en: 'offer birthday (en)' }, budget: null });
    await programme.marketing('POST', `${path}/publish`);
    await programme.marketing('PATCH', path, {
      asks: [
        { attribute: 'birthDate', purposes: ['newsletter'] },
        { attribute: 'diet', purposes: ['newsletter'], required: false },
      ],
    });
    const { status, body } = await programme.dpo('GET', `${path}/versions`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      data: [
        {
          version: 3,
          status: 'draft',
          publishedAt: null,
          publishedBy: null,
          change: null,
          terms: { title: { de: 'Neu' } },
          changes: [{ path: '/asks/diet', before: null, after: { retentionDays: 1, required: false } }],
        },
        {
          version: 2,
          status: 'in-force',
          publishedBy: { name: 'a key' },
          change: 'compatible',
          changes: [
            { path: '/title/de', before: 'offer birthday (de)', after: 'Neu' },
            { path: '/budget', before: { points: 1000 }, after: null },
          ],
        },
        { version: 1, status: 'replaced', change: null, changes: [], terms: { budget: { points: 1000 } } },
      ],
      nextCursor: null,
    });
  });

  it('hold what the catalogue has otherwise than when the one before was published', async () => {
    const id = await published(programme, offer('birthday'));
    await programme.marketing('PATCH', `/v1/offers/${id}`, {});
    await programme.marketing('PATCH', `/v1/offers/${id}`, { minimumAge: 16 });
    await programme.marketing('POST', '/v1/recipients', { key: 'late', name: 'Latecomer', purposes: ['newsletter'] });
    const { body } = await programme.marketing('GET', `/v1/offers/${id}/versions`);
    expect(body.data[0].changes).toEqual([
      {
        path: '/asks/birthDate/purposes/newsletter/recipients',
        before: ['Mail & Co'],
        after: ['Latecomer', 'Mail & Co'],
      },
      { path: '/minimumAge', before: null, after: 16 },
    ]);
  });

  it('come in pages, and compare across them', async () => {
    const id = await published(programme, offer('birthday'));
    const path = `/v1/offers/${id}`;
    await programme.marketing('PATCH', path, { minimumAge: 16 });
    const first = await programme.marketing('GET', `${path}/versions?limit=1`);
    expect(first.body).toMatchObject({ data: [{ version: 2, changes: [{ path: '/minimumAge' }] }], nextCursor: '2' });
    const second = await programme.marketing('GET', `${path}/versions?limit=1&after=2`);
    expect(second.body).toMatchObject({ data: [{ version: 1 }], nextCursor: null });
    expect((await programme.marketing('GET', `${path}/versions?after=x`)).status).toBe(422);
    expect((await programme.marketing('GET', `/v1/offers/${NONE}/versions`)).status).toBe(404);
    expect((await (await app.foundProgramme()).marketing('GET', `${path}/versions`)).status).toBe(404);
  });
});

describe('a duplicate', () => {
  it('is a draft with the terms that were written last, under a key of its own', async () => {
    const id = await published(programme, offer('birthday', { budget: { points: 1000 }, endsAt: inDays(3) }));
    await programme.marketing('PATCH', `/v1/offers/${id}`, { eligibility: 'country == "DE"' });
    const { body: original } = await programme.marketing('GET', `/v1/offers/${id}`);
    const answer = await programme.marketing('POST', `/v1/offers/${id}/duplicate`, { key: 'again' });
    const { version: _, revision: __, ...terms } = original.draft;
    expect(answer).toMatchObject({ status: 201, body: { ...terms, key: 'again', status: 'draft', version: null } });
    expect(answer.body.id).not.toBe(id);
    expect((await programme.marketing('GET', `/v1/offers/${id}`)).body).toEqual(original);
    const taken = await programme.marketing('POST', `/v1/offers/${id}/duplicate`, { key: 'again' });
    expect(taken).toMatchObject({ status: 409, body: problem('key-taken') });
    expect((await programme.marketing('POST', `/v1/offers/${NONE}/duplicate`, { key: 'x' })).status).toBe(404);
    expect((await programme.dpo('POST', `/v1/offers/${id}/duplicate`, { key: 'x' })).status).toBe(403);
  });

  it('is made once for one key of idempotency', async () => {
    const id = await created(programme, offer('birthday'));
    const once = () =>
      programme.marketing('POST', `/v1/offers/${id}/duplicate`, { key: 'twin' }, { 'idempotency-key': 'one' });
    expect((await once()).body.id).toBe((await once()).body.id);
  });
});

describe('checks', () => {
  const checksOf = async (id: string, locale = 'en'): Promise<{ ready: boolean; checks: Check[] }> => {
    const { status, body } = await programme.marketing('GET', `/v1/offers/${id}/checks?locale=${locale}`);
    expect(status).toBe(200);
    return body;
  };
  /** Everything but what is fine. */
  const saidOf = async (changes: object) => {
    const { checks } = await checksOf(await created(programme, offer('birthday', changes)));
    return checks.filter(({ level }) => level !== 'ok').map(({ code, level, pointer }) => [level, code, pointer]);
  };
  const QUIET = { budget: { points: 100_000 }, minimumAge: 16 };

  it('say what is fine as well, in the language that is asked for or the programme’s own', async () => {
    const id = await created(programme, offer('birthday', { ...QUIET, validDays: 1, endsAt: '2100-01-01T00:00:00Z' }));
    const english = await checksOf(id);
    expect(english.ready).toBe(true);
    const messages = english.checks.map(({ message }) => message);
    expect(messages).toContain('The budget runs for 1,000 shares.');
    expect(messages).toContain('“title of birthDate (en)” is kept for 365 days.');
    expect(messages).toContain('The points last for one day.');
    expect(messages).toContain('Each customer earns at most once in 365 days.');
    expect(messages).toContain('It runs from its publication until January 1, 2100 at 1:00 AM.');
    const german = await checksOf(id, 'de-AT');
    expect(german.checks.map(({ code, level }) => ({ code, level }))).toEqual(
      english.checks.map(({ code, level }) => ({ code, level })),
    );
    expect(german.checks.map(({ message }) => message)).toContain('Das Budget reicht für 1.000 Teilungen.');
    expect(german.checks.filter(({ message }) => messages.includes(message))).toEqual([]);
    expect((await programme.marketing('GET', `/v1/offers/${id}/checks`)).body).toEqual(german);
  });

  it('are quiet about an offer that nothing is to be said of', async () => {
    expect(await saidOf(QUIET)).toEqual([]);
  });

  it.each<[string, object, unknown[]]>([
    ['no budget', { budget: null }, ['warning', 'budget', '/budget']],
    ['a budget for few', { budget: { points: 900 } }, ['warning', 'budget', '/budget']],
    ['no minimum age', { minimumAge: null }, ['warning', 'minimum-age', '/minimumAge']],
    ['one text for both languages', { text: 'Tell us.' }, ['warning', 'texts', '/text']],
    ['words of trade', { text: { de: 'Wir bezahlen dich.', en: 'Tell us.' } }, ['warning', 'wording', '/text/de']],
    ['an end in the past', { endsAt: '2020-01-01T00:00:00Z' }, ['error', 'window', '/endsAt']],
    ['a rule', { eligibility: 'orders > 3' }, ['warning', 'eligibility', '/eligibility']],
    ['California without a record', { regions: ['US-CA'] }, ['error', 'california', '/valueOfData']],
    [
      'California with an old record',
      {
        regions: ['US'],
        valueOfData: { method: 'x', inputs: 'x', reviewer: 'x', validUntil: '2020-01-01' },
      },
      ['error', 'california', '/valueOfData/validUntil'],
    ],
    [
      'a purpose that nobody is registered for',
      { asks: [{ attribute: 'birthDate', purposes: ['research'] }] },
      ['error', 'recipients', '/asks/0/attribute'],
    ],
    [
      'advertising by others',
      { asks: [{ attribute: 'birthDate', purposes: ['newsletter', 'research'] }] },
      ['warning', 'advertising', '/asks/0/purposes/1'],
    ],
    [
      'what is specially protected',
      { asks: [{ attribute: 'diet', purposes: ['newsletter'] }] },
      ['warning', 'special', '/asks/0/attribute'],
    ],
    [
      'nothing that is required',
      { asks: [{ attribute: 'birthDate', purposes: ['newsletter'], required: false }] },
      ['warning', 'optional', '/asks'],
    ],
  ])('say of %s', async (_, changes, expected) => {
    expect(await saidOf({ ...QUIET, ...changes })).toContainEqual(expected);
  });

  it('say of what is kept for long', async () => {
    await programme.marketing('POST', '/v1/attributes', attribute('size', { retentionDays: 3650 }));
    const asks = [{ attribute: 'size', purposes: ['newsletter'] }];
    expect(await saidOf({ ...QUIET, asks })).toEqual([['warning', 'retention', '/asks/0/attribute']]);
  });

  it.each<[string, object]>([
    ['nothing', {}],
    ['an end in the past', { endsAt: '2020-01-01T00:00:00Z' }],
    ['California without a record', { regions: ['US'] }],
    ['nobody who could use it', { asks: [{ attribute: 'diet', purposes: ['research'] }] }],
    ['a small budget and a rule', { budget: { points: 100 }, eligibility: 'true' }],
  ])('are ready exactly when publishing works: %s', async (_, changes) => {
    const id = await created(programme, offer('birthday', changes));
    const { ready } = await checksOf(id);
    expect((await programme.marketing('POST', `/v1/offers/${id}/publish`)).status).toBe(ready ? 200 : 422);
  });

  it('follow the approval where the programme wants one', async () => {
    await programme.admin('PATCH', '/v1/programme', { requiresApproval: true });
    const id = await created(programme, offer('birthday', QUIET));
    const said = async () => {
      const { ready, checks } = await checksOf(id);
      return [ready, checks.find(({ code }) => code === 'approval')?.message];
    };
    expect(await said()).toEqual([false, 'A second person must approve it: submit the draft.']);
    await programme.marketing('POST', `/v1/offers/${id}/submission`);
    expect(await said()).toEqual([false, expect.stringMatching(/waits/)]);
    await programme.admin('POST', `/v1/offers/${id}/approval`);
    expect(await said()).toEqual([true, 'A second person has approved the draft.']);
    await programme.marketing('POST', '/v1/recipients', { key: 'late', name: 'Latecomer', purposes: ['newsletter'] });
    expect(await said()).toEqual([false, expect.stringMatching(/catalogue .* has changed/)]);
  });

  it('say that there is nothing to publish, that a change is material, and that an offer has ended', async () => {
    const id = await published(programme, offer('birthday', QUIET));
    const inForce = await checksOf(id);
    expect(inForce).toMatchObject({ ready: false });
    expect(inForce.checks[0]).toMatchObject({ code: 'draft', level: 'error' });
    await programme.marketing('PATCH', `/v1/offers/${id}`, { asks: [{ attribute: 'diet', purposes: ['newsletter'] }] });
    const next = await checksOf(id);
    expect(next.ready).toBe(true);
    expect(next.checks).toContainEqual(expect.objectContaining({ code: 'change', level: 'warning' }));
    await programme.marketing('POST', `/v1/offers/${id}/end`);
    expect((await checksOf(id)).checks[0]?.message).toMatch(/has ended/);
    expect((await programme.marketing('GET', `/v1/offers/${NONE}/checks`)).status).toBe(404);
    expect((await programme.dpo('GET', `/v1/offers/${id}/checks`)).status).toBe(403);
  });
});

describe('a dry run', () => {
  const tried = (id: string, examples: unknown) =>
    programme.marketing('POST', `/v1/offers/${id}/dry-run`, { examples });

  it('says who would earn and who would not, by the facts that the draft looks at', async () => {
    const id = await created(
      programme,
      offer('birthday', { eligibility: 'orders >= 3', minimumAge: 16, regions: ['DE', 'AT'] }),
    );
    const { status, body } = await tried(id, [
      { name: 'Anna', context: { country: 'DE', age: 30, orders: 5, hobby: 'chess' } },
      { name: 'Ben', context: { country: 'DE', age: 30, orders: 2 } },
      { name: 'Cleo', context: { country: 'DE', ageBand: '13-15', orders: 5 } },
      { context: { country: 'FR', age: 30, orders: 5 } },
      { context: {} },
    ]);
    expect(status).toBe(200);
    expect(body.results).toEqual([
      {
        name: 'Anna',
        earnsNow: true,
        facts: { country: 'DE', region: null, age: 30, ageBand: null, orders: 5 },
      },
      { name: 'Ben', earnsNow: false, whyNot: 'not-eligible', facts: expect.objectContaining({ orders: 2 }) },
      { name: 'Cleo', earnsNow: false, whyNot: 'too-young', facts: expect.objectContaining({ ageBand: '13-15' }) },
      { name: '4', earnsNow: false, whyNot: 'not-eligible', facts: expect.objectContaining({ country: 'FR' }) },
      { name: '5', earnsNow: false, whyNot: 'not-eligible', facts: expect.objectContaining({ orders: null }) },
    ]);
  });

  it('looks at all facts where the rule does, and at none where there is none', async () => {
    const all = await created(programme, offer('all', { eligibility: 'size(context) == 1' }));
    expect((await tried(all, [{ context: { a: 1 } }])).body.results[0]).toMatchObject({
      earnsNow: true,
      facts: { a: 1 },
    });
    const free = await created(programme, offer('free'));
    expect((await tried(free, [{ context: { a: 1 } }])).body.results[0]).toEqual({
      name: '1',
      earnsNow: true,
      facts: {},
    });
  });

  it('tries the draft rather than what is in force', async () => {
    const id = await published(programme, offer('birthday'));
    await programme.marketing('PATCH', `/v1/offers/${id}`, { eligibility: 'false' });
    expect((await tried(id, [{ context: {} }])).body.results[0].earnsNow).toBe(false);
  });

  it.each([[[]], [[{}]], [[null]], ['x'], [[{ context: 'x' }]], [[{ context: {}, other: 1 }]], [undefined]])(
    'refuses %j',
    async (examples) => {
      const id = await created(programme, offer('birthday'));
      expect((await tried(id, examples)).status).toBe(422);
    },
  );

  it('is of an offer that is there, for marketing', async () => {
    expect((await tried(NONE, [{ context: {} }])).status).toBe(404);
    const id = await created(programme, offer('birthday'));
    const body = { examples: [{ context: {} }] };
    expect((await programme.dpo('POST', `/v1/offers/${id}/dry-run`, body)).status).toBe(403);
    const other = await app.foundProgramme();
    expect((await other.marketing('POST', `/v1/offers/${id}/dry-run`, body)).status).toBe(404);
  });
});

describe('an eligibility rule', () => {
  const checked = async (eligibility: unknown) =>
    (await programme.marketing('POST', '/v1/eligibility-checks', { eligibility })).body;

  it('is said to be sound, with the facts that it looks at', async () => {
    expect(await checked('orders >= 3 && country in ["DE"] && has(context.tier)')).toEqual({
      valid: true,
      errors: [],
      facts: ['country', 'orders', 'tier'],
    });
    expect((await checked('size(context) > 1')).facts).toEqual(['context']);
  });

  it.each([
    ['country == "DE" &&', { line: 1, column: 19 }, 'out-of-place'],
    ['country == "DE" &&\n  isAdult(age)', { line: 2, column: 3 }, 'unknown-function'],
    ['country.matches("D.")', { line: 1, column: 1 }, 'unknown-function'],
    ['country == "DE', { line: 1, column: 12 }, 'open-text'],
    ['orders > 0x', { line: 1, column: 10 }, 'no-number'],
    ['"3" > 2', { line: 1, column: 1 }, 'other-types'],
    ['[1, "a"].size() > 1', { line: 1, column: 5 }, 'other-types'],
    ['tags.exists(t, tags.exists(u, t == u))', { line: 1, column: 1 }, 'loop-in-loop'],
    ['tags.exists(t, t + t == "aa")', { line: 1, column: 16 }, 'sum-in-loop'],
    [`${'('.repeat(30)}a${')'.repeat(30)}`, { line: 1, column: 25 }, 'too-large'],
    ['', { line: 1, column: 1 }, 'out-of-place'],
    ['1 + 1', undefined, 'no-condition'],
    [`"${'x'.repeat(2000)}" == a`, undefined, 'too-large'],
  ])('%#: is said to be wrong, and where', async (rule, position, kind) => {
    const { valid, errors, facts } = await checked(rule);
    const [{ position: where, kind: what }] = errors;
    expect({ valid, facts, count: errors.length, where, what }).toEqual({
      valid: false,
      facts: [],
      count: 1,
      where: position,
      what: kind,
    });
    expect(errors[0].message).not.toBe('');
  });

  it('is a text', async () => {
    expect(await checked(7)).toMatchObject(problem('invalid-request'));
  });
});

describe('a preview', () => {
  const { key: _, ...draft } = offer('birthday');
  const preview = (body: object) => programme.marketing('POST', '/v1/offer-previews', body);

  it('is what customers are shown once it is published', async () => {
    const { status, body } = await preview({ ...draft, key: 'birthday' });
    expect(status).toBe(200);
    await published(programme, offer('birthday'));
    for (const locale of ['de', 'en'] as const) {
      const { body: quotes } = await programme.storefront('GET', `/v1/customers/anna/offers?locale=${locale}`);
      const { offerId, notice, ...shown } = quotes.data[0];
      expect(body[locale]).toMatchObject(shown);
      expect(body[locale].notice).toMatchObject({ text: notice.text, hash: notice.hash, locale });
      expect(offerId).not.toBe(body[locale].offerId);
      expect(body[locale].offerId).toBe('off_00000000000000000000000000');
    }
  });

  it('is there while the texts are being written, and stores nothing', async () => {
    const { title: __, ...untitled } = draft as Record<string, unknown>;
    const { body } = await preview({ ...untitled, text: { de: 'Sag uns', en: '' } });
    expect(body.de).toMatchObject({ title: '…', text: 'Sag uns' });
    expect(body.en).toMatchObject({ title: '…', text: '…' });
    expect((await programme.marketing('GET', '/v1/offers')).body.data).toEqual([]);
  });

  it.each<[object, string]>([
    [{ asks: [] }, '/asks'],
    [{ asks: undefined }, '/asks'],
    [{ asks: [{ attribute: 'missing', purposes: ['newsletter'] }] }, '/asks/0/attribute'],
    [{ reward: undefined }, '/reward'],
    [{ reward: { type: 'discount', discount: { kind: 'percent', validDays: 1 } } }, '/reward/discount/percent'],
    [{ title: { de: 7 } }, '/title/de'],
    [{ title: 'x' }, '/title'],
    [{ price: 1 }, '/price'],
  ])('refuses %j', async (changes, pointer) => {
    const { status, body } = await preview({ ...draft, ...changes });
    expect(status).toBe(422);
    expect(body.errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
  });

  it('is marketing’s', async () => {
    expect((await programme.dpo('POST', '/v1/offer-previews', draft)).status).toBe(403);
    expect((await programme.storefront('POST', '/v1/offer-previews', draft)).status).toBe(403);
  });
});

describe('the list of offers', () => {
  it('says what is left of a budget, and how far an approval is', async () => {
    await published(programme, offer('budgeted', { budget: { points: 1000 } }));
    await published(programme, offer('unlimited'));
    await created(programme, offer('draft', { budget: { points: 1000 } }));
    const { body } = await programme.marketing('GET', '/v1/offers');
    const shown = body.data.map(({ key, status, budgetLeft, approval }: Record<string, unknown>) => ({
      key,
      status,
      budgetLeft,
      approval,
    }));
    const approval = { state: 'none' };
    expect(shown).toEqual([
      { key: 'draft', status: 'draft', budgetLeft: undefined, approval },
      { key: 'unlimited', status: 'live', budgetLeft: undefined, approval },
      { key: 'budgeted', status: 'live', budgetLeft: 1000, approval },
    ]);
  });
});
