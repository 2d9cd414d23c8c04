import { Client } from 'pg';

/** What the invariant views find; empty when every rule holds. As the owner, over all programmes of the database. */
export async function brokenInvariants(databaseUrl: string): Promise<Record<string, unknown[]>> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: views } = await client.query<{ name: string }>(
      `SELECT viewname AS name FROM pg_views WHERE schemaname = 'invariants' ORDER BY 1`,
    );
    if (views.length < 10) throw new Error('The invariant views are not there');
    const broken: Record<string, unknown[]> = {};
    for (const { name } of views) {
      const { rows } = await client.query(`SELECT * FROM invariants.${name} LIMIT 5`);
      if (rows.length > 0) broken[name] = rows;
    }
    return broken;
  } finally {
    await client.end();
  }
}
