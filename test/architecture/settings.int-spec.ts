import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../src/platform/config';

const file = (path: string): string => readFileSync(join(__dirname, '../..', path), 'utf8');
const namesIn = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name]) => name!)),
];

/** What the service reads of its environment, save what one of its processes tells another. */
const READ = namesIn(
  file('src/platform/config.ts') + file('src/platform/kek/settings.ts'),
  /\b(GEGENWERT_[A-Z_]+|METRICS_PORT|LOG_LEVEL|DATABASE_URL|REDIS_URL|PORT)\b/g,
).filter((name) => name !== 'GEGENWERT_DATABASE_FILES');
const EXAMPLE = namesIn(file('.env.example'), /^(?:# )?([A-Z_]+)=/gm);

/** The environment that API, worker and migration share in their containers, as docker compose makes it of an .env. */
function containerOf(dotenv: Record<string, string>): Record<string, string> {
  const [, shared = ''] = /^ {2}environment: &environment\n((?: {4}.*\n)+)/m.exec(file('docker-compose.yml')) ?? [];
  const filled = (text: string): string =>
    text.replace(
      /\$\{([A-Z_]+)(?::-([^}]*)|:\?[^}]*)?\}/g,
      (_, name: string, otherwise = '') => dotenv[name] || otherwise,
    );
  return Object.fromEntries(
    [...shared.matchAll(/^ {4}([A-Z_]+): (.*)$/gm)].map(([, name, value]) => [name!, filled(value!)]),
  );
}

describe('the settings', () => {
  it('are all in the example, and nothing else is', () => {
    expect(EXAMPLE.filter((name) => name !== 'POSTGRES_PASSWORD').sort()).toEqual([...READ].sort());
  });

  // Fails when one is left out: whoever wrote it into .env believes that keys lie apart, or that a KEK of before still opens.
  it('reach the containers, whichever are set in .env', () => {
    const ours = new Set([
      'DATABASE_URL',
      'REDIS_URL',
      'PORT',
      'METRICS_PORT',
      'GEGENWERT_DATA_DIR',
      'POSTGRES_PASSWORD',
    ]);
    const set = Object.fromEntries(EXAMPLE.filter((name) => !ours.has(name)).map((name) => [name, `of ${name}`]));
    expect(containerOf(set)).toMatchObject(set);
  });

  it('are good with the three secrets alone', () => {
    const secrets = {
      GEGENWERT_KEK: Buffer.alloc(32, 1).toString('base64'),
      GEGENWERT_OPERATOR_KEY: 'an operator of ours',
      POSTGRES_PASSWORD: 'secret',
    };
    expect(readConfig(containerOf(secrets))).toMatchObject({
      keysDatabaseUrl: undefined,
      kms: undefined,
      previousKeks: [],
      allowLoopbackWebhooks: false,
      callsPerMinute: { key: 0, customer: 120, unknown: 60 },
    });
    expect(() => readConfig(containerOf({ ...secrets, GEGENWERT_KEK: '' }))).toThrow('GEGENWERT_KEK is required');
  });
});
