import type { Answer } from '../setup/service';
import { brokenInvariants } from '../setup/invariants';
import { startTwoApis, tally, WITHOUT_CUSTOMER_LOCK, type TwoApis } from './two-apis';

/**
 * I7 and I9: one key has one effect, and many keys earn once.
 *
 * Without the customer lock (and, for keys, the primary key of their table) shares and revocations fail this: see the end of
 * this file. Without the claim of `Idempotency.once`, keys of staff do, with 500 from the primary key (tried); and without the
 * second try in `Exchange` and `Revocations`, two bodies under one key do, with 500 too (tried).
 */

const TIMES = 50;
const times = <T>(length: number, of: (n: number) => T): T[] => Array.from({ length }, (_, n) => of(n));

/** It takes a while between what a transaction reads and its commit, so that two of them meet. */
const dawdle = (seconds: number): string => `CREATE OR REPLACE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql
  AS $$ BEGIN PERFORM pg_sleep(${seconds}); RETURN NULL; END $$`;
const SLOW = ['shares', 'revocations', 'access_keys'].map(
  (table) => `CREATE TRIGGER slow AFTER INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION dawdle()`,
);

async function count(apis: TwoApis, from: string, values: unknown[] = []): Promise<number | undefined> {
  return (await apis.sql<{ count: number }>(`SELECT count(*)::int AS count FROM ${from}`, values))[0]?.count;
}

const bodiesOf = (answers: Answer[], status: number): string[] => [
  ...new Set(answers.filter((answer) => answer.status === status).map(({ body }) => JSON.stringify(body))),
];
const replays = (answers: Answer[]): number =>
  answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true').length;

let apis: TwoApis;
beforeAll(async () => {
  apis = await startTwoApis();
  await apis.sql([dawdle(0.02), ...SLOW].join(';'));
});
afterAll(() => apis.stop());

describe('one key, sent 50 times at once to two processes', () => {
  it('shares once, and gets the same answer each time', async () => {
    const answers = await Promise.all(times(TIMES, (n) => apis.share(n, 'same', { idempotencyKey: 'share' })));
    expect(tally(answers)).toEqual({ 201: TIMES });
    expect(bodiesOf(answers, 201)).toHaveLength(1);
    expect(replays(answers)).toBe(TIMES - 1);
    expect(await count(apis, `shares JOIN customers c ON c.id = customer_id WHERE c.ref = 'same'`)).toBe(1);
    expect(await apis.programme.balance('same')).toMatchObject({ available: 0, pending: 120 });
  });

  it('with a body for each of two customers: shares for one of them, and refuses the other', async () => {
    for (let round = 0; round < 10; round++) {
      const refs = [`one-${round}`, `other-${round}`];
      const idempotencyKey = `two bodies ${round}`;
      const answers = await Promise.all(times(TIMES, (n) => apis.share(n, refs[n % 2]!, { idempotencyKey })));
      expect(tally(answers)).toEqual({ 201: TIMES / 2, '422 idempotency-key-reused': TIMES / 2 });
      expect(bodiesOf(answers, 201)).toHaveLength(1);
      expect(await count(apis, 'customers WHERE ref = ANY ($1)', [refs])).toBe(1);
    }
  });

  it('with two bodies, one request each: shares for one, and refuses the other', async () => {
    for (let round = 0; round < 20; round++) {
      const idempotencyKey = `two requests ${round}`;
      const answers = await Promise.all(times(2, (n) => apis.share(n, `pair-${round}-${n}`, { idempotencyKey })));
      expect(tally(answers)).toEqual({ 201: 1, '422 idempotency-key-reused': 1 });
    }
  });

  it('revokes once, and gets the same answer each time', async () => {
    await apis.share(0, 'revoker');
    const revoke = () =>
      Promise.all(times(TIMES, (n) => apis.revoke(n, 'revoker', { everything: true }, 'revocation')));
    const answers = [...(await revoke()), ...(await revoke())];
    expect(tally(answers)).toEqual({ 201: 2 * TIMES });
    expect(bodiesOf(answers, 201)).toHaveLength(1);
    expect(replays(answers)).toBe(2 * TIMES - 1);
    expect(await count(apis, 'revocations')).toBe(1);
    const other = await apis.revoke(1, 'revoker', { purpose: 'greeting' }, 'revocation');
    expect(tally([other])).toEqual({ '422 idempotency-key-reused': 1 });
  });

  it('revokes for one of two customers, and refuses the other', async () => {
    for (let round = 0; round < 10; round++) {
      const refs = [`leaver-${round}-0`, `leaver-${round}-1`];
      await Promise.all(refs.map((ref) => apis.share(0, ref)));
      const answers = await Promise.all(
        times(TIMES, (n) => apis.revoke(n >> 1, refs[n % 2]!, { everything: true }, `two leavers ${round}`)),
      );
      expect(tally(answers)).toEqual({ 201: TIMES / 2, '422 idempotency-key-reused': TIMES / 2 });
      expect(bodiesOf(answers, 201)).toHaveLength(1);
    }
    expect(await count(apis, 'revocations')).toBe(11);
  });

  it('issues one key of staff; whoever asks while that runs is told so', async () => {
    const as = { key: apis.programme.adminKey, idempotencyKey: 'staff' };
    const issue = (name: string) =>
      Promise.all(times(TIMES, (n) => apis.post(n, '/v1/keys', { kind: 'staff', role: 'dpo', name }, as)));
    const answers = [...(await issue('only')), ...(await issue('only'))];
    const { 201: done = 0, '409 idempotency-in-progress': running = 0 } = tally(answers);
    expect(done + running).toBe(2 * TIMES);
    expect(done).toBeGreaterThanOrEqual(TIMES);
    expect(bodiesOf(answers, 201)).toHaveLength(1);
    expect(await count(apis, `access_keys WHERE name = 'only'`)).toBe(1);
    const { '409 idempotency-in-progress': busy = 0, ...told } = tally(await issue('another'));
    expect(told).toEqual({ '422 idempotency-key-reused': TIMES - busy });
  });

  it('keeps every invariant', async () => {
    expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
  });
});

