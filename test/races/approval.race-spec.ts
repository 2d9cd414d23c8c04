import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { parsePublicId } from '../../src/platform/ids';
import { call } from '../setup/service';
import { brokenInvariants } from '../setup/invariants';
import { startTwoApis, tally, type TwoApis } from './two-apis';

/**
 * A draft that was changed is never published on an old approval, however editing, approving and publishing fall together. The
 * first race goes over HTTP on two processes; at the end the database's word, require_approval(), is taken out, and the same race
 * is then expected to publish what nobody approved. The others go round the service and so round its lock of the offer: they
 * fail when the revision, or FOR SHARE, is left out of the migration's functions.
 */

const ROUNDS = 20;

/** What a draft promised at the moment when it was approved, as whoever approved it found it. */
const WITNESSES = `
  CREATE SCHEMA race;
  CREATE TABLE race.approved (offer_id uuid, version integer, reward jsonb);
  CREATE FUNCTION race.sees() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN INSERT INTO race.approved SELECT NEW.offer_id, NEW.version, v.reward FROM offer_versions v
      WHERE v.programme_id = NEW.programme_id AND v.offer_id = NEW.offer_id AND v.version = NEW.version;
    RETURN NULL; END $$;
  GRANT USAGE ON SCHEMA race TO gegenwert_app;
  CREATE TRIGGER seen AFTER UPDATE OF approved_by ON offer_submissions FOR EACH ROW EXECUTE FUNCTION race.sees();
  CREATE FUNCTION race.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01 * random()); RETURN NULL; END $$;
  CREATE TRIGGER slow AFTER UPDATE ON offer_versions FOR EACH STATEMENT EXECUTE FUNCTION race.dawdle();
  CREATE TRIGGER slow AFTER UPDATE ON offer_submissions FOR EACH STATEMENT EXECUTE FUNCTION race.dawdle()`;
const PUBLISHED_UNSEEN = `
  SELECT count(*)::int AS count FROM offer_versions v WHERE v.published_at IS NOT NULL AND v.offer_id IN (SELECT offer_id FROM offer_submissions)
     AND NOT EXISTS (SELECT FROM race.approved a WHERE a.offer_id = v.offer_id AND a.version = v.version AND a.reward = v.reward)`;
const WITHOUT_APPROVAL = `
  CREATE OR REPLACE FUNCTION require_approval() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`;

let apis: TwoApis;
let staff: Record<'ada' | 'ben' | 'cleo', string>;

beforeAll(async () => {
  apis = await startTwoApis();
  await apis.sql(WITNESSES);
  const { adminKey: key } = apis.programme;
  const made = async (name: string) =>
    (await apis.post(0, '/v1/keys', { kind: 'staff', role: 'marketing', name }, { key })).body['key'] as string;
  staff = { ada: await made('Ada'), ben: await made('Ben'), cleo: await made('Cleo') };
  await call(apis.urlOf(0), 'PATCH', '/v1/programme', { key, body: { requiresApproval: true } });
});
afterAll(() => apis.stop());

const count = async (query: string): Promise<number> => (await apis.sql<{ count: number }>(query))[0]?.count ?? -1;
const as = (who: keyof typeof staff) => ({ key: staff[who] });
const points = (amount: number) => ({ reward: { type: 'points', points: amount } });

let drafts = 0;
async function submittedDraft(): Promise<{ path: string; id: string }> {
  const body = {
    key: `draft${(drafts += 1)}`,
    title: 'Draft',
    text: 'Share with us',
    asks: [{ attribute: 'birthday', purposes: ['greeting'] }],
    ...points(1),
  };
  const { body: draft } = await apis.post(0, '/v1/offers', body, as('ada'));
  const path = `/v1/offers/${draft['id']}`;
  expect((await apis.post(0, `${path}/submission`, {}, as('ada'))).status).toBe(200);
  return { path, id: parsePublicId('off', draft['id'] as string) ?? '' };
}

/** One draft that is edited, approved and published at once, over both processes, each a few times. */
async function race(round: number) {
  const { path } = await submittedDraft();
  const later = <T>(work: () => Promise<T>): Promise<T> => sleep(Math.random() * 30).then(work);
  const edit = (api: number, amount: number) =>
    call(apis.urlOf(api), 'PATCH', path, { key: staff.ada, body: points(amount) });
  const answers = await Promise.all([
    later(() => apis.post(round, `${path}/approval`, {}, as('ben'))),
    later(() => edit(round + 1, 1000 + round)),
    later(() => apis.post(round + 1, `${path}/submission`, {}, as('ada'))),
    later(() => apis.post(round, `${path}/approval`, {}, as('ben'))),
    later(() => edit(round, 2000 + round)),
    ...[0, 1, 2, 3, 4, 5].map((api) => later(() => apis.post(api, `${path}/publish`, {}, as('cleo')))),
  ]);
  return answers.slice(5);
}

