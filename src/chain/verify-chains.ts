import type { Client } from 'pg';
import type { PublicJwk } from '../platform/signing-keys';
import { type Block, hashOf, type Leaves, NO_HASH, type Place } from './block';
import { findCheckpoints, readCheckpoint } from './checkpoints';
import { rangeBetween } from './ranges';
import { NUMBERED, type TableName } from './sealed-tables';
import {
  beyondOf,
  type Difference,
  differencesOf,
  elsewhereOf,
  keyValue,
  nameOf,
  UNSEALED,
  VAULT,
  type VaultRow,
} from './verified-rows';

export type Change = 'changed' | 'removed' | 'inserted' | 'missing' | 'not signed' | 'not the one that was kept';

/** What does not agree with the chain, by name. */
export interface Finding {
  /** Slug. */
  programme: string;
  table: TableName | 'chain_blocks' | 'chain_leaves' | 'chain_heads' | 'vault_values' | 'checkpoint';
  /** Public id, or what the table has instead. */
  id: string;
  change: Change;
  /** More about it, in words. */
  note?: string;
}

export interface VerifiedProgramme {
  programme: string;
  blocks: number;
  /** Sealed, and looked at. */
  rows: number;
  findings: number;
  /** Seconds since the oldest row that is not sealed yet; null when there is none. */
  unsealedSeconds: number | null;
}

export interface Verification {
  /** Text with checkpoints that were kept elsewhere. */
  checkpoints?: string | undefined;
  onFinding: (finding: Finding) => void;
  /** After each block. */
  onProgress?: (programme: string, block: number, of: number) => void;
}

interface Programme {
  id: string;
  slug: string;
  number: string;
  hash: Buffer;
  to_transaction: string;
  to_within: Place['within'];
}

interface BlockRow {
  number: string;
  from_transaction: string;
  from_within: Place['within'];
  to_transaction: string;
  to_within: Place['within'];
  previous_hash: Buffer;
  hash: Buffer;
  rows: number;
  sealed_at: Date;
  checkpoint: string;
}

const PROGRAMMES = `
  SELECT p.id, p.slug, coalesce(h.number, 0) AS number, coalesce(h.hash, decode(repeat('00', 32), 'hex')) AS hash,
         coalesce(h.to_transaction, 0) AS to_transaction, h.to_within
    FROM public.programmes p LEFT JOIN public.chain_heads h ON h.programme_id = p.id ORDER BY p.slug`;
const KEYS = 'SELECT public_jwk FROM public.signing_keys';
const BLOCKS = `SELECT * FROM public.chain_blocks WHERE programme_id = $1 AND number > $2 ORDER BY number LIMIT 100`;
/** What the leaves come to; and whether they say the same of themselves. */
const LEAVES = `
  SELECT l.of_table AS table, cardinality(l.keys) AS rows, l.digest,
         (SELECT sha256(string_agg(k || h, '' ORDER BY n)) FROM unnest(l.keys, l.hashes) WITH ORDINALITY AS u(k, h, n)) AS found
    FROM public.chain_leaves l WHERE l.programme_id = $1 AND l.number = $2`;

/**
 * Holds every programme's chain against its rows, block by block: in memory there is one block at a time. Rows are hashed
 * anew in the database, by its own functions. Reads only, and may run at any time.
 *
 * @param client of whoever may take on the role gegenwert_audit
 */
export async function verifyChains(client: Client, verification: Verification): Promise<VerifiedProgramme[]> {
  const keys = (await readAll<{ public_jwk: PublicJwk }>(client, KEYS)).map((row) => row.public_jwk);
  const verified: VerifiedProgramme[] = [];
  for (const programme of await readAll<Programme>(client, PROGRAMMES)) {
    verified.push(await new ChainVerifier(client, programme, keys, verification).verify());
  }
  await compareKept(client, keys, verification);
  return verified;
}

class ChainVerifier {
  private blocks = 0;
  private rows = 0;
  private findings = 0;

  constructor(
    private readonly client: Client,
    private readonly programme: Programme,
    private readonly keys: PublicJwk[],
    private readonly verification: Verification,
  ) {}

