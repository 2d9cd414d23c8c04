/** Redis when there is a `redisUrl`, otherwise PostgreSQL, in the schema `queue` of the service's own database. */
export interface QueueSetting {
  redisUrl?: string | undefined;
  databaseUrl: string;
}

/** All that a job carries: which programme something is owed in. */
export interface Ring {
  programmeId: string;
}

export const queueName = 'bell';
export const queueSchema = 'queue';
export const queueRole = 'gegenwert_queue';

/**
 * The settings of a PostgreSQL connection that may do nothing outside the queue's schema. Options of the URL win over those beside it
 * in `pg`, so ours are added to the URL's own; the last `search_path` counts.
 */
export function queueConnection(databaseUrl: string): { connectionString: string; schema: string; keepAlive: true } {
  const [address, query] = databaseUrl.split('?', 2);
  const parameters = new URLSearchParams(query);
  const own = parameters.get('options');
  parameters.set('options', `${own ? `${own} ` : ''}-c role=${queueRole} -c search_path=${queueSchema}`);
  return { connectionString: `${address}?${parameters}`, schema: queueSchema, keepAlive: true };
}
