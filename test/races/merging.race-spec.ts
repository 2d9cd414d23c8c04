import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { parsePublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import { eventually, type Answer } from '../setup/service';
import { startTwoApis, tally, WITHOUT_CUSTOMER_LOCK, type TwoApis } from './two-apis';

/**
 * A merge against everything that can happen to its two customers at once, in two processes, while the worker books: no point
 * is lost or made, nothing is released once it has answered, and of merges that contradict each other one is made.
 *
 * The guards, taken out and tried: without the customers' lock releases get through (the last test); without the trigger that
 * owes points which come back, refunds stay with the one who is merged away, and the first test says so, as the view
 * i12_merged_points_owed does.
 */

const ROUNDS = 8;
const range = (length: number): number[] => Array.from({ length }, (_, n) => n);

const WITNESSES = `
  CREATE SCHEMA race;
  CREATE TABLE race.released (disclosure uuid, at timestamptz);
  CREATE FUNCTION race.release_commits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN PERFORM pg_sleep(0.005); INSERT INTO race.released VALUES (NEW.id, clock_timestamp()); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER committing AFTER INSERT ON disclosures DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION race.release_commits()`;
/** Of the customer who is merged away, and committed after the merge was made. */
const COMMITTED_AFTER_A_MERGE = `
  SELECT count(*)::int AS count FROM race.released l JOIN disclosures d ON d.id = l.disclosure
    JOIN merges m ON m.programme_id = d.programme_id AND m.from_id = d.customer_id AND m.undone_at IS NULL WHERE l.at > m.merged_at`;

let apis: TwoApis;
beforeAll(async () => {
  apis = await startTwoApis({ worker: true, offer: { perCustomer: { times: 100, everyDays: 1 } } });
  await apis.sql(WITNESSES);
});
afterAll(() => apis.stop());

const merge = (api: number, from: string, into: string): Promise<Answer> =>
  apis.post(api, `/v1/customers/${from}/merge`, { into });
const count = async (query: string): Promise<number> => (await apis.sql<{ count: number }>(query))[0]?.count ?? -1;
const redeem = (api: number, customerRef: string, points: number, capture = true): Promise<Answer> =>
  apis.post(api, '/v1/redemptions', { customerRef, points, orderRef: 'order', capture });
const step = (api: number, redemption: Answer, name: 'refund' | 'release' | 'capture'): Promise<Answer> =>
  apis.post(api, `/v1/redemptions/${redemption.body['id']}/${name}`, {});
const give = (api: number, customerRef: string, points: number, reference: string): Promise<Answer> =>
  apis.post(api, '/v1/awards', { customerRef, points, reason: 'Order', reference });
const nothingOwed = (): Promise<unknown> =>
  eventually(
    () => apis.sql('SELECT FROM outbox'),
    (rows) => rows.length === 0,
  );
async function customer(ref: string, points: number): Promise<string> {
  expect(await give(0, ref, points, `start-${ref}`)).toMatchObject({ status: 201 });
  return ref;
}
/** Whether a customer is merged away, the balance is that of the other. */
async function available(...refs: string[]): Promise<number[]> {
  const balances = await Promise.all(refs.map((ref) => apis.programme.balance(ref)));
  return balances.map((one) => one.available ?? 0);
}

it('redemptions, refunds, releases, awards and their posting: every point is there in the end, at the other', async () => {
  for (const round of range(ROUNDS)) {
    const [from, into] = [await customer(`r${round}a`, 100), await customer(`r${round}b`, 50)];
    await nothingOwed();
    const [refunded, released, captured, later] = (await Promise.all([
      redeem(0, from, 10),
      redeem(1, from, 20, false),
      redeem(0, from, 5, false),
      redeem(1, from, 4),
    ])) as [Answer, Answer, Answer, Answer];
    const [merged, ...others] = await Promise.all([
      sleep(round * 3).then(() => merge(round, from, into)),
      give(0, from, 7, `late-${from}`),
      give(1, into, 3, `late-${into}`),
      redeem(0, from, 11),
      redeem(1, from, 13),
      redeem(1, into, 17),
      step(0, refunded, 'refund'),
      step(1, released, 'release'),
      step(0, captured, 'capture'),
    ]);
    expect(merged).toMatchObject({ status: 201 });
    const [lateFrom, lateInto, ...redeemed] = others.slice(0, 5);
    expect(tally(others.slice(5))).toEqual({ 200: 3 });
    const given = 150 + (lateFrom!.status === 201 ? 7 : 0) + (lateInto!.status === 201 ? 3 : 0);
    const spent = 5 + 4 + [11, 13, 17].reduce((sum, points, n) => sum + (redeemed[n]?.status === 201 ? points : 0), 0);
    for (const { status } of [lateFrom!, ...redeemed]) expect([201, 409]).toContain(status);
    await nothingOwed();
    expect(await available(into)).toEqual([given - spent]);
    // Also when nothing of the merge is under way any more.
    expect(await step(round, later, 'refund')).toMatchObject({ status: 200 });
    await nothingOwed();
    expect(await available(into)).toEqual([given - spent + 4]);
    expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
  }
});

it('the same two, both ways and many times at once: one merge is made', async () => {
  for (const round of range(ROUNDS)) {
    const [one, two] = [await customer(`m${round}a`, 10), await customer(`m${round}b`, 20)];
    await nothingOwed();
    const answers = await Promise.all(range(6).map((n) => (n % 2 === 0 ? merge(n, one, two) : merge(n + 1, two, one))));
    expect(tally(answers)).toEqual({ 201: 1, '409 customer-merged': 5 });
    const third = await customer(`m${round}c`, 1);
    const chain = await Promise.all([
      merge(0, one, third),
      merge(1, two, third),
      merge(0, third, one),
      merge(1, third, two),
    ]);
    expect(tally(chain)[201]).toBe(1);
    await nothingOwed();
    const points = await available(one, two, third);
    expect(points.reduce((sum, some) => sum + some, 0)).toBe(31);
  }
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

it('undos, refunds and redemptions: every point is there in the end, with one of the two', async () => {
  for (const round of range(ROUNDS)) {
    const [from, into] = [await customer(`u${round}a`, 100), await customer(`u${round}b`, 50)];
    await nothingOwed();
    const earlier = await redeem(0, from, 30);
    const { body } = await merge(1, from, into);
    const [undone, again, ...others] = await Promise.all([
      sleep(round * 2).then(() => apis.post(round, `/v1/merges/${body['id']}/undo`, {})),
      apis.post(round + 1, `/v1/merges/${body['id']}/undo`, {}),
      step(0, earlier, 'refund'),
      redeem(1, into, 40),
      redeem(0, into, 45),
    ]);
    expect([undone.status, again.status].sort()).toEqual([200, 409]);
    const spent = [40, 45].reduce((sum, points, n) => sum + (others[n + 1]?.status === 201 ? points : 0), 0);
    await nothingOwed();
    const [left, right] = (await available(from, into)) as [number, number];
    expect(left + right).toBe(150 - spent);
    expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
  }
});

// Whoever moves points of several customers locks them in the order of their ids.
it('a reversal that waited for an undo lets go of the other customer before it locks the one', async () => {
  const [from, into] = [await customer('w-a', 10), await customer('w-b', 10)];
  const { body: award } = await give(0, from, 5, 'wrong');
  await nothingOwed();
  const { body: merged } = await merge(0, from, into);
  await nothingOwed();
  const standing = (many: number) =>
    eventually(
      () => apis.sql('SELECT FROM pg_locks WHERE NOT granted'),
      ({ length }) => length === many,
    );
  await apis.sql(`
    CREATE FUNCTION race.undo_stands() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NULL; END $$;
    CREATE TRIGGER stands AFTER UPDATE ON merges FOR EACH ROW EXECUTE FUNCTION race.undo_stands();
    SELECT pg_advisory_lock(77)`);
  const both = new Client({ connectionString: apis.databaseUrl });
  await both.connect();
  try {
    const undone = apis.post(0, `/v1/merges/${merged['id']}/undo`, {});
    await standing(1);
    const reversal = { reason: 'error', evidence: 'See file 7.' };
    const reversed = apis.post(1, `/v1/awards/${award['id']}/reversals`, reversal, { key: apis.programme.adminKey });
    await standing(2);
    // As a batch of redemptions of the two does. Where they lock each other out, it is this one that is thrown out.
    await both.query(`BEGIN; SET LOCAL deadlock_timeout = '300ms'`);
    const lock = (ref: string) =>
      both.query(
        `SELECT FROM accounts a JOIN customers c ON c.id = a.customer_id
          WHERE a.programme_id = $1 AND c.ref = $2 AND a.kind = 'available' FOR NO KEY UPDATE OF a`,
        [parsePublicId('prg', apis.programme.id), ref],
      );
    const one = lock(from);
    await standing(3);
    await apis.sql('SELECT pg_advisory_unlock(77)');
    expect((await undone).status).toBe(200);
    await one;
    await Promise.race([standing(1), reversed]);
    await lock(into);
    await both.query('COMMIT');
    expect(await reversed).toMatchObject({ status: 201, body: { reversed: 5 } });
    expect(await available(from, into)).toEqual([10, 10]);
  } finally {
    await both.end();
    await apis.sql('SELECT pg_advisory_unlock_all(); DROP FUNCTION race.undo_stands CASCADE');
  }
});

it('shares and revocations: nothing is given under the old reference once it has answered', async () => {
  for (const round of range(ROUNDS)) {
    const [from, into] = [`s${round}a`, `s${round}b`];
    await Promise.all([apis.share(0, from), apis.share(1, into)]);
    const [merged, ...others] = await Promise.all([
      merge(round, from, into),
      ...range(3).map((n) => apis.share(n, from)),
      apis.revoke(1, from, { purpose: 'advice' }),
      apis.revoke(0, into, { purpose: 'advice' }),
    ]);
    expect(merged).toMatchObject({ status: 201 });
    for (const { status } of others.slice(0, 3)) expect([201, 409]).toContain(status);
    expect(tally([await apis.share(0, from), await apis.share(1, from)])).toEqual({ '409 customer-merged': 2 });
    const shares = 2 + others.slice(0, 3).filter(({ status }) => status === 201).length;
    await nothingOwed();
    expect(await available(into)).toEqual([120 * shares]);
  }
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

/** Readers on both processes while a merge is made; what was asked for after it has answered. */
async function raceWithReleases(round: number): Promise<Answer> {
  const [from, into] = [`d${round}a`, `d${round}b`];
  await Promise.all([apis.share(0, from), apis.share(1, into)]);
  let isOver = false;
  const reader = async (api: number): Promise<void> => {
    while (!isOver) await apis.disclose(api, from);
  };
  const readers = range(4).map(reader);
  await sleep(Math.random() * 20);
  await merge(round, from, into);
  const after = await apis.disclose(1, from);
  isOver = true;
  await Promise.all(readers);
  return after;
}

it('releases: none commits after the merge', async () => {
  for (const round of range(2 * ROUNDS)) expect(await raceWithReleases(round)).toMatchObject({ status: 403 });
  expect(await count(COMMITTED_AFTER_A_MERGE)).toBe(0);
  expect(await count('SELECT count(*)::int AS count FROM race.released')).toBeGreaterThan(ROUNDS);
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

it('without the customer’s lock they do, and are found out', async () => {
  await apis.sql(WITHOUT_CUSTOMER_LOCK);
  for (const round of range(4 * ROUNDS)) await raceWithReleases(100 + round);
  expect(await count(COMMITTED_AFTER_A_MERGE)).toBeGreaterThan(0);
});
