import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { readConfig, type Config } from './platform/config';
import { startEmbeddedPostgres } from './platform/embedded-postgres';
import { runTask } from './run-task';

const ROWS_SHOWN = 10;
const PATIENCE_MILLISECONDS = 5_000;

const VIEWS = `SELECT viewname AS name FROM pg_views WHERE schemaname = 'invariants' ORDER BY 1`;
/** What the customers have against what was ever handed out: the sum over a programme must be 0. */
const BALANCES = `
  SELECT p.slug, count(a.id) FILTER (WHERE a.customer_id <> 0 AND a.kind = 'available') AS customers,
         coalesce(sum(a.balance) FILTER (WHERE a.customer_id <> 0), 0) AS points, coalesce(sum(a.balance), 0) AS sum,
         count(a.id) FILTER (WHERE a.customer_id <> 0 AND a.balance < 0) AS overdrawn
    FROM programmes p LEFT JOIN accounts a ON a.programme_id = p.id GROUP BY p.slug ORDER BY p.slug`;

interface Broken {
  programme_id: string | null;
  broken: string;
  what: string;
}

interface Balance {
  slug: string;
  customers: string;
  points: string;
  sum: string;
  overdrawn: string;
}

/** Holds the database in use against the invariants of docs/domain-language.md. Reads only, and may run at any time. */
runTask('verification', async () => {
  const { url, stop } = await findDatabase(readConfig(process.env, { kek: 'unused' }));
  try {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return await verify(client);
    } finally {
      await client.end();
    }
  } finally {
    await stop();
  }
});

async function findDatabase({ databaseUrl, dataDir }: Config): Promise<{ url: string; stop: () => Promise<void> }> {
  if (databaseUrl) return { url: databaseUrl, stop: () => Promise.resolve() };
  if (!existsSync(join(dataDir, 'postgres'))) {
    throw new Error(`There is no database in ${dataDir} yet. Start the service first, or set DATABASE_URL.`);
  }
  return startEmbeddedPostgres({ dataDir });
}

async function verify(client: Client): Promise<boolean> {
  const { rows: views } = await client.query<{ name: string }>(VIEWS);
  if (views.length === 0) throw new Error('This database has no invariants to look at: run `npm run migrate` first.');
  let broken = 0;
  for (const { name } of views) {
    const rows = await patiently(name, () =>
      find<Broken>(client, `SELECT * FROM invariants.${name} LIMIT ${ROWS_SHOWN}`),
    );
    tell(name.replace(/^i0*(\d+)_/, 'I$1 ').replaceAll('_', ' '), rows.map(brokenText));
    if (rows.length > 0) broken++;
  }
  const balances = await patiently('balances', () => find<Balance>(client, BALANCES));
  const wrong = balances.filter(({ sum, overdrawn }) => sum !== '0' || overdrawn !== '0');
  tell(`balances ${summary(balances)}`, wrong.slice(0, ROWS_SHOWN).map(balanceText));
  if (wrong.length > 0) broken++;
  console.log(broken === 0 ? 'Every rule holds.' : `${broken} of ${views.length + 1} rules are broken.`);
  return broken === 0;
}

/** As the role that may read everything and write nothing, on one snapshot, however long it takes. */
async function find<Row extends object>(client: Client, select: string): Promise<Row[]> {
  await client.query('BEGIN READ ONLY; SET LOCAL ROLE gegenwert_audit; SET LOCAL statement_timeout = 0');
  try {
    return (await client.query<Row>(select)).rows;
  } finally {
    await client.query('ROLLBACK');
  }
}

async function patiently<T>(name: string, task: () => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const still = () => console.log(`… ${name}, ${Math.round((Date.now() - startedAt) / 1000)} s so far`);
  const timer = setInterval(still, PATIENCE_MILLISECONDS);
  try {
    return await task();
  } finally {
    clearInterval(timer);
  }
}

function tell(rule: string, faults: string[]): void {
  console.log(`${faults.length === 0 ? '✓' : '✗'} ${rule}`);
  for (const fault of faults) console.log(`    ${fault}`);
  if (faults.length === ROWS_SHOWN) console.log(`    and perhaps more: these are the first ${ROWS_SHOWN}`);
}

const brokenText = ({ programme_id: programme, broken, what }: Broken): string =>
  `${broken}: ${what}${programme === null ? '' : ` (programme ${programme})`}`;

const balanceText = ({ slug, sum, overdrawn }: Balance): string =>
  `programme ${slug}: accounts come to ${sum} instead of 0, ${overdrawn} below 0`;

function summary(balances: Balance[]): string {
  const total = (key: 'customers' | 'points') => balances.reduce((sum, row) => sum + BigInt(row[key]), 0n);
  return `(${total('points')} points of ${total('customers')} customers in ${balances.length} programmes)`;
}
