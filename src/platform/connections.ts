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

// Local to the transaction: set for the session it would leak to whoever gets the connection next.
export const SET_PROGRAMME = `SELECT set_config('gegenwert.programme', $1, true)`;
