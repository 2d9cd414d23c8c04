import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres';
import { freePort } from '../../src/platform/free-port';
import { spawnService, type Service } from '../../src/platform/supervisor';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { verifiedClaims } from '../setup/certificate';
import { brokenInvariants } from '../setup/invariants';
import { createOtherDatabase } from '../setup/other-database';
import { call, eventually, startService, type Answer, type RunningService } from '../setup/service';
import { temporaryFolder } from '../setup/temporary-folder';

/**
 * A backup is taken, values are erased, the backup is restored: what was erased does not come back. The embedded database as
 * an operator has it, with the whole service in front of it; the backup is a copy of its files.
 */

jest.setTimeout(400_000);

const BUILT = join(__dirname, '../../dist/src');
const OPERATOR_KEY = 'an operator key of the test';

const dataDir = temporaryFolder();
const backup = temporaryFolder();
const journal = join(temporaryFolder(), 'journal.ndjson');
const env = {
  ...process.env,
  DATABASE_URL: '',
  REDIS_URL: '',
  GEGENWERT_DATA_DIR: dataDir,
  GEGENWERT_OPERATOR_KEY: OPERATOR_KEY,
  GEGENWERT_CUSTOMER_CALLS_PER_MINUTE: '0',
  GEGENWERT_UNKNOWN_CALLS_PER_MINUTE: '0',
  PORT: '0',
};
let service: Service | undefined;
let url = '';

async function start(): Promise<void> {
  service = await spawnService(join(BUILT, 'start.js'), {
    name: 'service',
    env,
    restart: false,
    onLine: () => undefined,
  });
  url = `http://127.0.0.1:${String(service.ready['port'])}`;
}
async function stop(): Promise<void> {
  await service?.stop();
  service = undefined;
}
afterAll(stop);

/** One of the npm scripts, as it is run by them. */
function run(script: string, ...args: string[]): { status: number | null; out: string; told: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(BUILT, script), ...args], {
    env,
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { status, out: stdout, told: stderr };
}

/** With owners and times, as a backup does. */
function copy(from: string, to: string): void {
  expect(spawnSync('cp', ['-a', join(from, 'postgres'), to]).status).toBe(0);
}

/** Looks at the database while nobody else does. */
async function invariants(): Promise<Record<string, unknown[]>> {
  const postgres = await startEmbeddedPostgres({ dataDir });
  try {
    return await brokenInvariants(postgres.url);
  } finally {
    await postgres.stop();
  }
}

