import type { Statement, Tx } from '../platform/database';

const END: Statement = {
  name: 'end_customer_session',
  text: 'INSERT INTO ended_sessions (programme_id, id, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
};
/** Well after a token's own end, which is told by another clock. */
const LONG_AGO = `expires_at < now() - interval '1 hour'`;
const FORGET_ENDED: Statement = {
  name: 'forget_ended_sessions',
  text: `DELETE FROM ended_sessions WHERE ctid = ANY (ARRAY(SELECT ctid FROM ended_sessions
           WHERE programme_id = $1 AND ${LONG_AGO} LIMIT $2)) RETURNING true`,
};
const FORGET_LINKS: Statement = {
  name: 'forget_session_links',
  text: `DELETE FROM session_links WHERE ctid = ANY (ARRAY(SELECT ctid FROM session_links
           WHERE programme_id = $1 AND ${LONG_AGO} LIMIT $2)) RETURNING true`,
};

/** From its commit on the session's token is refused. */
export async function endSession(tx: Tx, id: string, expiresAt: Date): Promise<void> {
  await tx.query(END, [tx.programmeId, id, expiresAt]);
}

/** Forgets up to limit sessions that are over by themselves. Answers how many: fewer than limit, and there are no more. */
export async function forgetEndedSessions(tx: Tx, limit: number): Promise<number> {
  return (await tx.query(FORGET_ENDED, [tx.programmeId, limit])).length;
}

/** The same of links. */
export async function forgetOldLinks(tx: Tx, limit: number): Promise<number> {
  return (await tx.query(FORGET_LINKS, [tx.programmeId, limit])).length;
}
