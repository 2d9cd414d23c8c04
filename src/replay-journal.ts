import { parseArgs } from 'node:util';
import { checkJournal, destroyKeyless, journalLines, replayJournal, type Replayed } from './journal';
import { type Foundation, layFoundation } from './platform/boot';
import { readConfig } from './platform/config';
import type { Statement } from './platform/database';
import { readableFile, runTask } from './run-task';

const REACHED: Statement = { name: 'home_reached', text: 'SELECT reached FROM home WHERE closed_at IS NOT NULL' };
const PROGRESS_MILLISECONDS = 1_000;

/**
 * Brings a restored database up to the journal of erasures, `--journal <file>`: what was erased and had ended since the backup is
 * erased and ends again; then the service opens. May be broken off and run again, and run on a database that was never restored.
 */
runTask('replay', async () => {
  const { values } = parseArgs({ options: { journal: { type: 'string' } } });
  if (values.journal === undefined) throw new Error('Name the journal: npm run restore:replay -- --journal <file>');
  const journal = readableFile(values.journal);
  const foundation = await layFoundation({ ...readConfig(process.env), logLevel: 'silent' }, 'replay', []);
  try {
    await replay(foundation, journal);
    return true;
  } finally {
    await foundation.close();
  }
});

async function replay({ database, keyRing, signingKeys, fence }: Foundation, file: string): Promise<void> {
  const journal = await checkJournal(file, signingKeys.jwks.keys);
  console.log(`${file}: ${journal.lines} lines, whole and signed, until ${journal.at}.`);
  const [home] = await database.query<{ reached: string }>(REACHED);
  if (home && BigInt(home.reached) < journal.from)
    throw new Error(
      `The journal begins with ${journal.from}; the backup ends with ${home.reached}. Give it the sections before, too.`,
    );
  let shownAt = 0;
  const show = ({ lines, consentsEnded, valuesDestroyed }: Replayed): void =>
    console.log(
      `${lines} of ${journal.lines} lines: ${consentsEnded} consents ended, ${valuesDestroyed} values destroyed`,
    );
  const done = await replayJournal(journalLines(file), {
    database,
    keyRing,
    cancelled: journal.cancelled,
    onProgress: (progress) => {
      if (Date.now() - shownAt < PROGRESS_MILLISECONDS) return;
      shownAt = Date.now();
      show(progress);
    },
  });
  show(done);
  if (keyRing.dataKeys) {
    const keyless = await destroyKeyless(database, keyRing.dataKeys);
    if (keyless > 0) console.log(`${keyless} more values destroyed, whose keys the key store does not have any more.`);
  }
  await fence.open(journal.to);
  console.log(`The service opens. What was erased after ${journal.at} is not known to this journal.`);
}