describe('a backup that is restored after an erasure', () => {
  let programme: TestProgramme;
  let revoked: Answer;
  let readLater: Answer;
  let lastSeen: string;
  const of = (ref: string) => programme.disclose(ref);
  // Its port is another one after each start.
  const again = (method: string, path: string, key: string, body?: unknown) =>
    call(url, method, path, { key, ...(body === undefined ? {} : { body }) });

  const ask = (ref: string, attribute = 'birthday') =>
    again('POST', '/v1/disclosures', programme.recipients.newsletter.apiKey, {
      customerRef: ref,
      purpose: 'greeting',
      attributes: [attribute],
      reason: 'a test',
    });

  const notices = (after = '0') =>
    again('GET', `/v1/revocation-notices?limit=100&after=${after}`, programme.recipients.newsletter.apiKey);

  beforeAll(() => journey());

  async function journey(): Promise<void> {
    await start();
    programme = await createProgramme({ url, operatorKey: OPERATOR_KEY } as RunningService);
    for (const ref of ['revoked', 'corrected', 'kept', 'left', 'shared-again', 'paused']) {
      expect((await programme.share(ref, { values: { birthday: `of ${ref}` } })).status).toBe(201);
      expect((await of(ref)).status).toBe(200);
    }
    for (const ref of ['read-later', 'read-too']) await programme.share(ref);
    await stop();
    copy(dataDir, backup);
    await start();
    const { storefrontKey } = programme;
    for (const ref of ['read-later', 'read-too']) expect((await ask(ref)).status).toBe(200);
    readLater = await again('POST', '/v1/revocations', storefrontKey, { customerRef: 'read-later', everything: true });
    expect(readLater.body['recipients']).toHaveLength(1);
    revoked = await again('POST', '/v1/revocations', storefrontKey, { customerRef: 'revoked', everything: true });
    expect(revoked.status).toBe(201);
    const pause = { customerRef: 'paused', everything: true, until: '2099-01-01T00:00:00Z' };
    expect((await again('POST', '/v1/pauses', storefrontKey, pause)).status).toBe(201);
    const corrected = await again('PUT', '/v1/customers/corrected/values/birthday', storefrontKey, { value: 'right' });
    expect(corrected.status).toBe(200);
    expect((await again('DELETE', '/v1/customers/left?balance=keep', storefrontKey)).status).toBe(202);
    // Erased, too, though the version that was erased is not the one that the backup holds.
    const offer = {
      offerId: programme.offer.id,
      offerVersion: programme.offer.version,
      noticeHash: programme.offer.noticeHash,
    };
    const share = await again('POST', '/v1/shares', storefrontKey, {
      ...offer,
      customerRef: 'shared-again',
      values: { birthday: 'second' },
      consents: [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }],
      locale: 'en',
      channel: 'test',
    });
    expect(share.status).toBe(201);
    await again('POST', '/v1/revocations', storefrontKey, { customerRef: 'shared-again', everything: true });
    await eventually(
      () => again('GET', `/v1/revocations/${revoked.body['id']}`, storefrontKey),
      ({ body }) => body['status'] !== 'blocked',
    );
    await eventually(
      () => again('GET', '/v1/customers/left/balance', storefrontKey),
      ({ body }) => body['available'] === 0,
      20_000,
    );
    const told = await notices();
    lastSeen = String(told.body['data'].at(-1).sequence);
    const exported = run('export-journal.js');
    expect([exported.status, exported.told]).toEqual([0, expect.stringContaining('--after')]);
    writeFileSync(journal, exported.out);
    await stop();
    rmSync(join(dataDir, 'postgres'), { recursive: true });
    copy(backup, dataDir);
    await start();
  }

  // Fails when the files of a cluster are not told from a copy of them.
  it('answers 503 to all but those who ask how it is', async () => {
    const answers = await Promise.all([
      ask('revoked'),
      ask('kept'),
      again('GET', '/v1/customers/kept/balance', programme.storefrontKey),
      again('POST', '/v1/revocations', programme.storefrontKey, { customerRef: 'kept', everything: true }),
      again('GET', '/.well-known/jwks.json', ''),
      again('GET', '/v1/nowhere', ''),
    ]);
    expect(answers.map(({ status, body, headers }) => [status, body['type'], headers.get('retry-after')])).toEqual(
      answers.map(() => [503, 'urn:gegenwert:problem:restore-pending', '30']),
    );
    expect((await again('GET', '/health/live', '')).status).toBe(200);
    const ready = await again('GET', '/health/ready', '');
    expect([ready.status, ready.body['restore'], ready.body['migrations']]).toEqual([503, 'pending', 'current']);
  });

  it('stays closed over a restart, and no journal is exported from it', async () => {
    await stop();
    await start();
    expect((await ask('kept')).status).toBe(503);
    expect(run('export-journal.js')).toMatchObject({ status: 1, out: '' });
  });

  // Fails when a line is not held against the seal of its section.
  it('takes no journal that was cut, shortened or changed', async () => {
    const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(8);
    const broken: Record<string, string[]> = {
      'without its end': lines.slice(0, -1),
      'without a line': lines.toSpliced(3, 1),
      'with two lines in the other order': [...lines.slice(0, 3), lines[4]!, lines[3]!, ...lines.slice(5)],
      'with another date': lines.map((line) => line.replace(/"at":"20\d\d/, '"at":"2001')),
      'with another end': lines.map((line) => line.replace(/"to":"\d+"/, '"to":"999999"')),
      'of nothing': [],
    };
    for (const [how, text] of Object.entries(broken)) {
      const file = join(temporaryFolder(), 'broken.ndjson');
      writeFileSync(file, text.map((line) => `${line}\n`).join(''));
      const { status, told } = run('replay-journal.js', '--journal', file);
      expect([how, status, told]).toEqual([how, 1, expect.stringContaining('The journal cannot be used')]);
    }
    expect((await ask('kept')).status).toBe(503);
  });

  it('opens when the journal has been replayed, and what was erased has not come back', async () => {
    const { status, out, told } = run('replay-journal.js', '--journal', journal);
    expect([status, told, out]).toEqual([0, '', expect.stringContaining('The service opens')]);
    await eventually(
      () => again('GET', '/health/ready', ''),
      (answer) => answer.status === 200,
    );
    expect((await ask('kept')).body['values']).toEqual({ birthday: 'of kept' });
    expect((await ask('revoked')).body['type']).toBe('urn:gegenwert:problem:no-active-consent');
    expect((await ask('shared-again')).body['type']).toBe('urn:gegenwert:problem:no-active-consent');
    // Its consents go on; the value that was wrong is not given to anyone again.
    expect([(await ask('corrected')).status, JSON.stringify((await ask('corrected')).body)]).toEqual([
      403,
      expect.not.stringContaining('of corrected'),
    ]);
    // Whoever paused after the backup is paused, and the right value can be given again.
    expect((await ask('paused')).body['type']).toBe('urn:gegenwert:problem:no-active-consent');
    const right = await again('PUT', '/v1/customers/corrected/values/birthday', programme.storefrontKey, {
      value: 'right',
    });
    expect([right.status, (await ask('corrected')).body['values']]).toEqual([200, { birthday: 'right' }]);
    const revocation = await again('GET', `/v1/revocations/${revoked.body['id']}`, programme.storefrontKey);
    expect(revocation.body).toMatchObject({ scope: { replayed: true }, consentsEnded: 2, values: { erased: 1 } });
    // The worker works again: whoever had left, leaves.
    await eventually(
      () => again('GET', '/v1/customers/left/balance', programme.storefrontKey),
      ({ body }) => body['available'] === 0,
      20_000,
    );
  });

  // Fails when what was released after the backup is taken for not released.
  it('certifies no more than is known: whom the lost part had told is not', async () => {
    const later = await again('POST', '/v1/revocations', programme.storefrontKey, {
      customerRef: 'read-too',
      everything: true,
    });
    for (const { body } of [readLater, later]) {
      const certificate = await again('GET', `/v1/revocations/${body['id']}/certificate`, programme.storefrontKey);
      const claims = await verifiedClaims(url, certificate.body['certificate'], 'revocation-certificate+jwt');
      expect(claims).toMatchObject({ confirmed: 0, of: 0, restoredAt: expect.any(String) });
      expect(claims['statement']).toMatch(/Nobody is known to have been given anything\. Restored from a backup by /);
    }
    // Of what was given since, all is known.
    const share = await again('POST', '/v1/shares', programme.storefrontKey, {
      customerRef: 'after',
      offerId: programme.offer.id,
      offerVersion: programme.offer.version,
      noticeHash: programme.offer.noticeHash,
      values: { birthday: 'of after' },
      consents: [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }],
      locale: 'en',
      channel: 'test',
    });
    expect(share.status).toBe(201);
    const { body } = await again('POST', '/v1/revocations', programme.storefrontKey, {
      customerRef: 'after',
      everything: true,
    });
    const { body: answer } = await again('GET', `/v1/revocations/${body['id']}/certificate`, programme.storefrontKey);
    const claims = await verifiedClaims(url, answer['certificate'], 'revocation-certificate+jwt');
    expect(claims).not.toHaveProperty('restoredAt');
    expect(claims['statement']).toMatch(/Nobody had been given anything\.$/);
  });

  // Fails when notices are numbered on from where the backup was.
  it('owes notices that are found after the last one that a recipient has', async () => {
    const { body } = await notices(lastSeen);
    const refs = body['data'].map(({ customerRef }: { customerRef: string }) => customerRef);
    expect(refs).toEqual(expect.arrayContaining(['revoked', 'shared-again']));
  });

  it('finds nothing to do the second time', () => {
    const { status, out } = run('replay-journal.js', '--journal', journal);
    expect([status, out]).toEqual([0, expect.stringContaining('0 consents ended, 0 values destroyed')]);
  });

  it('keeps every invariant, and a whole history', async () => {
    await stop();
    const verified = run('verify.js');
    expect([verified.status, verified.told]).toEqual([0, '']);
    expect(await invariants()).toEqual({});
  });

  it('writes on above what the journal knew: the next export begins where it ended', async () => {
    const [, to] = /"to":"(\d+)"/.exec(readFileSync(journal, 'utf8'))!;
    await start();
    expect(
      (await again('POST', '/v1/revocations', programme.storefrontKey, { customerRef: 'kept', everything: true }))
        .status,
    ).toBe(201);
    await eventually(
      () => Promise.resolve(run('export-journal.js', '--after', to!)),
      ({ out }) => out.includes('"ended"') && out.includes('"erased"'),
      30_000,
    );
    await stop();
    // The sections are one file, one after the other.
    const next = run('export-journal.js', '--after', to!);
    writeFileSync(journal, next.out, { flag: 'a' });
    expect(run('replay-journal.js', '--journal', journal)).toMatchObject({ status: 0, told: '' });
  });

  // Fails when the notices of both restorations are numbered from the same backup's number on.
  it('restored a second time, owes its notices after all that the first time had', async () => {
    await start();
    const seen = String((await notices()).body['data'].at(-1).sequence);
    expect((await notices(seen)).body['data']).toEqual([]);
    await stop();
    rmSync(join(dataDir, 'postgres'), { recursive: true });
    copy(backup, dataDir);
    expect(run('replay-journal.js', '--journal', journal)).toMatchObject({ status: 0, told: '' });
    await start();
    const { body } = await notices(seen);
    const refs = body['data'].map(({ customerRef }: { customerRef: string }) => customerRef);
    expect(refs).toEqual(expect.arrayContaining(['revoked', 'shared-again', 'kept']));
    expect(body['data'].every(({ sequence }: { sequence: unknown }) => Number.isSafeInteger(sequence))).toBe(true);
    await stop();
  });
});

