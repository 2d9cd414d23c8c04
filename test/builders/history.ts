import { Client } from 'pg';
import { type Finding, sealHistory, type VerifiedProgramme, verifyChains } from '../../src/chain/core';
import { postAwards } from '../../src/ledger';
import { Database } from '../../src/platform/database';
import { KeyRing } from '../../src/platform/key-ring';
import { SigningKeys } from '../../src/platform/signing-keys';
import { eventually } from '../setup/service';

/** A database's history as its worker seals it and its operator verifies it, step by step. */
export interface History {
  database: Database;
  keys: SigningKeys;
  /** As the superuser. */
  owner: Client;
  /** uuid of the first programme. */
  programmeId(): Promise<string>;
  /** Books what is owed. */
  post(): Promise<void>;
  /** All that was written up to now, once what else goes on in the cluster (in other tests) has ended. */
  seal(): Promise<void>;
  verify(checkpoints?: string): Promise<{ findings: Finding[]; programmes: VerifiedProgramme[] }>;
  close(): Promise<void>;
}

export async function openHistory(databaseUrl: string, kek: Buffer): Promise<History> {
  const database = await Database.connect({ url: databaseUrl, connections: 4, entities: [] });
  const keys = await SigningKeys.load(database, new KeyRing(kek, database));
  const owner = new Client({ connectionString: databaseUrl });
  await owner.connect();
  const programmeId = async () =>
    (await owner.query<{ id: string }>('SELECT id FROM programmes ORDER BY created_at LIMIT 1')).rows[0]?.id ?? '';
  return {
    database,
    keys,
    owner,
    programmeId,
    post: async () => void (await postAwards(database, await programmeId(), 1000)),
    seal: async () => {
      await othersEnded(owner);
      await sealHistory(database, keys, await programmeId(), () => false);
    },
    verify: async (checkpoints) => {
      const findings: Finding[] = [];
      const programmes = await verifyChains(owner, { checkpoints, onFinding: (one) => void findings.push(one) });
      return { findings, programmes };
    },
    close: async () => {
      await owner.end();
      await database.close();
    },
  };
}

async function othersEnded(owner: Client): Promise<void> {
  const { rows } = await owner.query<{ now: string }>('SELECT transactions_to_come() AS now');
  await eventually(
    () => owner.query<{ ended: boolean }>('SELECT transactions_ended() >= $1 AS ended', [rows[0]?.now]),
    (answer) => answer.rows[0]?.ended === true,
    30_000,
  );
}
