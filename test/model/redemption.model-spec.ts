import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { expireLots } from '../../src/ledger';
import { Database } from '../../src/platform/database';
import { newId } from '../../src/platform/ids';
import { KeyRing } from '../../src/platform/key-ring';
import { Problem } from '../../src/platform/problem';
import { commitSteps, type Step } from '../../src/redemption';
import { grantOwed } from '../../src/rewards';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { ReferenceLedger } from './points';

/**
 * 10,000 random steps through the service's own batches, under a clock of our own over more than a year of Berlin, against a
 * reference that keeps each point by itself. Batches are of several steps of few customers, so that many follow another of
 * the same customer, and of the same redemption, in one transaction.
 *
 * Seen to fail when: what was taken first comes back first; a refund begins where the first one began; there is no grace; a lot
 * is spent past its day; a hold is captured past its time; more is refunded than is left.
 */
const STEPS = 10_000;
const CUSTOMERS = ['anna', 'ben', 'carla', 'dora'];
const SEED = Number(process.env['SEED'] ?? 20_260_115);

/** mulberry32 */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const berlin = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' });
const dayOf = (time: number): string => berlin.format(new Date(time));

describe('redemptions and a reference', () => {
  let testDatabase: TestDatabase;
  let database: Database;
  let client: Client;
  const programmeId = newId();
  const next = random(SEED);
  const upTo = (most: number): number => Math.floor(next() * most);
  const oneOf = <T>(list: readonly T[]): T => list[upTo(list.length)]!;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    database = await Database.connect({ url: testDatabase.url, connections: 2, entities: [] });
    client = new Client({ connectionString: testDatabase.url });
    await client.connect();
    const key = await new KeyRing(randomBytes(32), database).newProgrammeKey(programmeId);
    await client.query(
      `INSERT INTO programmes (id, slug, name, locale, wrapped_key) VALUES ($1, 'model', 'Model', 'de', $2)`,
      [programmeId, key],
    );
    await client.query('INSERT INTO customers (programme_id, ref) SELECT $1, unnest($2::text[])', [
      programmeId,
      CUSTOMERS,
    ]);
  });
  afterAll(async () => {
    await client.end();
    await database.close();
    await testDatabase.drop();
  });

  async function award(customer: string, points: number, until: string | null): Promise<void> {
    await client.query(
      `WITH award AS (INSERT INTO awards (programme_id, id, customer_id, kind, points, expires_on, promised_at, reason, reference)
         SELECT $1, $2::uuid, id, 'points', $4, $5, now(), 'model', $2::text FROM customers WHERE programme_id = $1 AND ref = $3)
       INSERT INTO outbox (programme_id, topic, id) VALUES ($1, 'points', $2::uuid)`,
      [programmeId, newId(), customer, points, until],
    );
    await grantOwed(database, programmeId, () => false);
  }

  function randomStep(known: string[]): Step {
    const id = known.length > 0 && next() < 0.9 ? known[Math.max(0, known.length - 1 - upTo(30))]! : newId();
    if (known.length === 0 || next() < 0.4) {
      return {
        do: 'redeem',
        id: newId(),
        customerRef: oneOf([...CUSTOMERS, 'nobody']),
        points: 1 + upTo(40),
        orderRef: 'order',
        holdSeconds: next() < 0.7 ? 1 + upTo(200_000) : undefined,
        order: undefined,
      };
    }
    const what = oneOf(['capture', 'release', 'expire', 'refund', 'refund'] as const);
    if (what === 'refund') return { do: 'refund', id, points: next() < 0.5 ? undefined : 1 + upTo(30) };
    return { do: what, id };
  }

  function expected(reference: ReferenceLedger, step: Step, now: number): string {
    const today = dayOf(now);
    if (step.do === 'redeem') {
      const until = step.holdSeconds === undefined ? null : now + step.holdSeconds * 1000;
      return reference.redeem(step.id, step.customerRef, step.points, today, until);
    }
    if (!reference.redemptions.has(step.id)) return 'not-found';
    if (step.do === 'capture') return reference.capture(step.id, now);
    if (step.do === 'refund') return reference.refund(step.id, step.points, today);
    return reference.release(step.id, now, today, step.do);
  }

  async function summary(customer: string, today: string) {
    const { rows: lots } = await client.query<{ until: string; points: number }>(
      `SELECT coalesce(to_char(l.expires_on, 'YYYY-MM-DD'), '9999-12-31') AS until, sum(l.remaining)::int AS points
         FROM lots l JOIN customers c ON c.id = l.customer_id WHERE c.ref = $1 AND l.remaining > 0
          AND (l.expires_on IS NULL OR l.expires_on >= $2) GROUP BY 1`,
      [customer, today],
    );
    const { rows } = await client.query<{ held: number }>(
      `SELECT coalesce(sum(a.balance), 0)::int AS held FROM accounts a JOIN customers c ON c.id = a.customer_id
        WHERE c.ref = $1 AND a.kind = 'held'`,
      [customer],
    );
    return { spendable: Object.fromEntries(lots.map(({ until, points }) => [until, points])), held: rows[0]?.held };
  }

  it(`agree after ${STEPS} steps, in every answer and every point`, async () => {
    const reference = new ReferenceLedger();
    const known: string[] = [];
    const tally: Record<string, number> = {};
    let now = Date.parse('2026-01-01T00:00:00Z');
    for (let taken = 0; taken < STEPS;) {
      now += upTo(100) < 3 ? 20 * 86_400_000 : upTo(12 * 3_600_000);
      const today = dayOf(now);
      if (next() < 0.5) {
        const [customer, points] = [oneOf(CUSTOMERS), 1 + upTo(60)];
        const until = next() < 0.2 ? null : dayOf(now + upTo(40) * 86_400_000);
        await award(customer, points, until);
        reference.award(customer, points, until);
      }
      if (next() < 0.05) {
        await expireLots(database, programmeId, () => false, new Date(now));
        reference.expire(today);
      }
      const steps = Array.from({ length: 1 + upTo(20) }, () => randomStep(known));
      const outcomes = await database.inProgramme(programmeId, (tx, commit) =>
        commitSteps(
          tx,
          commit,
          steps.map((step) => ({ step, idempotency: undefined })),
          new Date(now),
        ),
      );
      const told = outcomes.map((one) => (one instanceof Problem ? one.type : one.redemption.status));
      const wanted = steps.map((step) => expected(reference, step, now));
      expect({ seed: SEED, taken, steps, told }).toEqual({ seed: SEED, taken, steps, told: wanted });
      steps.forEach((step, n) => {
        if (step.do === 'redeem' && !(outcomes[n] instanceof Problem)) known.push(step.id);
        const name = `${step.do} ${told[n]}`;
        tally[name] = (tally[name] ?? 0) + 1;
      });
      for (const customer of next() < 0.05 ? CUSTOMERS : [oneOf(CUSTOMERS)]) {
        expect({ customer, ...(await summary(customer, today)) }).toEqual({
          customer,
          ...reference.summary(customer, today),
        });
      }
      taken += steps.length;
    }
    expect(await brokenInvariants(testDatabase.url)).toEqual({});
    // The steps were not all refused: each way of each step was gone often.
    for (const name of [
      'redeem held',
      'redeem captured',
      'redeem insufficient-points',
      'capture captured',
      'capture redemption-state',
      'release released',
      'release redemption-state',
      'expire released',
      'expire redemption-state',
      'refund captured',
      'refund redemption-state',
      'capture not-found',
    ]) {
      expect({ name, often: (tally[name] ?? 0) > 20 }).toEqual({ name, often: true });
    }
  }, 300_000);
});
