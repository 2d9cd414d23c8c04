import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { Client } from 'pg';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { call, eventually, startService, type RunningService } from '../setup/service';
import { temporaryFolder } from '../setup/temporary-folder';

describe('the history of a programme', () => {
  let database: TestDatabase;
  let service: RunningService;
  let programme: TestProgramme;
  let superuser: Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService({ databaseUrl: database.url });
    programme = await createProgramme(service);
    superuser = new Client({ connectionString: database.url });
    await superuser.connect();
    for (const ref of ['anna', 'ben', 'carla']) {
      await programme.share(ref);
      await programme.disclose(ref);
    }
    await sealed();
  });
  afterAll(async () => {
    await superuser.end();
    await service.stop();
    await database.drop();
  });

  const sealed = () =>
    eventually(
      async () => {
        const { rows } = await superuser.query<{ left: number }>(
          'SELECT ((SELECT count(*) FROM outbox) + (SELECT count(*) FROM unsealed_programmes()))::int AS left',
        );
        return rows[0]?.left;
      },
      (left) => left === 0,
    );

  const list = (key: string, query = '') => call(service.url, 'GET', `/v1/checkpoints${query}`, { key });

  /** As an operator does. */
  function verify(...args: string[]): { status: number | null; said: string } {
    const env = { ...process.env, ...service.env };
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(__dirname, '../../dist/src/verify.js'), ...args],
      {
        env,
        encoding: 'utf8',
      },
    );
    return { status, said: stdout + stderr };
  }

  it('has checkpoints, newest first, that anyone can verify with jwks.json', async () => {
    await programme.share('dora');
    await sealed();
    const { body } = await list(programme.adminKey);
    expect(body['data'].length).toBeGreaterThan(1);
    const blocks = (body['data'] as { block: number }[]).map(({ block }) => block);
    expect(blocks).toEqual(blocks.map((_, n) => blocks.length - n));
    const { body: jwks } = await call(service.url, 'GET', '/.well-known/jwks.json');
    const keys = createLocalJWKSet(jwks as unknown as JSONWebKeySet);
    for (const { checkpoint, ...said } of body['data']) {
      const { payload, protectedHeader } = await jwtVerify(checkpoint as string, keys);
      expect(protectedHeader.typ).toBe('checkpoint+jwt');
      expect(payload).toEqual({ ...said, programme: programme.id });
    }
  });

  it('is listed page by page, for the data protection officer and nobody else', async () => {
    const key = async (role: string) =>
      (
        await call(service.url, 'POST', '/v1/keys', {
          key: programme.adminKey,
          body: { kind: 'staff', name: role, role },
        })
      ).body['key'] as string;
    const dpo = await key('dpo');
    const first = await list(dpo, '?limit=1');
    const second = await list(dpo, `?limit=100&after=${first.body['nextCursor']}`);
    const all = await list(dpo);
    expect([...first.body['data'], ...second.body['data']]).toEqual(all.body['data']);
    expect(all.body['nextCursor']).toBeNull();
    expect((await list(dpo, '?after=x')).status).toBe(422);
    for (const other of [await key('marketing'), programme.storefrontKey, programme.recipients.newsletter.apiKey]) {
      expect((await list(other)).status).toBe(403);
    }
  });

  it('verifies, also when a customer was erased, and names what a superuser edits', async () => {
    const kept = join(temporaryFolder(), 'checkpoints.json');
    writeFileSync(kept, JSON.stringify((await list(programme.adminKey)).body));
    const { body } = await call(service.url, 'DELETE', '/v1/customers/anna?balance=forfeit', {
      key: programme.storefrontKey,
    });
    await eventually(
      () => call(service.url, 'GET', `/v1/jobs/${body['jobId']}`, { key: programme.storefrontKey }),
      (answer) => answer.body['status'] === 'done',
    );
    await sealed();
    const { rowCount } = await superuser.query("SELECT FROM customers WHERE ref = 'anna'");
    expect(rowCount).toBe(0);
    const whole = verify('--checkpoints', kept);
    expect(whole.said).toMatch(/✓ history \(all of it sealed: \d+ rows in \d+ blocks\)\nEvery rule holds\./);
    expect(whole.status).toBe(0);

    await superuser.query('SET session_replication_role = replica');
    const { rows } = await superuser.query<{ id: string }>(
      'UPDATE disclosures SET reason = $1 WHERE id = (SELECT min(id::text)::uuid FROM disclosures) RETURNING id',
      ['for something else'],
    );
    const edited = verify('--checkpoints', kept);
    expect(edited.said).toMatch(
      new RegExp(`✗ history .*\\n    programme .*: disclosures dsc_\\w+ \\(${rows[0]?.id}\\): changed\\n`),
    );
    expect(edited.status).toBe(1);
  });
});
