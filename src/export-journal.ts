import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { exportJournal } from './journal';
import { layFoundation } from './platform/boot';
import { readConfig } from './platform/config';
import { runTask } from './run-task';

/**
 * Writes the journal of erasures to the standard output: to be copied away, often, to where the database is not. `--after <number>`:
 * only what followed the section that named this number when it ended.
 */
runTask('export of the journal', async () => {
  const { values } = parseArgs({ options: { after: { type: 'string', default: '0' } } });
  if (!/^\d{1,18}$/.test(values.after)) throw new Error('--after must be the number that the last export ended with.');
  const foundation = await layFoundation({ ...readConfig(process.env), logLevel: 'silent' }, 'journal', []);
  try {
    if (foundation.fence.closed !== undefined)
      throw new Error('This database was restored: replay the journal that you have first.');
    const { database, signingKeys } = foundation;
    const { to, lines } = await exportJournal(database, signingKeys, BigInt(values.after), async (text) => {
      if (!process.stdout.write(text)) await once(process.stdout, 'drain');
    });
    console.error(`${lines} lines. Next time: npm run -s journal:export -- --after ${to}`);
    return true;
  } finally {
    await foundation.close();
  }
});
