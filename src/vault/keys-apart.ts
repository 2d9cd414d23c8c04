import { peek, settleAll } from '../outbox';
import type { DataKeys } from '../platform/data-keys';
import type { Database, Statement } from '../platform/database';
import type { KeyRing } from '../platform/key-ring';
import { unavailable } from '../platform/problem';
import type { SealedValue } from './vault';

/** Keys destroyed in one transaction. */
const BATCH = 5_000;
/** Keys looked at in one reading of the values. */
const SWEEP = 50_000;
/** A share that kept its keys and has not committed after this never will. */

const WITHOUT_VALUE: Statement = {
  name: 'versions_without_value',
  text: `SELECT id FROM unnest($2::uuid[]) AS k(id)
          WHERE NOT EXISTS (SELECT FROM vault_values v WHERE v.programme_id = $1 AND v.version = k.id)`,
};
const COME_SO_FAR: Statement = { name: 'transactions_to_come', text: 'SELECT transactions_to_come() AS number' };

/**
 * Before a transaction that stores these values: where keys lie in a database of their own they are kept there now, so that no
 * value is ever without its key. A transaction that then fails leaves a key that opens nothing, and the sweep destroys it.
 */
export async function keepKeys<Value extends SealedValue>(
  { dataKeys }: KeyRing,
  programmeId: string,
  values: Value[],
): Promise<Value[]> {
  if (!dataKeys) return values;
  const kept = values.flatMap(({ version, wrappedKey }) => (wrappedKey ? [{ version, wrappedKey }] : []));
  if (kept.length > 0) await dataKeys.keep(programmeId, kept);
  return values.map((value) => ({ ...value, wrappedKey: undefined }));
}

/**
 * After a transaction that recorded their release: the values with those keys that lie elsewhere. A key that was destroyed is
 * absent still, and its value does not open.
 */
export async function fetchKeys<Value extends SealedValue>(
  { dataKeys }: KeyRing,
  programmeId: string,
  values: Value[],
): Promise<Value[]> {
  const missing = values.flatMap(({ version, wrappedKey }) => (wrappedKey ? [] : [version]));
  if (!dataKeys || missing.length === 0) return values;
  const found = await dataKeys.find(programmeId, missing);
  return values.map((value) => ({ ...value, wrappedKey: value.wrappedKey ?? found.get(value.version) }));
}

/** Destroys the keys that erasures owe, where they lie elsewhere: they are owed until it has committed there. */
export async function destroyOwedKeys(
  database: Database,
  dataKeys: DataKeys,
  programmeId: string,
  stopping: () => boolean,
): Promise<void> {
  while (!stopping()) {
    const owed = await database.inProgramme(programmeId, (tx) => peek(tx, 'key', undefined, BATCH));
    if (owed.length === 0) return;
    await tellHowFar(database, dataKeys);
    await dataKeys.destroy(programmeId, owed);
    await database.inProgramme(programmeId, (tx) => settleAll(tx, 'key', owed));
  }
}

/** Destroys keys that never got a value: their share failed after they were kept. */
export async function sweepKeys(
  database: Database,
  dataKeys: DataKeys,
  programmeId: string,
  stopping: () => boolean,
): Promise<void> {
  while (!stopping()) {
    const versions = await dataKeys.unswept(programmeId, SWEEP);
    const last = versions.at(-1);
    if (last === undefined) return;
    const without = await database.inProgramme(programmeId, (tx) =>
      tx.query<{ id: string }>(WITHOUT_VALUE, [programmeId, versions]),
    );
    if (without.length > 0)
      await dataKeys.destroy(
        programmeId,
        without.map(({ id }) => id),
      );
    await dataKeys.sweepTo(programmeId, last);
  }
}

/** Tells the key store how far this database has come, so that an older one is known from it. */
export async function tellHowFar(database: Database, dataKeys: DataKeys): Promise<void> {
  const [row] = await database.query<{ number: string }>(COME_SO_FAR);
  if (!row) throw unavailable('The database does not say how far it has come.');
  await dataKeys.reach(BigInt(row.number));
}
