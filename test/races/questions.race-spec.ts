import { QUESTIONS_A_DAY } from '../../src/disclosure/questions';
import { brokenInvariants } from '../setup/invariants';
import { startTwoApis, tally, type TwoApis } from './two-apis';

/** Questions about one value through two processes at once: the lock of whoever counts them is taken out at the end. */
const AT_ONCE = 40;

let apis: TwoApis;
beforeAll(async () => {
  apis = await startTwoApis();
  // Whoever has counted waits before it is seen.
  await apis.sql(`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NULL; END $$;
    CREATE TRIGGER slow AFTER INSERT ON disclosures FOR EACH STATEMENT EXECUTE FUNCTION dawdle()`);
});
afterAll(() => apis.stop());

async function askAll(customerRef: string): Promise<Record<string, number>> {
  await apis.share(0, customerRef);
  const key = apis.programme.recipients.newsletter.apiKey;
  const body = { customerRef, purpose: 'greeting', expression: 'birthday < "1990"' };
  return tally(
    await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => apis.post(n, '/v1/predicates', body, { key }))),
  );
}

it('are answered as often as they may be, and not once more', async () => {
  expect(await askAll('one')).toEqual({
    '200': QUESTIONS_A_DAY,
    '429 too-many-questions': AT_ONCE - QUESTIONS_A_DAY,
  });
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

it('without the lock they are answered too often', async () => {
  await apis.sql(`CREATE OR REPLACE FUNCTION question_lock(programme uuid, recipient uuid, ref text) RETURNS bigint LANGUAGE sql
    VOLATILE PARALLEL SAFE AS $$ SELECT hashtextextended(random()::text, 0) $$`);
  // Two have to meet: on a busy machine not in every round.
  let answered = 0;
  for (let round = 0; round < 10 && answered <= QUESTIONS_A_DAY; round++)
    answered = (await askAll(`too-often-${round}`))['200'] ?? 0;
  expect(answered).toBeGreaterThan(QUESTIONS_A_DAY);
});