describe('30 keys of one customer for one offer, at once, to two processes', () => {
  it('earn once', async () => {
    const answers = await Promise.all(times(30, (n) => apis.share(n, 'farmer')));
    expect(tally(answers)).toEqual({ 201: 30 });
    const awards = answers.map(({ body }) => body['award'] as { status: string; why?: string });
    expect(awards.filter(({ status }) => status === 'pending')).toHaveLength(1);
    expect(awards.filter(({ status, why }) => status === 'none' && why === 'cool-off')).toHaveLength(29);
    expect(await apis.programme.balance('farmer')).toMatchObject({ available: 0, pending: 120 });
    expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
  });
});

/** That the above can fail. Of customers who are there already: no other constraint is to speak first. */
describe('the same without the customer lock and the primary key of keys', () => {
  let offer: Awaited<ReturnType<typeof apis.programme.publish>>;
  beforeAll(async () => {
    await Promise.all(times(10, (n) => apis.share(0, `known-${n}`)));
    offer = await apis.programme.publish({});
    await apis.sql(dawdle(0.5));
    await apis.sql(WITHOUT_CUSTOMER_LOCK);
    await apis.sql('ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pk');
  });

  it('one key shares twice', async () => {
    const answers = await Promise.all(
      times(TIMES, (n) => apis.share(n, 'known-0', { offer, idempotencyKey: 'twice' })),
    );
    expect(bodiesOf(answers, 201).length).toBeGreaterThan(1);
  });

  it('one key revokes twice', async () => {
    const answers = await Promise.all(
      times(TIMES, (n) => apis.revoke(n, 'known-0', { everything: true }, 'revokes twice')),
    );
    expect(bodiesOf(answers, 201).length).toBeGreaterThan(1);
  });

  it('many keys earn more than once', async () => {
    // What two processes do at the same moment is chance: tried until it happens.
    let earned = 0;
    for (let round = 0; round < 10 && earned <= 9; round++) {
      const fresh = await apis.programme.publish({});
      const answers = await Promise.all(
        times(100, (n) => apis.share(n >> 1, `known-${1 + (n % 9)}`, { offer: fresh })),
      );
      earned = answers.filter(({ body }) => body['award']?.status === 'pending').length;
    }
    expect(earned).toBeGreaterThan(9);
  });
});
