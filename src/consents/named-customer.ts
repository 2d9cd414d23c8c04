import type { Statement, Tx } from '../platform/database';
import { type IdPrefix, parsePublicId } from '../platform/ids';

const ownerIn = (table: string): Statement => ({
  name: `owner_in_${table}`,
  text: `SELECT c.ref FROM ${table} t JOIN customers c ON c.programme_id = $1 AND c.id = t.customer_id
          WHERE t.programme_id = $1 AND t.id = $2 AND c.ref IS NOT NULL`,
});

/** What is one customer's. Not a discount code, which whoever has it may use; nor a merge, which is the shop's own doing. */
const OWNERS: Partial<Record<IdPrefix, Statement>> = {
  shr: ownerIn('shares'),
  awd: ownerIn('awards'),
  red: ownerIn('redemptions'),
  rev: ownerIn('revocations'),
  pau: ownerIn('pauses'),
};

/** Where an id is of something of a customer's: how to find it. */
export interface Named {
  statement: Statement;
  uuid: string;
}

/** Undefined for what is no id, or of nothing that is a customer's. */
export function namedBy(publicId: unknown): Named | undefined {
  if (typeof publicId !== 'string') return undefined;
  const prefix = publicId.split('_', 1)[0] as IdPrefix;
  const statement = OWNERS[prefix];
  const uuid = statement && parsePublicId(prefix, publicId);
  return uuid === undefined ? undefined : { statement: statement!, uuid };
}

/** The reference of whose it is; undefined where it is not there, or its customer has left. */
export async function customerNamed(tx: Tx, { statement, uuid }: Named): Promise<string | undefined> {
  return (await tx.query<{ ref: string }>(statement, [tx.programmeId, uuid]))[0]?.ref;
}
