import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { createProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { eventually, startService, type RunningService } from '../setup/service';

const RECONCILE = join(__dirname, '../../dist/src/reconcile.js');

let database: TestDatabase;
let service: RunningService;
beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url });
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});

const reconcile = async (): Promise<{ code: number; lines: string[] }> => {
  const env = { ...process.env, DATABASE_URL: database.url, GEGENWERT_KEK: '' };
  const ended = await promisify(execFile)(process.execPath, [RECONCILE], { env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );
  return { code: ended.code, lines: ended.stdout.trimEnd().split('\n') };
};

it('as a command: 0 where the books agree, 1 and the differences by name where they do not', async () => {
  const shop = await createProgramme(service);
  const share = await shop.share('anna');
  await eventually(
    () => shop.balance('anna'),
    ({ available }) => available === 120,
  );
  const good = await reconcile();
  expect(good).toEqual({
    code: 0,
    lines: [
      ...good.lines.slice(0, -1).map(() => expect.stringMatching(/^✓ \w+ and \w+$/)),
      'Both sides of the books agree.',
    ],
  });
  expect(good.lines).toHaveLength(7);
  const superuser = new Client({ connectionString: database.url });
  await superuser.connect();
  await superuser.query(
    `SET session_replication_role = replica; UPDATE transfers SET points = 12 WHERE kind = 'award'`,
  );
  await superuser.end();
  const { code, lines } = await reconcile();
  expect(code).toBe(1);
  expect(lines).toContain('✗ awards and ledger');
  expect(lines.join('\n')).toMatch(/120 points promised, 12 booked: award [0-9a-f-]{36} \(programme [0-9a-f-]{36}\)/);
  expect(lines.at(-1)).toBe('2 of 6 comparisons differ.');
  expect(share.status).toBe(201);
});
