import { randomUUID } from 'node:crypto';
import { brokenInvariants } from '../setup/invariants';
import type { Answer } from '../setup/service';
import { startTwoApis, tally, type TwoApis } from './two-apis';

/**
 * I2 under group commit: a share that the database throws out fails alone. Fails, with 500 for everyone of the batch, when
 * `mayBeOnes` of the exchange's batcher says no (tried).
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
