import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { ADMIN_URL_VARIABLE, databaseUrl } from './test-cluster';

export interface OtherDatabase {
  /** As the superuser. */
  url: string;
  sql<Row extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/** A database of the test run's cluster with nothing in it, or what another one has, to which nobody may be connected. */
export async function createOtherDatabase(copyOf?: string): Promise<OtherDatabase> {
  const admin = new Client({ connectionString: process.env[ADMIN_URL_VARIABLE] });
  await admin.connect();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const template = copyOf === undefined ? '' : ` TEMPLATE ${new URL(copyOf).pathname.slice(1)}`;
  await admin.query(`CREATE DATABASE ${name}${template} STRATEGY FILE_COPY`);
  const url = databaseUrl(process.env[ADMIN_URL_VARIABLE] ?? '', name);
  return {
    url,
    sql: async <Row extends object>(text: string, values: unknown[] = []) => {
      const client = new Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query<Row>(text, values)).rows;
      } finally {
        await client.end();
      }
    },
    drop: async () => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}
