import type { PoolClient, QueryResultRow } from 'pg';
import { DataSource, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { SET_PROGRAMME, settingsOf } from './connections';
import type { EntityTx, Statement } from './database';

/** For configuration, which few people change and few at a time. */
const CONNECTIONS = 4;

/** Rows as entities, by TypeORM; `Database` alone uses it. */
export class Entities {
  private constructor(private readonly source: DataSource) {}

  /** Rejects when the database cannot be reached. */
  static async open(address: string, entities: EntityTarget<ObjectLiteral>[]): Promise<Entities> {
    const source = new DataSource({
      type: 'postgres',
      url: address,
      synchronize: false,
      entities: entities as never[],
      extra: settingsOf(CONNECTIONS),
      poolErrorHandler: () => undefined,
    });
    return new Entities(await source.initialize());
  }

  async inTransaction<T>(programmeId: string, work: (tx: EntityTx) => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      await runner.startTransaction();
      await client.query(SET_PROGRAMME, [programmeId]);
      const answer = await work({
        programmeId,
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

  close(): Promise<void> {
    return this.source.destroy();
  }
}
