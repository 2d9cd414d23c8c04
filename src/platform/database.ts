import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { Pool, type PoolClient, type QueryConfig, type QueryResultRow } from 'pg';
import { type Acting, asApplication, programmeOf, settingsOf, settingsOfTransaction } from './connections';
import type { Entities } from './entities';
import { unavailable } from './problem';

/** A statement that is prepared once a connection: its name stands for its text. */
export interface Statement {
  name: string;
  text: string;
}

/**
 * An open transaction of one programme. Whoever writes takes it as the first argument; there is no other way to the
 * tables. Statements that do not wait for each other's answers share a round trip, in the order of their calls.
 */
export interface Tx {
  readonly programmeId: string;
  query<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]>;
}

/** Sends the COMMIT along with what was sent before, nothing after it; without a call it follows the work. */
export type Commit = () => void;

/** One that also maps configuration: rows that are read and written as entities. */
export interface EntityTx extends Tx {
  readonly entities: EntityManager;
}

/** in_failed_sql_transaction: another statement failed before. */
const ABORTED = '25P02';
const RETRIED = new Set(['40P01', '40001']);
// 25006: the primary has become a standby, or the address of it leads to one.
const AWAY =
  /^(08|53|57P|58)|^(25006|ECONN(REFUSED|RESET|ABORTED)|E(HOST|NET)(UNREACH|DOWN)|EADDRNOTAVAIL|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENOENT)$/;
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
  // What TypeORM says when a connection broke between two statements of a transaction. By its name: its class would have to be loaded.
  if ((error as Error).name === 'QueryRunnerAlreadyReleasedError') return true;
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
  /** None: withEntities cannot be called, and TypeORM is not loaded. */
  entities: EntityTarget<ObjectLiteral>[];
}

const RESERVED_CONNECTIONS = 2;

/** Asks over a connection that is not admitted yet. */
export type Ask = <Row extends QueryResultRow>(statement: Statement, values: unknown[]) => Promise<Row[]>;

/** Who is told of a server that was started anew, before it is used: what it serves may have been replaced meanwhile. */
interface Watch {
  started?: string;
  onRestart?: (ask: Ask) => Promise<void>;
}

const STARTED: Statement = { name: 'server_started', text: 'SELECT pg_postmaster_start_time()::text AS started' };

async function admit(client: PoolClient, watch: Watch): Promise<void> {
  if (!watch.onRestart) return;
  const ask: Ask = async <Row extends QueryResultRow>(statement: Statement, values: unknown[]) =>
    (await client.query<Row>({ ...statement, values })).rows;
  const [row] = await ask<{ started: string }>(STARTED, []);
  const isSame = watch.started === undefined || watch.started === row?.started;
  if (row) watch.started = row.started;
  if (!isSame) await watch.onRestart(ask);
}

