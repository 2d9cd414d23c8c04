import { unsealed } from '../chain/core';
import type { Database, Statement } from '../platform/database';
import type { ChainStateDto } from './oversight.dto';

const NEWEST: Statement = {
  name: 'newest_block',
  text: `SELECT number, hash, sealed_at, checkpoint FROM chain_blocks WHERE programme_id = $1 ORDER BY number DESC LIMIT 1`,
};

interface Row {
  number: string;
  hash: Buffer;
  sealed_at: Date;
  checkpoint: string;
}

/** How far a programme's history is sealed. Blocks are numbered from 1 without a gap, and each has its checkpoint. */
export async function chainState(database: Database, programmeId: string): Promise<ChainStateDto> {
  // In this order: what was sealed in between is not missing from both.
  const behind = (await unsealed(database)).find((one) => one.programmeId === programmeId);
  const [newest] = await database.inProgramme(programmeId, (tx) => tx.query<Row>(NEWEST, [programmeId]));
  return {
    sealedUpTo: newest
      ? { block: Number(newest.number), at: newest.sealed_at.toISOString(), hash: newest.hash.toString('hex') }
      : null,
    behindSeconds: behind ? Math.max(0, Math.ceil(behind.seconds)) : 0,
    checkpoints: { count: Number(newest?.number ?? 0), latest: newest?.checkpoint ?? null },
  };
}
