import type { Statement, Tx } from '../platform/database';
import { newId } from '../platform/ids';
import { hashOfSecret, newKey, type KeyMode } from './key-format';
import type { Role } from './principal';

/** Whose key it is, and what it may do. mode: `live` unless said otherwise. */
export type KeyRights =
  | { kind: 'storefront'; name: string; mode?: KeyMode | undefined }
  | { kind: 'staff'; name: string; role: Role }
  | { kind: 'recipient'; name: string; recipientId: string };

export interface NewKey {
  /** The key's uuid. */
  id: string;
  /** The key itself: shown once, stored only as a hash. */
  key: string;
}

const INSERT_KEY: Statement = {
  name: 'insert_access_key',
  text: `INSERT INTO access_keys (programme_id, id, kind, role, recipient_id, mode, name, hash, first_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, decode($8, 'hex'), $9)`,
};

/** A new key of the transaction's programme. firstId: the uuid of the first of those that are rotated into it. */
export async function issueKey(tx: Tx, rights: KeyRights, firstId?: string): Promise<NewKey> {
  const id = newId();
  const mode = rights.kind === 'storefront' ? (rights.mode ?? 'live') : undefined;
  const key = newKey(rights.kind, mode);
  await tx.query(INSERT_KEY, [
    tx.programmeId,
    id,
    rights.kind,
    rights.kind === 'staff' ? rights.role : null,
    rights.kind === 'recipient' ? rights.recipientId : null,
    mode ?? null,
    rights.name,
    hashOfSecret(key),
    firstId ?? null,
  ]);
  return { id, key };
}
