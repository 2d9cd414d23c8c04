import { randomBytes } from 'node:crypto';
import { deriveKey, open, seal, sha256 } from '../platform/crypto';
import type { Statement, Tx } from '../platform/database';
import { Problem } from '../platform/problem';
import { SESSION_SECONDS, type SessionOf } from './customer-sessions';

/** A link's code: the programme's uuid and 256 random bits. */
export const LINK_CODE = /^[A-Za-z0-9_-]{64}$/;
const UUID_BYTES = 16;
const RANDOM_BYTES = 32;

const ADD: Statement = {
  name: 'add_session_link',
  text: `INSERT INTO session_links (programme_id, hash, sealed, expires_at)
         VALUES ($1, $2, $3, now() + make_interval(secs => $4))`,
};
const USE: Statement = {
  name: 'use_session_link',
  // Of many at once the first takes the row, and the others look at it again when they have it.
  text: `UPDATE session_links SET used_at = now()
          WHERE programme_id = $1 AND hash = $2 AND used_at IS NULL AND expires_at > now() RETURNING sealed`,
};
const WAS_USED: Statement = {
  name: 'was_session_link_used',
  text: 'SELECT FROM session_links WHERE programme_id = $1 AND hash = $2 AND used_at IS NOT NULL',
};

/** A link's code for one session of this customer: it works once, and as long as a session does. */
export async function addLink(tx: Tx, whose: Omit<SessionOf, 'programmeId'>): Promise<string> {
  const code = Buffer.concat([Buffer.from(tx.programmeId.replaceAll('-', ''), 'hex'), randomBytes(RANDOM_BYTES)]);
  const sealed = seal(keyOf(code), Buffer.from(JSON.stringify(whose)), tx.programmeId);
  await tx.query(ADD, [tx.programmeId, sha256(code), sealed, SESSION_SECONDS]);
  return code.toString('base64url');
}

/** uuid of the programme that a code is of; it need not exist. */
export function programmeOf(code: string): string {
  const hex = Buffer.from(code, 'base64url').subarray(0, UUID_BYTES).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Whose session a link is for, which it is used up by. @throws 410 `link-used`; `link-expired`, also where there never was one. */
export async function takeLink(tx: Tx, link: string): Promise<SessionOf> {
  const code = Buffer.from(link, 'base64url');
  const [row] = await tx.query<{ sealed: Buffer }>(USE, [tx.programmeId, sha256(code)]);
  if (!row) throw await whyNot(tx, code);
  const opened = open(keyOf(code), row.sealed, tx.programmeId).toString();
  return { ...(JSON.parse(opened) as Omit<SessionOf, 'programmeId'>), programmeId: tx.programmeId };
}

const keyOf = (code: Buffer): Buffer => deriveKey(code, 'session link');

async function whyNot(tx: Tx, code: Buffer): Promise<Problem> {
  const [used] = await tx.query(WAS_USED, [tx.programmeId, sha256(code)]);
  return used
    ? new Problem(410, 'link-used', 'The link has been used', 'It works once. Ask the shop for a new one.')
    : new Problem(410, 'link-expired', 'The link is over', 'It works for 15 minutes. Ask the shop for a new one.');
}
