import { Injectable } from '@nestjs/common';
import type { Statement, Tx } from '../platform/database';
import { pageOf, type PageQuery } from '../platform/http/page.dto';
import { requireId, toPublicId } from '../platform/ids';
import { conflict, invalidField, notFound } from '../platform/problem';
import { requireCursor } from './cursor';
import { issueKey, type KeyRights } from './issue-key';
import type { KeyKind, KeyMode } from './key-format';
import type { IssuedKeyDto, KeyDto, KeyListDto, NewKeyDto } from './keys.dto';
import type { Role } from './principal';

interface KeyRow {
  id: string;
  kind: KeyKind;
  name: string;
  role: Role | null;
  recipient_id: string | null;
  mode: KeyMode | null;
  first_id: string | null;
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
}

const COLUMNS = 'id, kind, name, role, recipient_id, mode, first_id, created_at, expires_at, revoked_at';
const LIST: Statement = {
  name: 'list_access_keys',
  text: `SELECT ${COLUMNS} FROM access_keys
          WHERE programme_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
};
const LOCK: Statement = {
  name: 'lock_access_key',
  text: `SELECT ${COLUMNS}, revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) AS usable
           FROM access_keys WHERE programme_id = $1 AND id = $2 FOR UPDATE`,
};
/** In the order of their ids, so that two who revoke at once wait for each other and never for a deadlock. */
const LOCK_LASTING_ADMINS: Statement = {
  name: 'lock_lasting_admin_keys',
  text: `SELECT id FROM access_keys WHERE programme_id = $1 AND role = 'admin' AND revoked_at IS NULL AND expires_at IS NULL
          ORDER BY id FOR UPDATE`,
};
const EXPIRE: Statement = {
  name: 'expire_access_key',
  text: `UPDATE access_keys SET expires_at = LEAST(expires_at, now() + make_interval(secs => $3))
          WHERE programme_id = $1 AND id = $2`,
};
const REVOKE: Statement = {
  name: 'revoke_access_key',
  text: `UPDATE access_keys SET revoked_at = COALESCE(revoked_at, now()) WHERE programme_id = $1 AND id = $2 RETURNING id`,
};

/** A programme's keys, as its admins manage them. */
@Injectable()
export class KeysService {
  /** @throws 422 when role or mode does not go with the kind. */
  async issue(tx: Tx, wanted: NewKeyDto): Promise<IssuedKeyDto> {
    return toIssued(await issueKey(tx, rightsOf(wanted)));
  }

  /**
   * A new key with the rights of the old one, which works for overlapSeconds more (or less, where its end was set before). What
   * was asked with the one and is retried with the other is done once.
   * @throws 404; 409 `key-not-usable` when the old one has ended already.
   */
  async rotate(tx: Tx, publicId: string, overlapSeconds: number): Promise<IssuedKeyDto> {
    const id = requireId('key', publicId, 'key');
    const [old] = await tx.query<KeyRow & { usable: boolean }>(LOCK, [tx.programmeId, id]);
    if (!old) throw notFound('key');
    if (!old.usable) throw conflict('key-not-usable', 'The key has ended already', 'Issue a new key instead.');
    await tx.query(EXPIRE, [tx.programmeId, id, overlapSeconds]);
    // What goes with which kind is a CHECK of the table.
    const { kind, name, role, recipient_id: recipientId, mode } = old;
    return toIssued(await issueKey(tx, { kind, name, role, recipientId, mode } as KeyRights, old.first_id ?? id));
  }

  /** From its commit on no call with the key gets through. @throws 404; 409 `last-admin-key`. */
  async revoke(tx: Tx, publicId: string): Promise<void> {
    const id = requireId('key', publicId, 'key');
    const admins = await tx.query<{ id: string }>(LOCK_LASTING_ADMINS, [tx.programmeId]);
    if (admins.length === 1 && admins[0]?.id === id) {
      throw conflict(
        'last-admin-key',
        'A programme keeps its last admin key',
        'Rotate it, or issue another one first.',
      );
    }
    const [revoked] = await tx.query(REVOKE, [tx.programmeId, id]);
    if (!revoked) throw notFound('key');
  }

  async list(tx: Tx, { limit, after }: PageQuery): Promise<KeyListDto> {
    const rows = await tx.query<KeyRow>(LIST, [tx.programmeId, requireCursor('key', after), limit + 1]);
    return pageOf(rows, limit, toDto, ({ id }) => toPublicId('key', id));
  }
}

function rightsOf({ kind, name, role, mode }: NewKeyDto): KeyRights {
  if (kind === 'staff') {
    if (!role) throw invalidField('/role', 'role is required for staff');
    if (mode) throw invalidField('/mode', 'mode is only for storefronts');
    return { kind, name, role };
  }
  if (role) throw invalidField('/role', 'role is only for staff');
  return { kind, name, mode };
}

const toIssued = ({ id, key }: { id: string; key: string }): IssuedKeyDto => ({ id: toPublicId('key', id), key });

const toDto = (row: KeyRow): KeyDto => ({
  id: toPublicId('key', row.id),
  kind: row.kind,
  name: row.name,
  ...(row.role && { role: row.role }),
  ...(row.mode && { mode: row.mode }),
  ...(row.recipient_id && { recipientId: toPublicId('rcp', row.recipient_id) }),
  createdAt: row.created_at,
  ...(row.expires_at && { expiresAt: row.expires_at }),
  ...(row.revoked_at && { revokedAt: row.revoked_at }),
});
