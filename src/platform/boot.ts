import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { Config } from './config';
import { DataKeys } from './data-keys';
import { Database } from './database';
import { startEmbeddedPostgres } from './embedded-postgres';
import { Fence } from './fence';
import { keksOf } from './kek';
import { KeyRing } from './key-ring';
import { createLogger, type Logger } from './logging';
import { hasNewestKeySchema, hasNewestSchema, migrate, migrateKeys } from './migrate';
import { requirePrimary } from './primary';
import { SigningKeys } from './signing-keys';
import { onDatabaseOf } from './usable';

/** What every process needs before it is built. */
export interface Foundation {
  config: Config;
  databaseUrl: string;
  database: Database;
  keyRing: KeyRing;
  signingKeys: SigningKeys;
  /** Whether the database has been restored and must not be used yet. */
  fence: Fence;
  logger: Logger;
  /** Leaves the database, and ends an embedded one that this process started. */
  close(): Promise<void>;
}

const CONNECTIONS = 10;

/**
 * Finds or starts the database, brings its schema up to date, and opens the keys.
 * @throws when the database or its KEK is not the right one, and says what to do.
 */
export async function layFoundation(
  config: Config,
  name: string,
  entities: EntityTarget<ObjectLiteral>[],
): Promise<Foundation> {
  const logger = createLogger(config.logLevel, name);
  const { url, kek, files, stop } = await findStore(config);
  let database: Database | undefined;
  let dataKeys: DataKeys | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([database?.close(), dataKeys?.close()]);
    await stop();
  };
  try {
    database = await Database.connect({ url, connections: CONNECTIONS, entities });
    await requirePrimary(database);
    // An empty database cannot even be asked. What else may be wrong, migrating will say.
    if (!(await hasNewestSchema(database).catch(() => false))) await onDatabaseOf('DATABASE_URL', () => migrate(url));
    dataKeys = await openKeyStore(config);
    const fence = await Fence.comeHome(database, { files, dataKeys }, logger);
    const keyRing = await KeyRing.open(keksOf({ ...config, kek }), database, dataKeys);
    const signingKeys = await SigningKeys.load(database, keyRing);
    return { config, databaseUrl: url, database, keyRing, signingKeys, fence, logger, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openKeyStore({ keysDatabaseUrl: url }: Config): Promise<DataKeys | undefined> {
  if (url === undefined) return undefined;
  const dataKeys = await DataKeys.connect(url, CONNECTIONS);
  try {
    if (!(await hasNewestKeySchema(dataKeys).catch(() => false))) await migrateKeys(url);
    return dataKeys;
  } catch (error) {
    await dataKeys.close();
    throw error;
  }
}

/** Where the values are, and what opens their keys. */
export interface Store {
  url: string;
  /** Undefined: it lies in KMS. */
  kek: Buffer | undefined;
  /** Which files an embedded cluster is: restored from a copy, they are others. */
  files: string | undefined;
  stop(): Promise<void>;
}

/** The database named by the settings, or the embedded one with its own key in its data folder. */
export async function findStore(config: Config): Promise<Store> {
  const { kek, kms, dataDir, databaseUrl } = config;
  if (databaseUrl) return { url: databaseUrl, kek, files: config.databaseFiles, stop: async () => undefined };
  const postgres = await startEmbeddedPostgres({ dataDir });
  const { ino, birthtimeMs } = statSync(join(dataDir, 'postgres', 'PG_VERSION'));
  return {
    url: postgres.url,
    kek: kek ?? (kms ? undefined : embeddedKek(dataDir)),
    files: `${ino}/${birthtimeMs}`,
    stop: () => postgres.stop(),
  };
}

/** The embedded default's own KEK: in the data folder, for its owner alone. */
function embeddedKek(dataDir: string): Buffer {
  const file = join(dataDir, 'kek');
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true });
    try {
      writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' });
      console.error(`A key-encryption key was made in ${file} (mode 0600). Without it the values cannot be read.`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return Buffer.from(readFileSync(file, 'utf8'), 'base64');
}