async function racing() {
  const answers = [];
  for (let round = 0; round < ROUNDS; round++) answers.push(...(await race(round)));
  return tally(answers);
}

it('publishes only what was approved as it is', async () => {
  const said = await racing();
  expect(Object.keys(said).filter((one) => !/^200$|approval-required$|offer-state$/.test(one))).toEqual([]);
  // Not for want of publications or of refusals.
  expect(said['200']).toBeGreaterThan(0);
  expect(said['409 approval-required']).toBeGreaterThan(0);
  expect(await count(PUBLISHED_UNSEEN)).toBe(0);
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

describe('in the database alone', () => {
  let one: Client;
  let other: Client;

  const begin = async (client: Client): Promise<void> => {
    await client.query('BEGIN');
    await client.query('SET LOCAL ROLE gegenwert_app');
    const programme = parsePublicId('prg', apis.programme.id);
    await client.query(`SELECT set_config('gegenwert.programme', $1, true)`, [programme]);
  };
  const EDIT = `UPDATE offer_versions SET reward = '{"type":"points","points":999}' WHERE offer_id = $1`;
  const PUBLISH = `UPDATE offer_versions v SET published_at = now(),
    asks = (SELECT s.asks FROM offer_submissions s WHERE s.offer_id = v.offer_id) WHERE offer_id = $1`;
  const APPROVE = `UPDATE offer_submissions s SET approved_by = gen_random_uuid(), approved_at = now(), asks = v.asks
    FROM offer_versions v WHERE v.offer_id = s.offer_id AND s.offer_id = $1`;
  const refused = { constraint: 'offer_versions_approved' };

  beforeEach(async () => {
    [one, other] = [0, 1].map(() => new Client({ connectionString: apis.databaseUrl })) as [Client, Client];
    await Promise.all([one.connect(), other.connect()]);
  });
  afterEach(() => Promise.all([one.end(), other.end()]));

  /** What the second transaction does waits for the first one, which then commits; what it is answered. */
  async function afterwards<T>(waiting: Promise<T>): Promise<T> {
    const answer = waiting.then(
      () => 'answered',
      () => 'answered',
    );
    expect(await Promise.race([answer, sleep(300).then(() => 'waiting')])).toBe('waiting');
    await one.query('COMMIT');
    return waiting;
  }

  it('a publication that waits for an edit is of what nobody approved', async () => {
    const { path, id } = await submittedDraft();
    await apis.post(0, `${path}/approval`, {}, as('ben'));
    await begin(one);
    await begin(other);
    await one.query(EDIT, [id]);
    await expect(afterwards(other.query(PUBLISH, [id]))).rejects.toMatchObject(refused);
  });

  it('an edit that waits for a publication comes too late', async () => {
    const { path, id } = await submittedDraft();
    await apis.post(0, `${path}/approval`, {}, as('ben'));
    await begin(one);
    await begin(other);
    expect((await one.query(PUBLISH, [id])).rowCount).toBe(1);
    await expect(afterwards(other.query(EDIT, [id]))).rejects.toThrow('never change');
  });

  it('an approval beside an edit is of what was there before', async () => {
    const { id } = await submittedDraft();
    await begin(one);
    await begin(other);
    await other.query(EDIT, [id]);
    await one.query(APPROVE, [id]);
    await one.query('COMMIT');
    await other.query('COMMIT');
    await begin(one);
    await expect(one.query(PUBLISH, [id])).rejects.toMatchObject(refused);
  });

  it('a publication waits for the programme that makes up its mind', async () => {
    await apis.sql('UPDATE programmes SET requires_approval = false');
    const { id } = await submittedDraft();
    await begin(one);
    await begin(other);
    await one.query('UPDATE programmes SET requires_approval = true');
    const publishing = other.query('UPDATE offer_versions SET published_at = now() WHERE offer_id = $1', [id]);
    await expect(afterwards(publishing)).rejects.toMatchObject(refused);
  });
});

it('is seen to publish what nobody approved where the database does not refuse it', async () => {
  await apis.sql(WITHOUT_APPROVAL);
  await racing();
  expect(await count(PUBLISHED_UNSEEN)).toBeGreaterThan(0);
});