function poolOf(connectionString: string, connections: number, watch: Watch): Pool {
  const pool = new Pool({
    connectionString,
    ...settingsOf(connections),
    verify: (client, done) => void admit(client, watch).then(() => done(), done),
  });
  // A connection that breaks is replaced, and told to whoever uses it; without a listener it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * The way to PostgreSQL: always the primary, always as the application role, always in a transaction that names its
 * programme for row-level security. Revocation has connections of its own, and so has the question who calls, so that
 * it never waits for a pool that readers have emptied.
 */
export class Database {
  private begun = 0;

  private constructor(
    private readonly entities: Entities | undefined,
    private readonly general: Pool,
    private readonly reserved: Pool,
    private readonly callers: Pool,
    private readonly watch: Watch,
  ) {}

  /** Nothing is asked of the database yet: it need not be there. */
  static async connect({ url, connections, entities }: DatabaseOptions): Promise<Database> {
    const address = asApplication(url);
    const mapped = entities.length === 0 ? undefined : await openEntities(address, entities);
    const watch: Watch = {};
    const [general, reserved, callers] = [connections, RESERVED_CONNECTIONS, RESERVED_CONNECTIONS].map((size) =>
      poolOf(address, size, watch),
    ) as [Pool, Pool, Pool];
    return new Database(mapped, general, reserved, callers, watch);
  }

  /**
   * From now on handler is called when the server was started anew, before the connection that found it out is used; what it
   * throws is what whoever wanted the connection gets.
   */
  async watchRestarts(handler: (ask: Ask) => Promise<void>): Promise<void> {
    const [row] = await this.query<{ started: string }>(STARTED);
    if (row) this.watch.started = row.started;
    this.watch.onRestart = handler;
  }

  /** How many transactions of a programme this process has begun here, without those of entities. */
  get transactions(): number {
    return this.begun;
  }

  /**
   * Runs work in one transaction of this programme; a deadlock is retried once, so work must be safe to run again. Whoever
   * changes configuration for a caller gives the caller, whose change it then is; by a programme alone the service acts itself.
   */
  inProgramme<T>(whose: string | Acting, work: (tx: Tx, commit: Commit) => Promise<T>): Promise<T> {
    return retried(() => this.attempt(this.general, whose, work));
  }

  /** The same on connections that nothing else uses: for what must get through, whatever the load. */
  inProgrammeReserved<T>(whose: string | Acting, work: (tx: Tx, commit: Commit) => Promise<T>): Promise<T> {
    return retried(() => this.attempt(this.reserved, whose, work));
  }

  /** The same with entities. */
  withEntities<T>(whose: string | Acting, work: (tx: EntityTx) => Promise<T>): Promise<T> {
    const { entities } = this;
    if (!entities) throw new Error('This process maps no entities');
    return retried(() => entities.inTransaction(whose, work));
  }

  /** One statement outside any programme: only for the lookup functions and the service's own tables. */
  query<Row extends QueryResultRow>(statement: Statement, values: unknown[] = []): Promise<Row[]> {
    return outside(this.general, statement, values);
  }

  /** The same on connections that only the question who calls uses: nobody gets through who cannot say who they are. */
  queryCallers<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]> {
    return outside(this.callers, statement, values);
  }

  async close(): Promise<void> {
    await Promise.all([this.entities?.close(), this.general.end(), this.reserved.end(), this.callers.end()]);
  }

  private attempt<T>(pool: Pool, whose: string | Acting, work: (tx: Tx, commit: Commit) => Promise<T>): Promise<T> {
    this.begun += 1;
    return attempt(pool, whose, work);
  }
}

/** TypeORM takes a tenth of a second to load: a process that maps nothing starts without. */
async function openEntities(address: string, entities: EntityTarget<ObjectLiteral>[]): Promise<Entities> {
  return new (await import('./entities.js')).Entities(address, entities);
}

async function outside<Row extends QueryResultRow>(
  pool: Pool,
  statement: Statement,
  values: unknown[],
): Promise<Row[]> {
  try {
    return (await pool.query<Row>({ ...statement, values })).rows;
  } catch (error) {
    throw asProblem(error);
  }
}

async function retried<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run().catch((error: unknown) => {
      if (RETRIED.has(sqlState(error) ?? '')) return run();
      throw error;
    });
  } catch (error) {
    throw asProblem(error);
  }
}

/** The caller is told no more than that; the log says why. */
const asProblem = (error: unknown): unknown =>
  isAway(error) ? Object.assign(unavailable('The database cannot be reached.'), { cause: error }) : error;

async function attempt<T>(
  pool: Pool,
  whose: string | Acting,
  work: (tx: Tx, commit: Commit) => Promise<T>,
): Promise<T> {
  const settings = settingsOfTransaction(whose);
  const programmeId = programmeOf(whose);
  const client = await pool.connect();
  let first: unknown;
  let ended: Promise<unknown> | undefined;
  const send = async <Row extends QueryResultRow>(config: QueryConfig): Promise<Row[]> => {
    try {
      return (await client.query<Row>(config)).rows;
    } catch (error) {
      first ??= error;
      throw error;
    }
  };
  const end = (text: 'COMMIT' | 'ROLLBACK'): Promise<unknown> => (ended ??= send({ text }));
  // Sent with the first statements of the work: they fail together, and whoever hears of it first says so.
  const begun = Promise.all([send({ text: 'BEGIN' }), send(settings)]);
  begun.catch(() => undefined); // Asked for below, when the work has ended: it must not count as unhandled until then.
  try {
    const tx: Tx = { programmeId, query: (statement, values) => send({ ...statement, values }) };
    const answer = await work(tx, () => void end('COMMIT').catch(() => undefined));
    await Promise.all([begun, end('COMMIT')]);
    // After a failed statement COMMIT undoes everything, and does not call that an error.
    if (first !== undefined) throw first;
    return answer;
  } catch (error) {
    await Promise.allSettled([begun, end('ROLLBACK')]);
    // The first error is the one to tell: of statements sent together, those after it only say that there was one.
    throw sqlState(error) === ABORTED ? first : error;
  } finally {
    client.release(first !== undefined && isAway(first));
  }
}
