import { createHash } from 'node:crypto';
import { toPublicId } from '../platform/ids';
import type { TableName } from './sealed-tables';

/**
 * How far: all that transactions below this number wrote, and of the transaction itself what comes before `within`, if
 * that is there (null for the key: the table from its beginning). Numbers as text, as PostgreSQL gives them.
 */
export interface Place {
  transaction: string;
  within: { table: TableName; key: string[] | null } | null;
}

/** What a block says of one table's rows. */
export interface Leaves {
  table: TableName;
  rows: number;
  digest: Buffer;
}

export interface Block {
  /** uuid */
  programmeId: string;
  /** From 1. */
  number: string;
  from: Place;
  to: Place;
  previousHash: Buffer;
  /** In milliseconds. */
  sealedAt: Date;
  /** Of the tables that have rows in it, by name. */
  leaves: Leaves[];
}

/** Before the first block. */
export const NO_HASH = Buffer.alloc(32);

const place = ({ transaction, within }: Place) => [transaction, within && [within.table, within.key]];

/** SHA-256 of the block's header: a JSON array, which has one form only. */
export function hashOf({ programmeId, number, from, to, previousHash, sealedAt, leaves }: Block): Buffer {
  const header = [
    'gegenwert/block/1',
    programmeId,
    number,
    place(from),
    place(to),
    previousHash.toString('hex'),
    sealedAt.toISOString(),
    [...leaves]
      .sort((a, b) => (a.table < b.table ? -1 : 1))
      .map(({ table, rows, digest }) => [table, rows, digest.toString('hex')]),
  ];
  return createHash('sha256').update(JSON.stringify(header)).digest();
}

export const rowsOf = (leaves: Leaves[]): number => leaves.reduce((sum, { rows }) => sum + rows, 0);

export const CHECKPOINT_TYPE = 'checkpoint+jwt';

/** What is signed: whoever keeps one can later say whether the history up to that block is still the same. */
export interface Checkpoint {
  programme: string;
  block: number;
  /** Hex; of the block, and by it of all before. */
  hash: string;
  rows: number;
  sealedAt: string;
}

export const checkpointOf = (block: Block, hash: Buffer): Checkpoint => ({
  programme: toPublicId('prg', block.programmeId),
  block: Number(block.number),
  hash: hash.toString('hex'),
  rows: rowsOf(block.leaves),
  sealedAt: block.sealedAt.toISOString(),
});
