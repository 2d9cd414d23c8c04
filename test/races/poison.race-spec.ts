import { randomUUID } from 'node:crypto';
import { brokenInvariants } from '../setup/invariants';
import type { Answer } from '../setup/service';
import { startTwoApis, tally, type TwoApis } from './two-apis';

/**
 * I2 under group commit: a share, and a revocation, that the database throws out fails alone. Fails, with 500 for everyone of
 * the batch, when `mayBeOnes` of their batcher says no (tried).
 */

const SHARES = 40;

/**
 * A rule that the service does not know of, and tries that are counted also where they are rolled back, so that it shows
 * that the neighbours were in one batch with the poison. The first share takes a while, and what comes meanwhile gathers.
 */
const POISONED = `
  ALTER TABLE shares ADD CONSTRAINT poison CHECK (channel <> 'poison');
  CREATE SEQUENCE tries;
  CREATE FUNCTION try() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN PERFORM nextval('tries'); IF NEW.channel = 'slow' THEN PERFORM pg_sleep(0.3); END IF; RETURN NEW; END $$;
  CREATE TRIGGER try BEFORE INSERT ON shares FOR EACH ROW EXECUTE FUNCTION try()`;

/** The same of revocations: poison is an attribute's, and a purpose's takes a while. */
const POISONED_REVOCATIONS = `
  ALTER TABLE revocations ADD CONSTRAINT poison CHECK (NOT scope ? 'attribute');
  CREATE SEQUENCE revoking_tries;
  CREATE FUNCTION try_revoking() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN PERFORM nextval('revoking_tries'); IF NEW.scope ? 'purpose' THEN PERFORM pg_sleep(0.3); END IF; RETURN NEW; END $$;
  CREATE TRIGGER try BEFORE INSERT ON revocations FOR EACH ROW EXECUTE FUNCTION try_revoking()`;

let apis: TwoApis;
beforeAll(async () => {
  apis = await startTwoApis();
  await apis.sql(POISONED);
});
afterAll(() => apis.stop());

function shareBy(customerRef: string, channel: string, idempotencyKey: string = randomUUID()): Promise<Answer> {
  const { id: offerId, version: offerVersion, noticeHash } = apis.programme.offer;
  const consents = [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }];
  const body = { customerRef, offerId, offerVersion, noticeHash, values: { birthday: '1990' }, consents, channel };
  return apis.post(0, '/v1/shares', body, { idempotencyKey });
}

it('one share of a batch that violates a constraint fails alone', async () => {
  const first = shareBy('first', 'slow');
  const answers = await Promise.all(
    Array.from({ length: SHARES }, (_, n) => shareBy(`customer-${n}`, n === SHARES / 2 ? 'poison' : 'web', `key ${n}`)),
  );
  expect((await first).status).toBe(201);
  expect(tally(answers)).toEqual({ 201: SHARES - 1, '500 internal': 1 });
  expect(answers[SHARES / 2]?.status).toBe(500);
  const [tries] = await apis.sql<{ last_value: string }>('SELECT last_value FROM tries');
  // Each alone, and before that at least half of them together.
  expect(Number(tries?.last_value)).toBeGreaterThan(1.5 * SHARES);
});

it('nothing of it is left, and its key may be used again', async () => {
  const poisoned = `customer-${SHARES / 2}`;
  expect(await apis.sql('SELECT FROM customers WHERE ref = $1', [poisoned])).toHaveLength(0);
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
  const again = await shareBy(poisoned, 'web', `key ${SHARES / 2}`);
  expect(again.status).toBe(201);
  expect(again.headers.get('idempotency-replayed')).toBeNull();
});

describe('revocations that come together', () => {
  const refs = Array.from({ length: SHARES }, (_, n) => `leaver-${n}`);
  const poisoned = `leaver-${SHARES / 2}`;
  beforeAll(async () => {
    await Promise.all([...refs, 'slow-0', 'slow-1'].map((ref) => apis.share(0, ref)));
    await apis.sql(POISONED_REVOCATIONS);
  });

  it('fail alone where the database throws one out', async () => {
    const first = [0, 1].map((n) => apis.revoke(0, `slow-${n}`, { purpose: 'greeting' }));
    const answers = await Promise.all(
      refs.map((ref) => apis.revoke(0, ref, ref === poisoned ? { attribute: 'birthday' } : { everything: true }, ref)),
    );
    expect(tally(await Promise.all(first))).toEqual({ 201: 2 });
    expect(tally(answers)).toEqual({ 201: SHARES - 1, '500 internal': 1 });
    expect(answers[SHARES / 2]?.status).toBe(500);
    const [tries] = await apis.sql<{ last_value: string }>('SELECT last_value FROM revoking_tries');
    // Half of them twice: together with the poison, and alone.
    expect(Number(tries?.last_value)).toBeGreaterThan(1.25 * SHARES);
  });

  it('end nothing of the one, whose key may be used again, and all of the others', async () => {
    const active = await apis.sql<{ ref: string; count: number }>(
      `SELECT c.ref, count(*)::int AS count FROM consents k JOIN customers c ON c.programme_id = k.programme_id AND c.id = k.customer_id
        WHERE k.status = 'active' AND c.ref LIKE 'leaver-%' GROUP BY c.ref`,
    );
    expect(active).toEqual([{ ref: poisoned, count: 2 }]);
    expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
    const again = await apis.revoke(0, poisoned, { everything: true }, poisoned);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });
});
