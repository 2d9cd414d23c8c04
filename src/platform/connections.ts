/** The role that owns nothing. Options of a URL win over those beside it in pg, so ours are added to the URL's own. */
export function asApplication(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const own = url.searchParams.get('options');
  url.searchParams.set('options', `${own ? `${own} ` : ''}-c role=gegenwert_app`);
  return url.toString();
}

/** Of every pool of connections to PostgreSQL. */
export const settingsOf = (connections: number) => ({
  max: connections,
  connectionTimeoutMillis: 3000,
  idleTimeoutMillis: 60_000,
  keepAlive: true,
  pipeline: true,
});

/**
 * Whose transaction it is, and who acts in it: what they change is recorded as theirs. Ids are uuids. A caller, as access finds
 * them, is one.
 */
export interface Acting {
  programmeId: string;
  kind: string;
  callerId?: string;
  role?: string;
  name?: string;
}

export const programmeOf = (whose: string | Acting): string => (typeof whose === 'string' ? whose : whose.programmeId);

// Local to the transaction: set for the session it would leak to whoever gets the connection next.
const SET_PROGRAMME = `SELECT set_config('gegenwert.programme', $1, true)`;
const SET_CALLER = `${SET_PROGRAMME}, set_config('gegenwert.caller', $2, true)`;

/** What a transaction says first, in one statement: its programme, and who acts in it where it is not the service itself. */
export function settingsOfTransaction(whose: string | Acting): { text: string; values: string[] } {
  if (typeof whose === 'string') return { text: SET_PROGRAMME, values: [whose] };
  const { programmeId, kind, callerId: id, role, name } = whose;
  return { text: SET_CALLER, values: [programmeId, JSON.stringify({ kind, id, role, name: name && legible(name) })] };
}

/** An issuer's word for a person, without what no text in PostgreSQL can hold, and no longer than a name is. */
const legible = (name: string): string => name.slice(0, 200).replaceAll(/[\p{Cc}\p{Cs}]/gu, '');
