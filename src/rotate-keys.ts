import { findStore } from './platform/boot';
import { readConfig } from './platform/config';
import { Database } from './platform/database';
import { keksOf } from './platform/kek';
import { rewrap } from './platform/rewrap';
import { runTask } from './run-task';

const PROGRESS_MILLISECONDS = 1_000;

/**
 * Wraps everything that the KEK wraps with the current one, GEGENWERT_KEK or the one in KMS; those of before are in
 * GEGENWERT_KEK_PREVIOUS. The service runs on meanwhile, with the same settings. Broken off, it goes on where it was.
 */
runTask('rotation of keys', async () => {
  const config = readConfig(process.env);
  const { url, kek, stop } = await findStore(config);
  const database = await Database.connect({ url, connections: 2, entities: [] });
  try {
    const keks = keksOf({ ...config, kek });
    let shownAt = 0;
    const done = await rewrap(database, keks, (so) => {
      if (Date.now() - shownAt < PROGRESS_MILLISECONDS) return;
      shownAt = Date.now();
      console.log(`${so} keys wrapped anew`);
    });
    console.log(
      `${done} keys wrapped anew; all are wrapped by ${keks.current.id}. The key of before is needed no more.`,
    );
    return true;
  } finally {
    await database.close();
    await stop();
  }
});
