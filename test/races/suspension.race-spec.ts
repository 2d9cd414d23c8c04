import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../src/platform/database';
import { parsePublicId, toPublicId } from '../../src/platform/ids';
import { markOverdue } from '../../src/revocation/core';
import { brokenInvariants } from '../setup/invariants';
import { startTwoApis, type TwoApis } from './two-apis';

/**
 * A recipient that is suspended reads nothing: no release to it commits after its suspension began, whichever process the
 * release and the marking are in; and it is suspended exactly as long as something of its is overdue, however answering and
 * marking fall together. The gate is taken out at the end, and the first race is then expected to leak. The second one fails
 * when lockRecipients() is left out of markBatch() or of acknowledge(): a recipient then reads on with an overdue answer.
 */

const ROUNDS = 15;
const HOUR_MS = 3_600_000;

/** A release waits before its commit, and writes down when it commits. */
const WITNESSES = `
  CREATE SCHEMA race;
  CREATE TABLE race.released (disclosure uuid, at timestamptz);
  CREATE FUNCTION race.release_commits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN PERFORM pg_sleep(0.005); INSERT INTO race.released VALUES (NEW.id, clock_timestamp()); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER committing AFTER INSERT ON disclosures DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION race.release_commits();
  CREATE FUNCTION race.notice_commits() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(0.01 * random()); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER committing AFTER UPDATE OF overdue_at, status ON revocation_notices DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION race.notice_commits()`;
const COMMITTED_IN_A_SUSPENSION = `
  SELECT count(*)::int AS count FROM race.released l JOIN disclosures d ON d.id = l.disclosure
    JOIN suspensions s ON s.programme_id = d.programme_id AND s.recipient_id = d.recipient_id
   WHERE l.at > s.started_at AND d.at < coalesce(s.ended_at, 'infinity')`;
const WITHOUT_GATE = `
  CREATE OR REPLACE FUNCTION gate_lock(programme uuid) RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE
    AS $$ SELECT hashtextextended(random()::text, 0) $$`;

let apis: TwoApis;
let worker: Database;

beforeAll(async () => {
  apis = await startTwoApis();
  worker = await Database.connect({ url: apis.databaseUrl, connections: 4, entities: [] });
  await apis.sql(WITNESSES);
  await apis.sql(`UPDATE recipients SET suspend_when_overdue = key = 'newsletter'`);
  await apis.share(0, 'reader');
});
afterAll(async () => {
  await worker.close();
  await apis.stop();
});

const count = async (query: string): Promise<number> => (await apis.sql<{ count: number }>(query))[0]?.count ?? -1;

/** Marks, as a worker does, what is due so many hours from now. */
const mark = (hours: number): Promise<number> =>
  markOverdue(worker, parsePublicId('prg', apis.programme.id)!, () => false, new Date(Date.now() + hours * HOUR_MS));

let made = 0;
/** Something that newsletter must confirm; due in 72 hours, or later. Answers the notice's uuid. */
async function owe(laterHours = 0): Promise<string> {
  const customer = `victim-${(made += 1)}`;
  await apis.share(made, customer);
  await apis.disclose(made, customer);
  const revocation = await apis.revoke(made, customer, { everything: true });
  const id = parsePublicId('rev', revocation.body['id'] as string);
  await apis.sql(
    `UPDATE revocation_notices SET due_at = due_at + make_interval(hours => $2) WHERE revocation_id = $1`,
    [id, laterHours],
  );
  const list = await apis.sql<{ id: string }>('SELECT id FROM revocation_notices WHERE revocation_id = $1', [id]);
  return list[0]!.id;
}

async function answer(notice: string): Promise<number> {
  const path = `/v1/revocation-notices/${toPublicId('ntc', notice)}/acknowledgement`;
  const { status } = await apis.post(
    made,
    path,
    { did: 'stopped' },
    { key: apis.programme.recipients.newsletter.apiKey },
  );
  return status;
}

/** Readers on both processes while newsletter becomes suspended; what the first reader after it gets. */
async function suspendWhileReading(): Promise<number> {
  const notice = await owe();
  let isOver = false;
  const reader = async (process: number): Promise<void> => {
    while (!isOver) await apis.disclose(process, 'reader');
  };
  const readers = [reader(0), reader(1), reader(0), reader(1)];
  await sleep(Math.random() * 20);
  await mark(100);
  const { status } = await apis.disclose(1, 'reader');
  isOver = true;
  await Promise.all(readers);
  expect(await answer(notice)).toBe(200);
  expect((await apis.disclose(0, 'reader')).status).toBe(200);
  return status;
}

it('lets nothing through that commits after it began, and ends with the last answer', async () => {
  for (let round = 0; round < ROUNDS; round++) expect(await suspendWhileReading()).toBe(403);
  expect(await count(COMMITTED_IN_A_SUSPENSION)).toBe(0);
  expect(await count('SELECT count(*)::int AS count FROM race.released')).toBeGreaterThan(ROUNDS);
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

it('lasts while another notice becomes overdue at the moment when the first is answered', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [first, second] = [await owe(), await owe(100)];
    await mark(100);
    await Promise.all([answer(first), sleep(Math.random() * 10).then(() => mark(200))]);
    expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
    expect((await apis.disclose(0, 'reader')).status).toBe(403);
    await answer(second);
    expect((await apis.disclose(0, 'reader')).status).toBe(200);
  }
});

it('two workers that mark at once mark each notice once', async () => {
  const notices = [await owe(), await owe(), await owe()];
  const marked = await Promise.all([mark(100), mark(100), mark(100)]);
  // Whoever finds a notice held by another leaves it to them.
  expect(marked.reduce((sum, one) => sum + one, 0) + (await mark(100))).toBe(3);
  for (const notice of notices) await answer(notice);
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

it('without the gate it lets releases through, and is found out', async () => {
  await apis.sql(WITHOUT_GATE);
  for (let round = 0; round < ROUNDS; round++) await suspendWhileReading();
  expect(await count(COMMITTED_IN_A_SUSPENSION)).toBeGreaterThan(0);
});
