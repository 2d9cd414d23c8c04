import { DataSource, EntityManager, EntityTarget, ObjectLiteral, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { PoolClient, QueryResultRow } from 'pg';
import { unavailable } from './problem';

/** A statement that is prepared once a connection: its name stands for its text. */
export interface Statement {
  name: string;
  text: string;
}

/**
 * An open transaction of one programme. Whoever writes takes it as the first argument; there is no other way to the
 * tables. `query` is for the hot paths, `entities` for configuration.
 */
export interface Tx {
  readonly programmeId: string;
  query<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]>;
  readonly entities: EntityManager;
}

/** The role that owns nothing. Options of a URL win over those beside it in pg, so ours are added to the URL's own. */
function asApplication(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const own = url.searchParams.get('options');
  url.searchParams.set('options', `${own ? `${own} ` : ''}-c role=gegenwert_app`);
  return url.toString();
}

/** in_failed_sql_transaction: another statement failed before. */
const ABORTED = '25P02';
const RETRIED = new Set(['40P01', '40001']);
const AWAY = /^(08|53|57P|58)|^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|ENOENT)$/;
const AWAY_MESSAGE =
  /timeout exceeded when trying to connect|Connection terminated|connection error|Client was closed/i;

export function sqlState(error: unknown): string | undefined {
  const { code, driverError } = error as { code?: string; driverError?: { code?: string } };
  return driverError?.code ?? code;
}

/** The name of the constraint that an error violates: the only part of a database error that code may decide by. */
export function violatedConstraint(error: unknown): string | undefined {
  const { constraint, driverError } = error as { constraint?: string; driverError?: { constraint?: string } };
  return driverError?.constraint ?? constraint;
}

/** The database, or the way to it, is away or has no room: 503, and worth another try. */
export function isAway(error: unknown): boolean {
  // What TypeORM says when a connection broke between two statements of a transaction.
  if (error instanceof QueryRunnerAlreadyReleasedError) return true;
  const cause = (error as { driverError?: unknown }).driverError ?? error;
  return AWAY.test(sqlState(cause) ?? '') || (cause instanceof Error && AWAY_MESSAGE.test(cause.message));
}

/** A row that the database throws out (data exception, integrity violation): one request's fault, not the batch's. */
export function isOnesFault(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? '');
}

export interface DatabaseOptions {
  url: string;
  /** Connections of the general pool. */
  connections: number;
  entities: EntityTarget<ObjectLiteral>[];
}

/**
 * The way to PostgreSQL: always the primary, always as the application role, always in a transaction that names its
 * programme for row-level security. Revocation has connections of its own, and so has the question who calls, so that
 * it never waits for a pool that readers have emptied.
 */
export class Database {
  private constructor(
    private readonly general: DataSource,
    private readonly reserved: DataSource,
    private readonly callers: DataSource,
  ) {}

  static async connect(options: DatabaseOptions): Promise<Database> {
    const source = (connections: number, entities: DatabaseOptions['entities']) =>
      new DataSource({
        type: 'postgres',
        url: asApplication(options.url),
        synchronize: false,
        entities: entities as never[],
        extra: {
          max: connections,
          connectionTimeoutMillis: 3000,
          idleTimeoutMillis: 60_000,
          keepAlive: true,
          // Statements that do not depend on each other's answers share a round trip.
          pipeline: true,
        },
        // A pooled connection that breaks while idle is replaced by the pool; without a listener it would end the process.
        poolErrorHandler: () => undefined,
      });
    const general = source(options.connections, options.entities);
    const reserved = source(2, []);
    const callers = source(2, []);
    for (const one of [general, reserved, callers]) await one.initialize();
    return new Database(general, reserved, callers);
  }

  /** Runs work in one transaction of this programme; a deadlock is retried once, so work must be safe to run again. */
  inProgramme<T>(programmeId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.transaction(this.general, programmeId, work);
  }

  /** The same on connections that nothing else uses: for what must get through, whatever the load. */
  inProgrammeReserved<T>(programmeId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.transaction(this.reserved, programmeId, work);
  }

  /** One statement outside any programme: only for the lookup functions and the service's own tables. */
  query<Row extends QueryResultRow>(statement: Statement, values: unknown[] = []): Promise<Row[]> {
    return this.outside(this.general, statement, values);
  }

  /** The same on connections that only the question who calls uses: nobody gets through who cannot say who they are. */
  queryCallers<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]> {
    return this.outside(this.callers, statement, values);
  }

  async close(): Promise<void> {
    await Promise.all([this.general, this.reserved, this.callers].map((source) => source.destroy()));
  }

  private async outside<Row extends QueryResultRow>(
    source: DataSource,
    statement: Statement,
    values: unknown[],
  ): Promise<Row[]> {
    const runner = source.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      return (await client.query<Row>({ ...statement, values })).rows;
    } catch (error) {
      throw isAway(error) ? unavailable('The database cannot be reached.') : error;
    } finally {
      await runner.release();
    }
  }

  private async transaction<T>(source: DataSource, programmeId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.attempt(source, programmeId, work);
    } catch (error) {
      if (RETRIED.has(sqlState(error) ?? '')) return this.attempt(source, programmeId, work);
      throw isAway(error) ? unavailable('The database cannot be reached.') : error;
    }
  }

  private async attempt<T>(source: DataSource, programmeId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = source.createQueryRunner();
    let first: unknown;
    try {
      const client = (await runner.connect()) as PoolClient;
      await runner.startTransaction();
      await client.query(SET_PROGRAMME, [programmeId]);
      const answer = await work({
        programmeId,
        entities: runner.manager,
        query: async <Row extends QueryResultRow>(statement: Statement, values: unknown[]) => {
          try {
            return (await client.query<Row>({ ...statement, values })).rows;
          } catch (error) {
            first ??= error;
            throw error;
          }
        },
      });
      await runner.commitTransaction();
      return answer;
    } catch (error) {
      // The first error is the one to tell; a rollback that fails as well means that the connection is gone.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      // Of statements sent together, one that came after the one that failed may be heard of before it.
      throw sqlState(error) === ABORTED ? (first ?? error) : error;
    } finally {
      await runner.release();
    }
  }
}

// Local to the transaction: set for the session it would leak to whoever gets the connection next.
const SET_PROGRAMME = `SELECT set_config('gegenwert.programme', $1, true)`;
