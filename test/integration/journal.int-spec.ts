import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkJournal, exportJournal, journalLines, replayJournal } from '../../src/journal';
import { SigningKeys } from '../../src/platform/signing-keys';
import { call } from '../setup/service';
import { temporaryFolder } from '../setup/temporary-folder';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

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
});
