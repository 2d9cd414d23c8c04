import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Client } from 'pg';
import { find, patiently, PATIENCE_MILLISECONDS, ROWS_SHOWN, tell, withAuditor } from './audit';
import { type Finding, type VerifiedProgramme, verifyChains } from './chain/core';
import { readableFile, runTask } from './run-task';

/** Of the history every row is named; who has changed more than this has changed everything. */
const FINDINGS_SHOWN = 1_000;

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

/**
 * Holds the database in use against the invariants of docs/domain-language.md, and its history against what was sealed of it.
 * Reads only, and may run at any time. `--checkpoints <file>`: also against checkpoints that were kept elsewhere.
 */
runTask('verification', async () => {
  const { values } = parseArgs({ options: { checkpoints: { type: 'string' } } });
  const checkpoints =
    values.checkpoints === undefined ? undefined : readFileSync(readableFile(values.checkpoints), 'utf8');
  return withAuditor((client) => verify(client, checkpoints));
});

async function verify(client: Client, checkpoints: string | undefined): Promise<boolean> {
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
  if (!(await verifyHistory(client, checkpoints))) broken++;
  console.log(broken === 0 ? 'Every rule holds.' : `${broken} of ${views.length + 2} rules are broken.`);
  return broken === 0;
}

async function verifyHistory(client: Client, checkpoints: string | undefined): Promise<boolean> {
  const findings: string[] = [];
  let found = 0;
  let toldAt = Date.now();
  const programmes = await verifyChains(client, {
    checkpoints,
    onFinding: (finding) => {
      if (found++ < FINDINGS_SHOWN) findings.push(findingText(finding));
    },
    onProgress: (programme, block, of) => {
      if (Date.now() - toldAt < PATIENCE_MILLISECONDS) return;
      toldAt = Date.now();
      console.log(`… history of ${programme}, block ${block} of ${of}`);
    },
  });
  tell(`history ${historySummary(programmes)}`, findings, FINDINGS_SHOWN);
  return found === 0;
}

const brokenText = ({ programme_id: programme, broken, what }: Broken): string =>
  `${broken}: ${what}${programme === null ? '' : ` (programme ${programme})`}`;

const balanceText = ({ slug, sum, overdrawn }: Balance): string =>
  `programme ${slug}: accounts come to ${sum} instead of 0, ${overdrawn} below 0`;

function summary(balances: Balance[]): string {
  const total = (key: 'customers' | 'points') => balances.reduce((sum, row) => sum + BigInt(row[key]), 0n);
  return `(${total('points')} points of ${total('customers')} customers in ${balances.length} programmes)`;
}

const findingText = ({ programme, table, id, change, note }: Finding): string =>
  `programme ${programme}: ${table} ${id}: ${change}${note === undefined ? '' : ` (${note})`}`;

function historySummary(programmes: VerifiedProgramme[]): string {
  const sum = (key: 'blocks' | 'rows') => programmes.reduce((total, one) => total + one[key], 0);
  const oldest = Math.max(-1, ...programmes.map(({ unsealedSeconds }) => unsealedSeconds ?? -1));
  const rest = oldest < 0 ? 'all of it' : `all but the last ${Math.ceil(oldest)} s`;
  return `(${rest} sealed: ${sum('rows')} rows in ${sum('blocks')} blocks)`;
}
