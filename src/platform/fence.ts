import { setTimeout as sleep } from 'node:timers/promises';
import type { DataKeys } from './data-keys';
import { type Ask, type Database, sqlState, type Statement } from './database';
import type { Logger } from './logging';
import { Problem } from './problem';

/** How often a closed one is looked at, and whoever is refused may ask again. */
const LOOK_MILLISECONDS = 1_000;
const RETRY_AFTER_SECONDS = 30;

const COME_HOME: Statement = { name: 'come_home', text: 'SELECT closed, continued FROM come_home($1, $2, $3)' };
const OPEN_HOME: Statement = { name: 'open_home', text: 'SELECT open_home($1, $2)' };
const CLOSED: Statement = { name: 'home_closed', text: 'SELECT why FROM home' };

/** Raised where the values' keys lie in a store that the settings do not name. */
const OTHER_STORE = 'GW001';

export interface Surroundings {
  /** Which files an embedded cluster is. */
  files: string | undefined;
  dataKeys: DataKeys | undefined;
}

/**
 * Keeps a restored database closed: one that finds itself in another place than it was, or behind what its key store knows of
 * (ADR 16). It opens, in every process, when `npm run restore:replay` has erased again what was erased since the backup.
 */
export class Fence {
  private stopped = false;

  private constructor(
    private readonly database: Database,
    private readonly surroundings: Surroundings,
    private readonly logger: Logger,
    /** Why it is closed; undefined: it is open. */
    public closed: string | undefined,
  ) {}

  /** Says where the database is, before anything is done with it. @throws when its keys are not there. */
  static async comeHome(database: Database, surroundings: Surroundings, logger: Logger): Promise<Fence> {
    const fence = new Fence(database, surroundings, logger, undefined);
    await fence.look((statement, values) => database.query(statement, values));
    // Files may be put back under a service that only waits for its database.
    await database.watchRestarts(async (ask) => {
      await fence.look(ask);
      if (fence.closed === undefined) return;
      fence.onClosed();
      void fence.whenOpen();
      throw fence.problem();
    });
    return fence;
  }

  /** Called when it closes under a process that works. */
  onClosed: () => void = () => undefined;

  private async look(ask: Ask): Promise<void> {
    const { dataKeys, files } = this.surroundings;
    const store = await dataKeys?.identity();
    const values = [files ?? null, store?.id ?? null, (store?.reached ?? 0n).toString()];
    const [row] = await ask<{ closed: string | null; continued: boolean }>(COME_HOME, values).catch(
      (error: unknown) => {
        if (sqlState(error) !== OTHER_STORE) throw error;
        throw new Error(
          'The keys of these values lie in another key store. Set GEGENWERT_KEYS_DATABASE_URL to the one that they were kept in.',
        );
      },
    );
    this.closed = row?.closed ?? undefined;
    if (row?.continued)
      this.logger.warn('transactions count anew, as after a restore; history goes on after what it has');
    if (this.closed !== undefined)
      this.logger.error({}, `closed, because this database was restored: ${this.closed}. Run npm run restore:replay`);
  }

  /** What everyone is told meanwhile. */
  problem(): Problem {
    return new Problem(
      503,
      'restore-pending',
      'The service was restored from a backup',
      'What was erased since the backup is erased again first.',
      [],
      RETRY_AFTER_SECONDS,
    );
  }

  /** Resolves when it is open, or given up. */
  async whenOpen(): Promise<void> {
    while (this.closed !== undefined && !this.stopped) {
      await sleep(LOOK_MILLISECONDS, undefined, { ref: false });
      const [row] = await this.database.query<{ why: string | null }>(CLOSED).catch(() => [{ why: this.closed }]);
      this.closed = row?.why ?? undefined;
    }
  }

  /** It has been seen to. after: the last transaction that the journal knew; what follows is counted on from there. */
  async open(after: bigint): Promise<void> {
    await this.database.query(OPEN_HOME, [this.surroundings.files ?? null, after.toString()]);
    this.closed = undefined;
  }

  stop(): void {
    this.stopped = true;
  }
}
