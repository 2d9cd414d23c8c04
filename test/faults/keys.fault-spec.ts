import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { DataKeys } from '../../src/platform/data-keys';
import { Database } from '../../src/platform/database';
import { requireId } from '../../src/platform/ids';
import { sweepKeys } from '../../src/vault';
import { createOtherDatabase, type OtherDatabase } from '../setup/other-database';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually, startService } from '../setup/service';
import { temporaryFolder } from '../setup/temporary-folder';
import { killWorker, startBench, stopAt, type FaultBench } from './fault-bench';
import { startTcpProxy, type TcpProxy } from './tcp-proxy';

/** Keys in a database of their own: no value without its key, no key of a value that is gone, whoever dies in between. */

jest.setTimeout(300_000);

const BUILT = join(__dirname, '../../dist/src');

describe('keys in a database of their own', () => {
  let bench: FaultBench;
  let store: OtherDatabase;
  let way: TcpProxy;
  let isCut = false;

  beforeAll(async () => {
    store = await createOtherDatabase();
    const url = new URL(store.url);
    const verdict = () => (isCut ? 'cut' : 'pass');
    way = await startTcpProxy(Number(url.port), () => ({ request: verdict, reply: verdict }));
    url.port = String(way.port);
    bench = await startBench({ backend: 'PostgreSQL', env: { GEGENWERT_KEYS_DATABASE_URL: url.href }, worker: true });
  });
  afterAll(async () => {
    await bench.stop();
    await way.stop();
    await store.drop();
  });
  afterEach(invariantsHold);

  async function invariantsHold(): Promise<void> {
    await nothingOwed();
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  }

  const nothingOwed = () =>
    eventually(
      () => bench.sql('SELECT FROM outbox'),
      ({ length }) => length === 0,
      30_000,
    );
  const versionOf = async (ref: string): Promise<string | undefined> =>
    (
      await bench.sql<{ version: string }>(
        'SELECT v.version FROM vault_values v JOIN customers c ON c.id = v.customer_id WHERE c.ref = $1',
        [ref],
      )
    )[0]?.version;
  /** there, destroyed, or nowhere */
  const keyOf = async (version: string | undefined): Promise<string> => {
    const [row] = await store.sql<{ there: boolean }>(
      'SELECT wrapped_key IS NOT NULL AS there FROM key_store.data_keys WHERE id = $1',
      [version],
    );
    return row === undefined ? 'nowhere' : row.there ? 'there' : 'destroyed';
  };
  const everything = { everything: true };

  // Fails when keys are written beside the values all the same.
  it('lie there and nowhere else, and open what is released', async () => {
    expect((await bench.programme.share('one', { values: { birthday: 'of one' } })).status).toBe(201);
    expect((await bench.programme.disclose('one')).body['values']).toEqual({ birthday: 'of one' });
    expect(await keyOf(await versionOf('one'))).toBe('there');
    expect(await bench.sql('SELECT FROM key_store.data_keys')).toEqual([]);
  });

  it('go with their values: corrected, and erased', async () => {
    await bench.programme.share('two', { values: { birthday: 'wrong' } });
    const wrong = await versionOf('two');
    const corrected = await call(bench.service.url, 'PUT', '/v1/customers/two/values/birthday', {
      key: bench.programme.storefrontKey,
      body: { value: 'right' },
    });
    expect(corrected.status).toBe(200);
    expect((await bench.programme.disclose('two')).body['values']).toEqual({ birthday: 'right' });
    const right = await versionOf('two');
    await nothingOwed();
    expect([await keyOf(wrong), await keyOf(right)]).toEqual(['destroyed', 'there']);
    expect((await bench.programme.revoke('two', everything)).status).toBe(201);
    await nothingOwed();
    expect([await versionOf('two'), await keyOf(right)]).toEqual([undefined, 'destroyed']);
  });

  // Fails when what is owed is struck out before the key is destroyed, or is not owed at all.
  it('are destroyed by the next worker when one dies between the erasure and that', async () => {
    await bench.programme.share('three');
    const version = await versionOf('three');
    await nothingOwed();
    const barrier = await stopAt(store.url, { on: 'INSERT', table: 'key_store.data_keys' });
    await bench.programme.revoke('three', everything);
    const standing = await barrier.someone();
    await killWorker(bench.service);
    await store.sql('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [standing]);
    await barrier.letGo();
    expect([await versionOf('three'), await keyOf(version)]).toEqual([undefined, 'there']);
    expect(await bench.sql(`SELECT id FROM outbox WHERE topic = 'key'`)).toEqual([{ id: version }]);
    await bench.service.startWorker();
    await nothingOwed();
    expect(await keyOf(version)).toBe('destroyed');
  });

  it('are destroyed once more, to the same end, when it dies right after that', async () => {
    await bench.programme.share('four');
    const version = await versionOf('four');
    await nothingOwed();
    await killWorker(bench.service);
    await bench.programme.revoke('four', everything);
    const keys = await DataKeys.connect(store.url, 1);
    const programme = requireId('prg', bench.programme.id, 'programme');
    await keys.destroy(programme, [version!]);
    await keys.close();
    await bench.service.startWorker();
    await nothingOwed();
    expect([await versionOf('four'), await keyOf(version)]).toEqual([undefined, 'destroyed']);
  });

  // Fails when the key is written after the share has committed, or when the sweep takes keys that have their values.
  it('that never got a value, because the API died, are swept', async () => {
    const before = await store.sql<{ id: string }>('SELECT id FROM key_store.data_keys WHERE destroyed_at IS NULL');
    const database = await Database.connect({ url: bench.databaseUrl, connections: 1, entities: [] });
    const keys = await DataKeys.connect(store.url, 1);
    const sealed = {
      version: '01900000-0000-7000-8000-000000000001',
      wrappedKey: Buffer.from('a key without a value'),
    };
    const programme = requireId('prg', bench.programme.id, 'programme');
    await keys.keep(programme, [sealed]);
    try {
      await sweepKeys(database, keys, programme, () => false);
      expect(await keyOf(sealed.version)).toBe('there');
      await store.sql(`SET session_replication_role = replica;
        UPDATE key_store.data_keys SET kept_at = kept_at - interval '1 hour' WHERE destroyed_at IS NULL`);
      await sweepKeys(database, keys, programme, () => false);
      expect(await keyOf(sealed.version)).toBe('destroyed');
      for (const { id } of before) expect(await keyOf(id)).toBe('there');
    } finally {
      await Promise.all([database.close(), keys.close()]);
    }
  });

  // Fails when a share is stored without its key, a release answers without it, or a revocation waits for the store.
  it('that are away: nothing is shared or released, and what is revoked is', async () => {
    await bench.programme.share('five', { values: { birthday: 'of five' } });
    await bench.programme.share('six');
    await nothingOwed();
    const ready = async () => {
      const { status, body } = await call(bench.service.url, 'GET', '/health/ready');
      return [status, body['status'], body['keys']];
    };
    expect(await ready()).toEqual([200, 'ready', 'up']);
    isCut = true;
    try {
      // It stays in use for those who take back.
      expect(await ready()).toEqual([200, 'degraded', 'down']);
      const refused = [await bench.programme.share('seven'), await bench.programme.disclose('five')];
      expect(refused.map(({ status, body }) => [status, body['type']])).toEqual(
        refused.map(() => [503, 'urn:gegenwert:problem:unavailable']),
      );
      expect((await bench.programme.revoke('six', everything)).status).toBe(201);
      expect(await versionOf('seven')).toBeUndefined();
      await eventually(
        () => versionOf('six'),
        (version) => version === undefined,
      );
    } finally {
      isCut = false;
    }
    await nothingOwed();
    expect((await bench.programme.disclose('five')).body['values']).toEqual({ birthday: 'of five' });
  });

  it('are not looked for elsewhere: without the setting nothing starts', async () => {
    const env = { ...process.env, ...bench.service.env, GEGENWERT_KEYS_DATABASE_URL: '' };
    const { status, stderr } = spawnSync(process.execPath, [join(BUILT, 'main.js')], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, expect.stringContaining('Set GEGENWERT_KEYS_DATABASE_URL')]);
  });

  // Fails when any of the two triggers of the table is taken out.
  it('that are destroyed do not come back, whoever asks', async () => {
    const [dead] = await store.sql<{ id: string }>(
      'SELECT id FROM key_store.data_keys WHERE destroyed_at IS NOT NULL LIMIT 1',
    );
    for (const change of [
      `UPDATE key_store.data_keys SET wrapped_key = 'x', destroyed_at = NULL WHERE id = $1`,
      `UPDATE key_store.data_keys SET destroyed_at = now() WHERE id = $1`,
      `DELETE FROM key_store.data_keys WHERE id = $1`,
      `INSERT INTO key_store.data_keys (programme_id, id, wrapped_key) SELECT programme_id, id, 'x' FROM key_store.data_keys WHERE id = $1`,
    ])
      await expect(store.sql(change, [dead!.id])).rejects.toMatchObject({
        code: expect.stringMatching(/^23/) as string,
      });
    await expect(store.sql('TRUNCATE key_store.data_keys')).rejects.toMatchObject({ code: '23000' });
  });
});

