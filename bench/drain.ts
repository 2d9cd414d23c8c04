import { Database } from '../src/platform/database';
import { grantOwed } from '../src/rewards';

/** Books all that a programme owes, as the worker does, in a process of its own: says when it begins, and ends when it has. */
async function drain(url: string, programmeId: string): Promise<void> {
  const database = await Database.connect({ url, connections: 2, entities: [] });
  process.send?.('booking');
  await grantOwed(database, programmeId, () => false);
  await database.close();
  process.disconnect();
}

const [url = '', programmeId = ''] = process.argv.slice(2);
drain(url, programmeId).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
