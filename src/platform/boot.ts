import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { Config } from './config';
import { Database } from './database';
import { startEmbeddedPostgres } from './embedded-postgres';
import { KeyRing } from './key-ring';
import { createLogger, type Logger } from './logging';
import { continueHistory, hasNewestSchema, migrate } from './migrate';
import { SigningKeys } from './signing-keys';

/** What every process needs before it is built. */
export interface Foundation {
  config: Config;
  databaseUrl: string;
  database: Database;
  keyRing: KeyRing;
  signingKeys: SigningKeys;
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
  const { url, kek, stop } = await findStore(config);
  try {
    const database = await Database.connect({ url, connections: CONNECTIONS, entities });
    // An empty database cannot even be asked. What else may be wrong, migrating will say.
    if (!(await hasNewestSchema(database).catch(() => false))) await migrate(url);
    // Before anything is written: what was counted below what is sealed would count as slipped in.
    if (await continueHistory(database))
      logger.warn('transactions count anew, as after a restore; history goes on after what it has');
    const keyRing = new KeyRing(kek, database);
    const signingKeys = await SigningKeys.load(database, keyRing);
    const close = async (): Promise<void> => {
      await database.close();
      await stop();
    };
    return { config, databaseUrl: url, database, keyRing, signingKeys, logger, close };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The database named by the settings, or the embedded one with its own key in its data folder. */
export async function findStore(config: Config): Promise<{ url: string; kek: Buffer; stop: () => Promise<void> }> {
  if (config.databaseUrl) {
    if (!config.kek) throw new Error('GEGENWERT_KEK is required with DATABASE_URL');
    return { url: config.databaseUrl, kek: config.kek, stop: async () => undefined };
  }
  const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir });
  return { url: postgres.url, kek: config.kek ?? embeddedKek(config.dataDir), stop: () => postgres.stop() };
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
