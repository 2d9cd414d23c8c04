import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Statement, Tx } from '../platform/database';
import { metrics } from '../platform/metrics';
import type { SigningKeys } from '../platform/signing-keys';
import { type Block, CHECKPOINT_TYPE, checkpointOf, hashOf, type Leaves, type Place, rowsOf } from './block';
import { nextPart, orderOf, type Range, rangeBetween } from './ranges';
import { keyOf, leafOf, NUMBERED, SEALED, type TableName } from './sealed-tables';

/** Rows after which a block ends, with the consents of its shares on top: some tens of milliseconds of work. */
const ROWS = 5_000;

const OPEN: Statement = {
  name: 'open_chain',
  text: 'INSERT INTO chain_heads (programme_id) VALUES ($1) ON CONFLICT ON CONSTRAINT chain_heads_pk DO NOTHING',
};
const HOLD: Statement = {
  name: 'hold_chain',
  // The number below which all have ended is asked for before the rows are: what was written under it is seen by then.
  text: `SELECT number, hash, to_transaction, to_within, transactions_ended() AS ended, clock_timestamp() AS now
           FROM chain_heads WHERE programme_id = $1 FOR UPDATE SKIP LOCKED`,
};
const FULL: Statement = {
  name: 'where_block_is_full',
  text: `SELECT written_in FROM (${NUMBERED.map(
    (table) => `(SELECT written_in FROM ${table} WHERE programme_id = $1 AND written_in >= $2 AND written_in < $3
                   ORDER BY written_in LIMIT ${ROWS})`,
  ).join(' UNION ALL ')}) w ORDER BY written_in OFFSET ${ROWS - 1} LIMIT 1`,
};
const ADD: Statement = {
  name: 'add_block',
  text: `WITH moved AS (UPDATE chain_heads SET number = $2, hash = $8, to_transaction = $5, to_within = $6 WHERE programme_id = $1)
         INSERT INTO chain_blocks (programme_id, number, from_transaction, from_within, to_transaction, to_within, previous_hash, hash, rows, sealed_at, checkpoint)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
};

interface Head {
  number: string;
  hash: Buffer;
  to_transaction: string;
  to_within: Place['within'];
  ended: string;
  now: Date;
}

/**
 * Seals what one programme's ended transactions have written since the last block, block by block, each a transaction of
 * its own. Whoever comes while another seals has nothing to do. rest: for how many times as long as a block took nothing is done
 * after it, since nobody waits for it.
 */
export async function sealHistory(
  database: Database,
  keys: SigningKeys,
  programmeId: string,
  stopping: () => boolean,
  rest = () => 0,
): Promise<void> {
  for (let more = true; more && !stopping();) {
    const started = performance.now();
    more = await database.inProgramme(programmeId, (tx) => sealBlock(tx, keys));
    if (more) await sleep(rest() * (performance.now() - started));
  }
}

/** Adds a block, if there is something to seal. Answers whether there may be more at once. */
export async function sealBlock(tx: Tx, keys: SigningKeys): Promise<boolean> {
  const [, [head]] = await Promise.all([tx.query(OPEN, [tx.programmeId]), tx.query<Head>(HOLD, [tx.programmeId])]);
  if (!head) return false;
  const from: Place = { transaction: head.to_transaction, within: head.to_within };
  const end = await endOf(tx, from, head.ended);
  if (!end) return false;
  const number = String(BigInt(head.number) + 1n);
  const leaves = await writeLeaves(tx, number, rangeBetween(from, end.to));
  // Nothing at all up to now: the next block begins where this one would have.
  if (leaves.length === 0 && !end.more) return false;
  await addBlock(tx, keys, {
    programmeId: tx.programmeId,
    number,
    from,
    to: end.to,
    previousHash: head.hash,
    sealedAt: head.now,
    leaves,
  });
  return end.more;
}

/** Where the block ends: with the last transaction that fits, in the middle of one that is too large, or for now. */
async function endOf(tx: Tx, from: Place, ended: string): Promise<{ to: Place; more: boolean } | undefined> {
  if (from.within === null) {
    if (BigInt(ended) <= BigInt(from.transaction)) return undefined;
    const [full] = await tx.query<{ written_in: string }>(FULL, [tx.programmeId, from.transaction, ended]);
    if (!full) return { to: { transaction: ended, within: null }, more: false };
    if (full.written_in !== from.transaction) return { to: { transaction: full.written_in, within: null }, more: true };
  }
  const { table, unlimited, after } = nextPart(from);
  const [last] = await tx.query<{ key: string[] }>(lastOfPart(table, unlimited), [tx.programmeId, ...unlimited.values]);
  return { to: after(last?.key ?? null), more: true };
}

function lastOfPart(table: TableName, range: Range): Statement {
  const { order } = SEALED[table];
  return {
    name: `last_of_${range.form}_${table}`,
    text: `SELECT ARRAY[${order.map(([column]) => `r.${column}::text`).join(', ')}] AS key FROM ${table} r
            WHERE ${range.condition(table)} ORDER BY ${orderOf(table, 'r').slice(1, -1)} OFFSET ${ROWS - 1} LIMIT 1`,
  };
}

/** Hashes the rows of a range in the database, table by table, and keeps key and hash of each. */
async function writeLeaves(tx: Tx, number: string, range: Range): Promise<Leaves[]> {
  const written = await Promise.all(
    range.tables.map((table) => tx.query<Leaves>(leavesOf(table, range), [tx.programmeId, ...range.values, number])),
  );
  return written.flat();
}

function leavesOf(table: TableName, range: Range): Statement {
  const sealed = SEALED[table];
  const number = `$${range.values.length + 2}`;
  return {
    name: `leaves_of_${range.form}_${table}`,
    // In the order of the keys, sorted once; which order it is, is only for whoever looks at it.
    text: `INSERT INTO chain_leaves (programme_id, number, of_table, keys, hashes, digest)
             SELECT $1, ${number}, '${table}', array_agg(key), array_agg(hash), sha256(string_agg(key || hash, ''))
               FROM (SELECT ${keyOf(sealed)} AS key, ${leafOf(sealed)} AS hash FROM ${sealed.from}
                      WHERE ${range.condition(table)} ORDER BY r.${sealed.key.column}) l
             HAVING count(*) > 0
           RETURNING of_table AS table, cardinality(keys) AS rows, digest`,
  };
}

async function addBlock(tx: Tx, keys: SigningKeys, block: Block): Promise<void> {
  const hash = hashOf(block);
  const checkpoint = keys.sign(keys.currentKid, CHECKPOINT_TYPE, checkpointOf(block, hash));
  const { number, from, to, previousHash, sealedAt, leaves } = block;
  const values = [from.transaction, from.within, to.transaction, to.within, previousHash, hash];
  await tx.query(ADD, [tx.programmeId, number, ...values, rowsOf(leaves), sealedAt, checkpoint]);
  metrics.batchSize.observe({ what: 'sealing' }, rowsOf(leaves));
  metrics.blocks.inc();
}
