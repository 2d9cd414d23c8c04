import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource, type EntityMetadata, getMetadataArgsStorage } from 'typeorm';
import { entities } from '../../src/app.module';
import { createTestDatabase, type TestDatabase } from '../setup/database';

interface ColumnOfTable {
  name: string;
  /** Of a domain, the type below it. */
  type: string;
  nullable: boolean;
  isPrimary: boolean;
  /** PostgreSQL has a value where none is given. */
  filled: boolean;
}

/** As PostgreSQL spells the types that entities have. */
const SPELLED: Record<string, string> = { timestamptz: 'timestamp with time zone' };

/** Entities and migrations are written apart, since every constraint is named in SQL: here they are held together. */
describe('entities and the migrated schema', () => {
  let database: TestDatabase;
  let source: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    source = await new DataSource({ type: 'postgres', url: database.url, entities, synchronize: false }).initialize();
  });

  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  it('every entity that is written is used', () => {
    for (const file of readdirSync(join(__dirname, '../../src'), { recursive: true, encoding: 'utf8' })) {
      // To load one is to declare it.
      if (file.endsWith('.entity.ts')) require(join(__dirname, '../../src', file));
    }
    const written = getMetadataArgsStorage().tables.map(({ target }) => target);
    expect(new Set(entities)).toEqual(new Set(written));
  });

  it('every column of an entity is one of its table: same type, nullable in both or in none, the same key', async () => {
    for (const entity of source.entityMetadatas) {
      const table = await columnsOf(source, entity.tableName);
      const inTable = new Map(table.map((column) => [column.name, column]));
      for (const { databaseName, type, isArray, isNullable, isPrimary } of entity.columns) {
        const spelled = `${SPELLED[String(type)] ?? String(type)}${isArray ? '[]' : ''}`;
        const { filled: _, ...column } = inTable.get(databaseName) ?? { filled: false };
        expect({ entity: entity.name, ...column }).toEqual({
          entity: entity.name,
          name: databaseName,
          type: spelled,
          nullable: isNullable,
          isPrimary,
        });
      }
    }
  });

  it('an entity has every column that its table cannot fill by itself', async () => {
    for (const entity of source.entityMetadatas) expect(await missingIn(entity)).toEqual([]);
  });

  async function missingIn({ tableName, columns }: EntityMetadata): Promise<string[]> {
    const known = new Set(columns.map(({ databaseName }) => databaseName));
    const table = await columnsOf(source, tableName);
    return table
      .filter(({ name, nullable, filled }) => !nullable && !filled && !known.has(name))
      .map(({ name }) => `${tableName}.${name}`);
  }
});

function columnsOf(source: DataSource, table: string): Promise<ColumnOfTable[]> {
  return source.query(
    `SELECT a.attname AS name, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) AS type,
            NOT (a.attnotnull OR t.typnotnull) AS nullable, a.atthasdef OR a.attidentity <> '' AS filled,
            EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS "isPrimary"
       FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
    [table],
  );
}
