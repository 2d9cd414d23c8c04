import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { checkJournal, exportJournal, journalLines, replayJournal } from '../../src/journal';
import { SigningKeys } from '../../src/platform/signing-keys';
import { createTestDatabase } from '../setup/database';
import { call } from '../setup/service';
import { temporaryFolder } from '../setup/temporary-folder';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

// Fails when only the first of those who find a database closed moves the numbers on: a backup made while it was closed has that behind it.
it('notices of a database that is closed are numbered from the time of its last start on', async () => {
  const database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const startedOn = async (files: string): Promise<number> => {
    const { rows } = await client.query<{ number: string }>(
      `SELECT nextval('revocation_notices_sequence_seq') AS number FROM come_home($1, NULL, 0)`,
      [files],
    );
    return Number(rows[0]?.number);
  };
  const numbers = [];
  for (const files of ['here', 'there', 'there']) numbers.push(await startedOn(files));
  const [before, closed, closedStill] = numbers as [number, number, number];
  expect(before).toBeLessThan(10);
  expect(closed).toBeGreaterThan(Date.parse('2020-01-01') * 1_000);
  expect(closedStill - closed).toBeGreaterThan(1);
  await client.end();
  await database.drop();
});

/** What the journal of erasures says of customers who left, replayed on the database that it is of. */
describe('a journal with customers who left', () => {
  let app: TestApp;
  let shop: TestProgramme;
  let signingKeys: SigningKeys;
  const file = join(temporaryFolder(), 'journal.ndjson');
  beforeAll(async () => {
    app = await startTestApp();
    shop = await app.programme();
    signingKeys = await SigningKeys.load(app.database, app.keyRing);
  });
  afterAll(() => app.stop());

  const storefront = (method: string, path: string) => call(app.url, method, path, { key: shop.storefrontKey });
  /** Writes one section of all that there is. */
  async function section(): Promise<string> {
    let text = '';
    await exportJournal(app.database, signingKeys, 0n, async (part) => void (text += part));
    return text;
  }
  async function replay(journal: string): Promise<void> {
    writeFileSync(file, journal);
    const { cancelled } = await checkJournal(file, signingKeys.jwks.keys);
    const { database, keyRing } = app;
    await replayJournal(journalLines(file), { database, keyRing, cancelled, onProgress: () => undefined });
    await app.leave(shop.id);
  }
  const read = (ref: string) => shop.disclose(ref).then(({ status }) => status);

  // Fails when whoever asked to be forgotten is erased, whatever became of it.
  it('does not erase one who stayed after all, also where an earlier section does not know it yet', async () => {
    await shop.share('stays');
    const { body } = await storefront('DELETE', '/v1/customers/stays?balance=forfeit');
    const before = await section();
    expect((await storefront('POST', `/v1/jobs/${body['jobId']}/cancel`)).body['status']).toBe('cancelled');
    await shop.share('stays');
    await replay(before + (await section()));
    expect(await read('stays')).toBe(200);
  });

  // Fails when the job that the backup holds, from before it was cancelled, is left to the worker.
  it('does not erase one who stayed after all by the job that came back with the backup', async () => {
    await shop.share('stays-too');
    const { body } = await storefront('DELETE', '/v1/customers/stays-too');
    await storefront('POST', `/v1/jobs/${body['jobId']}/cancel`);
    const journal = await section();
    await app.owner.query(
      `WITH back AS (UPDATE jobs SET status = 'queued', finished_at = NULL
                      WHERE id = (SELECT id FROM jobs WHERE kind = 'customer-erasure' ORDER BY id DESC LIMIT 1) RETURNING programme_id, id)
       INSERT INTO outbox (programme_id, topic, id) SELECT programme_id, 'job', id FROM back`,
    );
    await shop.share('stays-too');
    await replay(journal);
    expect(await read('stays-too')).toBe(200);
    expect((await storefront('GET', `/v1/jobs/${body['jobId']}`)).body['status']).toBe('cancelled');
  });

  // Fails when a customer is known by a number alone, which a database that was restored gives a second time.
  it('does not erase one who came after it with the number of one who left', async () => {
    await shop.share('leaves');
    await storefront('DELETE', '/v1/customers/leaves');
    const journal = await section();
    await app.leave(shop.id);
    await app.owner.query(
      `WITH gone AS (SELECT customer_id FROM jobs WHERE kind = 'customer-erasure' ORDER BY id DESC LIMIT 1)
       UPDATE customers SET ref = 'newcomer', created_at = clock_timestamp() FROM gone WHERE id = gone.customer_id`,
    );
    await shop.share('newcomer');
    await replay(journal);
    expect(await read('newcomer')).toBe(200);
  });

  const forgetJobs = () =>
    app.owner.query(
      `DELETE FROM outbox WHERE topic = 'job'; UPDATE jobs SET status = 'done', finished_at = now() WHERE status = 'queued'`,
    );
  const named = async (...refs: string[]): Promise<unknown[]> =>
    (await app.owner.query(`SELECT ref FROM customers WHERE ref = ANY ($1)`, [refs])).rows;

  it('erases who left', async () => {
    await shop.share('goes');
    await storefront('DELETE', '/v1/customers/goes');
    const journal = await section();
    await forgetJobs();
    await shop.share('goes');
    expect(await read('goes')).toBe(200);
    await replay(journal);
    expect(await named('goes')).toEqual([]);
  });

  // Fails when only the reference is dropped under which they left: the backup knows both.
  it('erases who left under every reference, also where the backup is from before they were one', async () => {
    for (const ref of ['guest', 'member']) await shop.share(ref);
    const { body } = await call(app.url, 'POST', '/v1/customers/guest/merge', {
      key: shop.storefrontKey,
      body: { into: 'member' },
    });
    await storefront('DELETE', '/v1/customers/member');
    const journal = await section();
    await forgetJobs();
    expect((await storefront('POST', `/v1/merges/${body['id']}/undo`)).status).toBe(200);
    await replay(journal);
    expect(await named('guest', 'member')).toEqual([]);
  });

  // Fails when pauses are not in the journal, or an earlier section's word of one counts that was ended since.
  it('pauses again what was paused, and not what was ended since', async () => {
    const until = '2099-01-01T00:00:00Z';
    const pause = (customerRef: string, what: object) =>
      call(app.url, 'POST', '/v1/pauses', { key: shop.storefrontKey, body: { customerRef, ...what, until } });
    for (const ref of ['pauses', 'pauses-purpose', 'resumes', 'resumed']) await shop.share(ref);
    const { body: share } = await shop.share('pauses-share');
    const { body: ended } = await pause('resumes', { everything: true });
    const { body: endedHere } = await pause('resumed', { everything: true });
    await pause('pauses', { everything: true });
    await pause('pauses-purpose', { purpose: 'greeting' });
    await pause('pauses-share', { share: share['id'] });
    const before = await section();
    for (const { id } of [ended, endedHere] as { id: string }[])
      expect((await storefront('DELETE', `/v1/pauses/${id}`)).status).toBe(204);
    const journal = before + (await section());
    const lost = (refs: string[]) =>
      app.owner.query('DELETE FROM pauses p USING customers c WHERE c.id = p.customer_id AND c.ref = ANY ($1)', [refs]);
    await lost(['pauses', 'pauses-purpose', 'pauses-share', 'resumes']);
    // This one the backup knows, as it was before it was ended.
    await app.owner.query(
      `UPDATE pauses p SET ended_at = NULL FROM customers c WHERE c.id = p.customer_id AND c.ref = 'resumed'`,
    );
    expect(await Promise.all(['pauses', 'resumed'].map(read))).toEqual([200, 403]);
    for (let times = 0; times < 2; times++) {
      await replay(journal);
      const refs = ['pauses', 'pauses-purpose', 'pauses-share', 'resumes', 'resumed'];
      expect(await Promise.all(refs.map(read))).toEqual([403, 403, 403, 200, 200]);
    }
  });

  describe('with a withdrawal whose job was cancelled', () => {
    let own: TestProgramme;
    const jobs = async () =>
      (
        await app.owner.query<{ id: string; status: string }>(
          `SELECT id, status FROM jobs WHERE programme_id = $1 AND kind = 'purpose-withdrawal' ORDER BY id`,
          [app.uuidOf(own.id)],
        )
      ).rows;
    const admin = (path: string) => app.post(path, own.adminKey, {});
    const active = async (): Promise<number> =>
      (
        await app.owner.query(
          `SELECT FROM consents WHERE programme_id = $1 AND purpose = 'greeting' AND status = 'active'`,
          [app.uuidOf(own.id)],
        )
      ).rows.length;
    const run = async (journal: string): Promise<void> => {
      await replay(journal);
      await app.leave(own.id);
    };
    let before: string;
    let jobId: string;
    beforeEach(async () => {
      own = await app.programme();
      for (const ref of ['one', 'two']) await own.share(ref);
      jobId = (await admin('/v1/purposes/greeting/withdrawal')).body['jobId'] as string;
      before = await section();
      await admin(`/v1/jobs/${jobId}/cancel`);
    });
    /** As in a backup from before it was cancelled. */
    const bringBack = () =>
      app.owner.query(
        `WITH back AS (UPDATE jobs SET status = 'queued', finished_at = NULL
                        WHERE programme_id = $1 AND kind = 'purpose-withdrawal' RETURNING programme_id, id)
         INSERT INTO outbox (programme_id, topic, id) SELECT programme_id, 'job', id FROM back`,
        [app.uuidOf(own.id)],
      );
    /** As in a backup from before it was asked for. */
    const forget = () =>
      app.owner.query(
        `WITH gone AS (DELETE FROM jobs WHERE programme_id = $1 AND kind = 'purpose-withdrawal')
         UPDATE purposes SET withdrawn_at = NULL WHERE programme_id = $1`,
        [app.uuidOf(own.id)],
      );

    // Fails when the journal has no word of the cancelling: the job goes on, and ends them all.
    it.each([
      ['that came back with the backup', bringBack],
      ['that the backup does not know', forget],
    ])('ends no more consents by the job %s, and releases nothing for it', async (_, restore) => {
      const journal = before + (await section());
      await restore();
      for (let times = 0; times < 2; times++) {
        await run(journal);
        expect(await active()).toBe(2);
        expect((await jobs()).map(({ status }) => status)).toEqual(['cancelled']);
        expect((await own.disclose('one')).status).toBe(403);
      }
    });

    it('ends them where it was asked for anew since', async () => {
      const cancelled = await section();
      const { body } = await admin('/v1/purposes/greeting/withdrawal');
      expect(body['jobId']).not.toBe(jobId);
      await run(before + cancelled + (await section()));
      expect(await active()).toBe(0);
      expect((await jobs()).map(({ status }) => status)).toEqual(['cancelled', 'done']);
    });
  });

  // Fails when a pause is given to whoever has the number of its customer by now.
  it('does not pause for one who came after it with the number of another', async () => {
    await shop.share('paused-then-lost');
    const body = { customerRef: 'paused-then-lost', everything: true, until: '2099-01-01T00:00:00Z' };
    await call(app.url, 'POST', '/v1/pauses', { key: shop.storefrontKey, body });
    const journal = await section();
    await app.owner.query(
      `WITH lost AS (DELETE FROM pauses p USING customers c WHERE c.id = p.customer_id AND c.ref = 'paused-then-lost' RETURNING c.id)
       UPDATE customers SET created_at = clock_timestamp() WHERE id IN (SELECT id FROM lost)`,
    );
    await replay(journal);
    expect(await read('paused-then-lost')).toBe(200);
  });

  // Fails when the signal is not in the journal.
  it('keeps again what a browser refused', async () => {
    await shop.share('refuses');
    const headers = { 'sec-gpc': '1' };
    await call(app.url, 'GET', '/v1/customers/refuses/offers?locale=en', { key: shop.storefrontKey, headers });
    const signal = async () =>
      (await app.owner.query<{ at: Date | null }>(`SELECT gpc_at AS at FROM customers WHERE ref = 'refuses'`)).rows[0]!
        .at;
    const said = await signal();
    expect(said).toEqual(expect.any(Date));
    const journal = await section();
    await app.owner.query(
      `ALTER TABLE customers DISABLE TRIGGER customers_gpc_moves_on;
       UPDATE customers SET gpc_at = NULL, gpc_in = NULL WHERE ref = 'refuses';
       ALTER TABLE customers ENABLE TRIGGER customers_gpc_moves_on`,
    );
    await replay(journal);
    expect(await signal()).toEqual(said);
    // The next section holds it as well.
    expect(await section()).toContain('"signalled"');
  });

  // Fails when a value must be there to be put right.
  it('lets a value be put right that a restoration lost, under its consents', async () => {
    await shop.share('corrects');
    const correct = (value: string) =>
      call(app.url, 'PUT', '/v1/customers/corrects/values/birthday', { key: shop.storefrontKey, body: { value } });
    await app.owner.query(
      `WITH gone AS (DELETE FROM vault_values v USING customers c WHERE c.id = v.customer_id AND c.ref = 'corrects' RETURNING v.version)
       UPDATE key_store.data_keys SET wrapped_key = NULL, destroyed_at = now() WHERE id IN (SELECT version FROM gone)`,
    );
    expect(await read('corrects')).toBe(403);
    expect((await correct('1990-01-02')).status).toBe(200);
    expect((await shop.disclose('corrects')).body['values']).toEqual({ birthday: '1990-01-02' });
    await shop.revoke('corrects', { everything: true });
    expect((await correct('1990-01-03')).status).toBe(404);
  });
});