describe('values that are restored beside a key store that is not', () => {
  it('do not open, nobody is served, and the journal and the store together bring them up to date', async () => {
    const store = await createOtherDatabase();
    const bench = await startBench({
      backend: 'PostgreSQL',
      env: { GEGENWERT_KEYS_DATABASE_URL: store.url },
      worker: true,
    });
    const { programme } = bench;
    const settled = () =>
      eventually(
        () => bench.sql('SELECT FROM outbox'),
        ({ length }) => length === 0,
        30_000,
      );
    for (const ref of ['in-the-journal', 'after-it', 'kept']) await programme.share(ref, { values: { birthday: ref } });
    await settled();
    await bench.service.stop();
    // A template may have no one connected to it: the bench's own connection is found again by nobody.
    const admin = new Client({ connectionString: store.url });
    await admin.connect();
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      new URL(bench.databaseUrl).pathname.slice(1),
    ]);
    await admin.end();
    const backup = await createOtherDatabase(bench.databaseUrl);
    const env = bench.service.env;
    const live = await startService({ databaseUrl: bench.databaseUrl, env });
    const node = (script: string, databaseUrl: string, ...args: string[]) =>
      spawnSync(process.execPath, [join(BUILT, script), ...args], {
        env: { ...process.env, ...env, DATABASE_URL: databaseUrl },
        encoding: 'utf8',
      });
    const revoke = async (ref: string) => {
      const { status } = await call(live.url, 'POST', '/v1/revocations', {
        key: programme.storefrontKey,
        body: { customerRef: ref, everything: true },
      });
      expect(status).toBe(201);
      await eventually(
        () => store.sql('SELECT FROM key_store.data_keys WHERE destroyed_at IS NOT NULL'),
        ({ length }) => length === (ref === 'after-it' ? 2 : 1),
        30_000,
      );
    };
    const journal = join(temporaryFolder(), 'journal.ndjson');
    try {
      await revoke('in-the-journal');
      const exported = await eventually(
        () => Promise.resolve(node('export-journal.js', bench.databaseUrl)),
        ({ stdout }) => stdout.includes('"erased"'),
        30_000,
      );
      writeFileSync(journal, exported.stdout);
      await revoke('after-it');
    } finally {
      await live.stop();
    }
    const restored = await startService({ databaseUrl: backup.url, env: { ...env, DATABASE_URL: backup.url } });
    try {
      const ask = (ref: string) =>
        call(restored.url, 'POST', '/v1/disclosures', {
          key: programme.recipients.newsletter.apiKey,
          body: { customerRef: ref, purpose: 'greeting', attributes: ['birthday'], reason: 'a test' },
        });
      expect((await ask('kept')).body['type']).toBe('urn:gegenwert:problem:restore-pending');
      // What the backup brought back opens nowhere.
      const [{ open } = { open: -1 }] = await store.sql<{ open: number }>(
        'SELECT count(*)::int AS open FROM key_store.data_keys WHERE wrapped_key IS NOT NULL AND id = ANY ($1)',
        [(await backup.sql<{ version: string }>('SELECT version FROM vault_values')).map(({ version }) => version)],
      );
      expect(open).toBe(1);
      const replayed = node('replay-journal.js', backup.url, '--journal', journal);
      expect([replayed.status, replayed.stderr, replayed.stdout]).toEqual([
        0,
        '',
        expect.stringMatching(/2 consents ended, 1 values destroyed\n1 more values destroyed/),
      ]);
      await eventually(
        () => ask('kept'),
        ({ status }) => status === 200,
      );
      expect((await ask('kept')).body['values']).toEqual({ birthday: 'kept' });
      for (const ref of ['in-the-journal', 'after-it'])
        expect((await ask(ref)).body['type']).toBe('urn:gegenwert:problem:no-active-consent');
      await eventually(
        () => backup.sql('SELECT FROM outbox'),
        ({ length }) => length === 0,
        30_000,
      );
      expect(await brokenInvariants(backup.url)).toEqual({});
    } finally {
      await restored.stop();
      await Promise.all([bench.stop(), backup.drop()]);
      await store.drop();
    }
  });
});