  async verify(): Promise<VerifiedProgramme> {
    const { slug, number } = this.programme;
    let last: { number: string; hash: Buffer; to: Place } = {
      number: '0',
      hash: NO_HASH,
      to: { transaction: '0', within: null },
    };
    for await (const row of this.blocksInOrder()) {
      const block = blockOf(this.programme.id, row, await this.readLeaves(row.number));
      this.lookAtBlock(block, row, last);
      await this.lookAtRows(block);
      last = { number: row.number, hash: row.hash, to: block.to };
      this.blocks += 1;
      this.verification.onProgress?.(slug, Number(row.number), Number(number));
    }
    this.lookAtEnd(last);
    await this.lookBeyond(last.to);
    await this.lookAtVault();
    return {
      programme: slug,
      blocks: this.blocks,
      rows: this.rows,
      findings: this.findings,
      unsealedSeconds: await this.unsealedSeconds(last.to),
    };
  }

  private find(finding: Omit<Finding, 'programme'>): void {
    this.findings += 1;
    this.verification.onFinding({ programme: this.programme.slug, ...finding });
  }

  /** Up to where the chain had come when it was looked at first: what is sealed meanwhile is for the next time. */
  private async *blocksInOrder(): AsyncGenerator<BlockRow> {
    let reached = '0';
    for (;;) {
      const rows = await readAll<BlockRow>(this.client, BLOCKS, [this.programme.id, reached]);
      for (const row of rows) {
        if (BigInt(row.number) > BigInt(this.programme.number)) return;
        yield row;
        reached = row.number;
      }
      if (rows.length === 0) return;
    }
  }

  private async readLeaves(number: string): Promise<Leaves[]> {
    const rows = await readAll<Leaves & { found: Buffer }>(this.client, LEAVES, [this.programme.id, number]);
    for (const { table, digest, found } of rows) {
      if (!digest.equals(found)) this.find({ table: 'chain_leaves', id: `${number} ${table}`, change: 'changed' });
    }
    return rows;
  }

  private lookAtBlock(block: Block, row: BlockRow, last: { number: string; hash: Buffer; to: Place }): void {
    const expected = String(BigInt(last.number) + 1n);
    if (row.number !== expected) this.missing(expected, String(BigInt(row.number) - 1n));
    const hash = hashOf(block);
    if (!hash.equals(row.hash) || block.leaves.reduce((sum, { rows }) => sum + rows, 0) !== row.rows) {
      this.find({ table: 'chain_blocks', id: row.number, change: 'changed', note: 'its header or its leaves' });
    }
    const follows = row.previous_hash.equals(last.hash) && samePlace(block.from, last.to);
    if (!follows && row.number === expected) {
      this.find({
        table: 'chain_blocks',
        id: row.number,
        change: 'changed',
        note: 'it does not follow from the one before',
      });
    }
    const signed = readCheckpoint(row.checkpoint, this.keys);
    const said = signed?.checkpoint;
    const isOurs = signed?.programmeId === block.programmeId && String(said?.block) === row.number;
    if (!isOurs || said?.hash !== hash.toString('hex')) {
      this.find({
        table: 'chain_blocks',
        id: row.number,
        change: 'not signed',
        note: 'its checkpoint is not of a key of this service for this block',
      });
    }
  }

  private missing(first: string, last: string): void {
    this.find({ table: 'chain_blocks', id: first === last ? first : `${first} to ${last}`, change: 'missing' });
  }

  private lookAtEnd(last: { number: string; hash: Buffer; to: Place }): void {
    const { number, hash, to_transaction: transaction, to_within: within } = this.programme;
    if (BigInt(number) > BigInt(last.number)) this.missing(String(BigInt(last.number) + 1n), number);
    else if (!hash.equals(last.hash) || !samePlace({ transaction, within }, last.to)) {
      this.find({ table: 'chain_heads', id: number, change: 'changed', note: 'it is not where the last block ends' });
    }
  }

