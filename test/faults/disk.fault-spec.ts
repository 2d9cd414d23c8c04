import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { parsePublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually, type Answer } from '../setup/service';
import { temporaryFolder } from '../setup/temporary-folder';
import { ADMIN_URL_VARIABLE, databaseUrl, TEMPLATE } from '../setup/test-cluster';
import { trueCertificate } from '../setup/true-certificate';
import { startBench, type FaultBench } from './fault-bench';

/**
 * The disk is full: of the database, on a file system that is as small. Whatever cannot be written whole is refused whole,
 * with 503, and done when there is room again.
 */

jest.setTimeout(120_000);

const SIZE_MB = 96;
/** What is left of it: some pages. */
const LEFT_BYTES = 128 * 1024;
const WORK_MS = 60_000;

const folder = temporaryFolder();
const mount = (...args: string[]): boolean => spawnSync('mount', [...args, folder]).status === 0;
const canMount = mount('-t', 'tmpfs', '-o', `size=${SIZE_MB}m`, 'tmpfs');
if (canMount) spawnSync('umount', [folder]);

(canMount ? describe : describe.skip)('a full disk (skipped where no file system can be mounted)', () => {
  const name = `disk_${randomBytes(6).toString('hex')}`;
  const filler = join(folder, 'filler');
  const adminUrl = process.env[ADMIN_URL_VARIABLE]!;
  let admin: Client;
  let bench: FaultBench;

  beforeAll(async () => {
    admin = new Client({ connectionString: adminUrl });
    await admin.connect();
    const { rows } = await admin.query<{ data_directory: string }>('SHOW data_directory');
    const { uid, gid } = statSync(rows[0]!.data_directory);
    mount('-t', 'tmpfs', '-o', `size=${SIZE_MB}m,uid=${uid},gid=${gid},mode=700`, 'tmpfs');
    await admin.query(`CREATE TABLESPACE ${name} LOCATION '${folder}'`);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE} TABLESPACE ${name} STRATEGY FILE_COPY`);
    bench = await startBench({ backend: 'PostgreSQL', databaseUrl: databaseUrl(adminUrl, name), worker: true });
  });
  afterAll(async () => {
    await bench.stop();
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.query(`DROP TABLESPACE ${name}`);
    await admin.end();
    spawnSync('umount', [folder]);
  });

  const fill = (): void => {
    const { bavail, bsize } = statfsSync(folder);
    writeFileSync(filler, Buffer.alloc(bavail * bsize - LEFT_BYTES));
  };
  const one = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row> =>
    (await bench.sql<Row>(text, values))[0]!;

  // Fails when a share is written in more than one transaction, or a full disk counts as the caller's or our own fault.
  it('refuses what it cannot write whole, and does it when there is room', async () => {
    const { programme, service } = bench;
    for (const ref of ['before-0', 'before-1']) expect((await programme.share(ref)).status).toBe(201);
    expect((await programme.disclose('before-0')).status).toBe(200);
    await eventually(
      () => bench.sql('SELECT FROM outbox'),
      ({ length }) => length === 0,
    );
    fill();
    const sent = Array.from({ length: 600 }, (_, n) => ({ ref: `full-${n}`, idempotencyKey: randomUUID() }));
    const answers: Answer[] = [];
    for (let at = 0; at < sent.length && answers.filter(({ status }) => status !== 201).length < 40; at += 20) {
      const some = sent.slice(at, at + 20);
      answers.push(
        ...(await Promise.all(some.map(({ ref, idempotencyKey }) => programme.share(ref, { idempotencyKey })))),
      );
    }
    const tried = sent.slice(0, answers.length);
    const refused = answers.filter(({ status }) => status !== 201);
    const kinds = refused.map(({ status, body, headers }) => `${status} ${headers.get('retry-after')} ${body['type']}`);
    expect([...new Set(kinds)]).toEqual(['503 1 urn:gegenwert:problem:unavailable']);
    // Blocked or refused, never in between.
    const revoked = await programme.revoke('before-0', { everything: true }, { idempotencyKey: 'revoked-once' });
    expect([201, 503]).toContain(revoked.status);
    expect((await programme.disclose('before-0')).status).toBe(revoked.status === 201 ? 403 : 200);
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
    expect(await call(service.url, 'GET', '/health/live')).toMatchObject({ status: 200 });

    rmSync(filler);
    const again = await Promise.all(tried.map(({ ref, idempotencyKey }) => programme.share(ref, { idempotencyKey })));
    expect(again.map(({ status }) => status)).toEqual(tried.map(() => 201));
    answers.forEach(({ status, body }, n) => {
      if (status === 201) expect(again[n]!.body['id']).toBe(body['id']);
    });
    const { body } = await programme.revoke('before-0', { everything: true }, { idempotencyKey: 'revoked-once' });
    await eventually(
      () => bench.sql('SELECT FROM outbox'),
      ({ length }) => length === 0,
      WORK_MS,
    );
    const { shares, transfers } = await one<{ shares: number; transfers: number }>(
      `SELECT (SELECT count(*)::int FROM shares) AS shares, (SELECT count(*)::int FROM transfers WHERE kind = 'award') AS transfers`,
    );
    expect([shares, transfers]).toEqual([tried.length + 2, tried.length + 2]);
    const onlooker = { url: service.url, key: programme.storefrontKey, owner: bench.owner };
    const certificate = await trueCertificate(onlooker, parsePublicId('rev', body['id'] as string)!);
    expect(certificate).toMatchObject({ status: 'erased', of: 1, values: { stored: [] } });
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  });
});
