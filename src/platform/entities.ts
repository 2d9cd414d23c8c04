import type { PoolClient, QueryResultRow } from 'pg';
import { DataSource, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { type Acting, programmeOf, settingsOf, settingsOfTransaction } from './connections';
import type { EntityTx, Statement } from './database';

/** For configuration, which few people change and few at a time. */
const CONNECTIONS = 4;

/** Rows as entities, by TypeORM; `Database` alone uses it. */
export class Entities {
  private opening: Promise<DataSource> | undefined;

  constructor(
    private readonly address: string,
    private readonly entities: EntityTarget<ObjectLiteral>[],
  ) {}

  async inTransaction<T>(whose: string | Acting, work: (tx: EntityTx) => Promise<T>): Promise<T> {
    const runner = (await this.opened()).createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      await runner.startTransaction();
      await client.query(settingsOfTransaction(whose));
      const answer = await work({
        programmeId: programmeOf(whose),
        entities: runner.manager,
        query: async <Row extends QueryResultRow>(statement: Statement, values: unknown[]) =>
          (await client.query<Row>({ ...statement, values })).rows,
      });
      await runner.commitTransaction();
      return answer;
    } catch (error) {
      // The first error is the one to tell; a rollback that fails as well means that the connection is gone.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  async close(): Promise<void> {
    await (await this.opening)?.destroy();
  }

  /** With the first transaction; a database that is away then is asked again at the next. */
  private opened(): Promise<DataSource> {
    this.opening ??= new DataSource({
      type: 'postgres',
      url: this.address,
      synchronize: false,
      entities: this.entities as never[],
      extra: settingsOf(CONNECTIONS),
      poolErrorHandler: () => undefined,
    }).initialize();
    this.opening.catch(() => (this.opening = undefined));
    return this.opening;
  }
}