  private async lookAtRows(block: Block): Promise<void> {
    const range = rangeBetween(block.from, block.to);
    // Also those that the range has no rows of, and leaves all the same.
    const tables = new Set([...range.tables, ...block.leaves.map(({ table }) => table)]);
    for (const table of tables) {
      const condition = range.tables.includes(table) ? range.condition(table) : 'false AND $1::uuid IS NULL';
      const values = range.tables.includes(table) ? range.values : [];
      const differences = await readAll<Difference>(this.client, differencesOf(table, condition, values.length + 2), [
        this.programme.id,
        ...values,
        block.number,
      ]);
      for (const { key, sealed, found } of differences) await this.tell(table, key, { sealed, found });
    }
    this.rows += block.leaves.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** A row that is not where its block says may be somewhere else: then it was changed and not removed. */
  private async tell(
    table: TableName,
    key: Buffer,
    { sealed, found }: { sealed: Buffer | null; found: Buffer | null },
  ): Promise<void> {
    const id = nameOf(table, key);
    if (sealed === null) return this.find({ table, id, change: 'inserted', note: 'no block has it' });
    if (found !== null)
      return this.find({
        table,
        id,
        change: 'changed',
        ...(table === 'transfers' ? { note: 'or an account of it' } : {}),
      });
    const [elsewhere] = await readAll<{ found: Buffer | null }>(this.client, elsewhereOf(table), [
      this.programme.id,
      keyValue(table, key),
    ]);
    if (elsewhere === undefined) return this.find({ table, id, change: 'removed' });
    // A consent whose share is gone is as it was; the share is told of.
    if (!elsewhere.found?.equals(sealed)) this.find({ table, id, change: 'changed' });
  }

  /** Rows that no transaction can have written. */
  private async lookBeyond(end: Place): Promise<void> {
    for (const table of NUMBERED) {
      const rows = await readAll<{ key: Buffer }>(this.client, beyondOf(table), [this.programme.id, end.transaction]);
      for (const { key } of rows) {
        this.find({ table, id: nameOf(table, key), change: 'inserted', note: 'by a transaction that has not been' });
      }
    }
  }

  /** Values that are stored, against what their shares and corrections said of them; one that none states cannot be looked at. */
  private async lookAtVault(): Promise<void> {
    for (let after = ['-9223372036854775808', '']; ;) {
      const rows = await readAll<VaultRow>(this.client, VAULT, [this.programme.id, ...after]);
      for (const row of rows.filter(({ agrees }) => !agrees)) {
        this.find({
          table: 'vault_values',
          id: `customer ${row.customer_id}, ${row.attribute}`,
          change: 'changed',
          note: 'its ciphertext is not the one that its share or correction states',
        });
      }
      const last = rows.at(-1);
      if (last === undefined) return;
      after = [last.customer_id, last.attribute];
    }
  }

  private async unsealedSeconds(end: Place): Promise<number | null> {
    const [row] = await readAll<{ seconds: number | null }>(this.client, UNSEALED, [
      this.programme.id,
      end.transaction,
    ]);
    return row?.seconds ?? null;
  }
}

const samePlace = (a: Place, b: Place): boolean =>
  a.transaction === b.transaction &&
  a.within?.table === b.within?.table &&
  JSON.stringify(a.within?.key ?? null) === JSON.stringify(b.within?.key ?? null);

const blockOf = (programmeId: string, row: BlockRow, leaves: Leaves[]): Block => ({
  programmeId,
  number: row.number,
  from: { transaction: row.from_transaction, within: row.from_within },
  to: { transaction: row.to_transaction, within: row.to_within },
  previousHash: row.previous_hash,
  sealedAt: row.sealed_at,
  leaves,
});

const KEPT = `SELECT p.slug, b.hash FROM public.programmes p LEFT JOIN public.chain_blocks b ON b.programme_id = p.id AND b.number = $2 WHERE p.id = $1`;

/** Checkpoints that were kept elsewhere, against the chain as it is now: whoever wrote all of it anew is found by them. */
async function compareKept(client: Client, keys: PublicJwk[], { checkpoints, onFinding }: Verification): Promise<void> {
  for (const jws of findCheckpoints(checkpoints ?? '')) {
    const kept = readCheckpoint(jws, keys);
    if (kept === undefined) {
      onFinding({
        programme: '?',
        table: 'checkpoint',
        id: `${jws.slice(0, 24)}…`,
        change: 'not signed',
        note: 'no key that this service has, or had, has signed it',
      });
      continue;
    }
    const { block, hash } = kept.checkpoint;
    const [row] = await readAll<{ slug: string; hash: Buffer | null }>(client, KEPT, [kept.programmeId, block]);
    if (row?.hash?.toString('hex') === hash) continue;
    const change = row?.hash ? 'not the one that was kept' : 'missing';
    onFinding({
      programme: row?.slug ?? kept.programmeId,
      table: 'chain_blocks',
      id: String(block),
      change,
      note: `a checkpoint of ${kept.checkpoint.sealedAt} says otherwise`,
    });
  }
}

/** As the role that may read everything and write nothing; only with PostgreSQL's own functions by their bare names. */
async function readAll<Row extends object>(client: Client, select: string, values: unknown[] = []): Promise<Row[]> {
  await client.query(
    `BEGIN READ ONLY; SET LOCAL ROLE gegenwert_audit; SET LOCAL search_path = pg_catalog; SET LOCAL statement_timeout = 0`,
  );
  try {
    return (await client.query<Row>(select, values)).rows;
  } finally {
    await client.query('ROLLBACK');
  }
}
