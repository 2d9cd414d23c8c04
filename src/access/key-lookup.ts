import { Injectable } from '@nestjs/common';
import { Batcher } from '../platform/batcher';
import { Database, type Statement } from '../platform/database';
import type { Role } from './principal';

/** A key that may be used now: neither revoked nor expired. What it has beyond its kind is a CHECK of its table. */
export type UsableKey = { id: string; programmeId: string; firstId: string | null } & (
  { kind: 'storefront' } | { kind: 'staff'; role: Role } | { kind: 'recipient'; recipientId: string }
);

const BY_HASH: Statement = {
  name: 'find_keys_by_hash',
  text: `SELECT encode(hash, 'hex') AS asked, id, programme_id AS "programmeId", kind, role,
                recipient_id AS "recipientId", first_id AS "firstId"
           FROM access_keys_by_hash(ARRAY(SELECT decode(h, 'hex') FROM unnest($1::text[]) AS h))`,
};
const USABLE_SESSIONS: Statement = {
  name: 'find_usable_sessions',
  text: `SELECT session_id AS id
           FROM customer_sessions_usable(ARRAY(SELECT split_part(r, ' ', 1)::uuid FROM unnest($1::text[]) AS r),
                                         ARRAY(SELECT split_part(r, ' ', 2)::uuid FROM unnest($1::text[]) AS r),
                                         ARRAY(SELECT split_part(r, ' ', 3)::uuid FROM unnest($1::text[]) AS r))`,
};

/**
 * Looks keys and sessions up in the database at every call, so that one that is revoked or ended is refused from the next
 * call on, in every process; yet one query at a time serves all calls that arrived while the one before it ran.
 */
@Injectable()
export class KeyLookup {
  private readonly byHashes = this.batcher((hashes) => this.findByHash(hashes));
  private readonly sessions = this.batcher((references) => this.findSessions(references));

  constructor(private readonly database: Database) {}

  /** @param hash SHA-256 of the key, in hex. */
  byHash(hash: string): Promise<UsableKey | null> {
    return this.byHashes.submit('keys', hash);
  }

  /** Whether a session goes on: it was not ended, and the key that opened it may be used. All are uuids. */
  isSessionUsable(programmeId: string, key: string, session: string): Promise<boolean> {
    return this.sessions.submit('sessions', `${programmeId} ${key} ${session}`);
  }

  private batcher<Answer>(run: (asked: string[]) => Promise<Answer[]>): Batcher<string, Answer> {
    return new Batcher({ run: (_, asked) => run(asked), limit: 1000, mayBeOnes: () => false });
  }

  private async findByHash(asked: string[]): Promise<(UsableKey | null)[]> {
    const rows = await this.database.queryCallers<UsableKey & { asked: string }>(BY_HASH, [[...new Set(asked)]]);
    const found = new Map(rows.map(({ asked: hash, ...key }) => [hash, key]));
    return asked.map((hash) => found.get(hash) ?? null);
  }

  private async findSessions(asked: string[]): Promise<boolean[]> {
    const rows = await this.database.queryCallers<{ id: string }>(USABLE_SESSIONS, [[...new Set(asked)]]);
    const found = new Set(rows.map(({ id }) => id));
    return asked.map((reference) => found.has(reference.split(' ')[2]!));
  }
}
