import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { ADMIN_URL_VARIABLE, databaseUrl, TEMPLATE } from './test-cluster';

export interface TestDatabase {
  /** As the superuser. */
  url: string;
  /** Cuts whatever connections are left. */
  drop(): Promise<void>;
}

/** A migrated, empty database of one's own on the test run's cluster. */
export const createTestDatabase = (): Promise<TestDatabase> => create(`TEMPLATE ${TEMPLATE} STRATEGY FILE_COPY`);

/** The same before its first migration. */
export const createBareDatabase = (): Promise<TestDatabase> => create('');

async function create(how: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdmin(`CREATE DATABASE ${name} ${how}`);
  return {
    url: databaseUrl(adminUrl(), name),
    drop: () => asAdmin(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function asAdmin(statement: string): Promise<void> {
  const admin = new Client({ connectionString: adminUrl() });
  await admin.connect();
  try {
    await admin.query(statement);
  } finally {
    await admin.end();
  }
}

function adminUrl(): string {
  const url = process.env[ADMIN_URL_VARIABLE];
  if (url === undefined) throw new Error(`${ADMIN_URL_VARIABLE} is not set: Jest's globalSetup did not run.`);
  return url;
}