describe('a backup that is put back under a service that runs on', () => {
  // Fails when only a process that starts asks where its database is.
  it('closes it before anything is read, where the keys lie apart', async () => {
    const folder = temporaryFolder();
    const port = String(await freePort());
    const begin = () => startEmbeddedPostgres({ dataDir: folder, settings: { port } });
    let postgres = await begin();
    const store = await createOtherDatabase();
    const running = await startService({
      databaseUrl: postgres.url,
      env: { GEGENWERT_KEYS_DATABASE_URL: store.url },
      restart: true,
    });
    try {
      const programme = await createProgramme(running);
      for (const ref of ['one', 'two']) await programme.share(ref);
      const ready = (status: number) =>
        eventually(
          () => call(running.url, 'GET', '/health/ready', {}),
          (answer) => answer.status === status,
          30_000,
        );
      await postgres.stop();
      const saved = temporaryFolder();
      copy(folder, saved);
      postgres = await begin();
      // Only started anew, it is the one that it was.
      await ready(200);
      expect((await programme.disclose('one')).status).toBe(200);
      await programme.revoke('one', { everything: true });
      await eventually(
        () => store.sql('SELECT FROM key_store.data_keys WHERE destroyed_at IS NOT NULL'),
        ({ length }) => length === 1,
        30_000,
      );
      const answers: Answer[] = [];
      let isOver = false;
      const asking = (async () => {
        while (!isOver) answers.push(await programme.disclose('one'));
      })();
      await postgres.stop();
      rmSync(join(folder, 'postgres'), { recursive: true });
      copy(saved, folder);
      postgres = await begin();
      const closed = await eventually(
        () => programme.disclose('two'),
        ({ body }) => body['type'] === 'urn:gegenwert:problem:restore-pending',
        30_000,
      );
      isOver = true;
      await asking;
      expect(closed.status).toBe(503);
      expect(answers.filter(({ status }) => status === 200)).toEqual([]);
      await ready(503);
    } finally {
      await running.stop();
      await postgres.stop();
      await store.drop();
    }
  });
});
