import type { EntityTx } from '../platform/database';
import { notFound } from '../platform/problem';
import { promisedSoFar } from './budgets';
import { OfferVersionEntity } from './offer-version.entity';

/** The draft or, where nobody works on one, what was published last. By the offer's uuid. @throws 404. */
export async function newestVersion(tx: EntityTx, offerId: string): Promise<OfferVersionEntity> {
  const where = { programmeId: tx.programmeId, offerId };
  const [newest] = await tx.entities.find(OfferVersionEntity, { where, order: { version: 'DESC' }, take: 1 });
  if (!newest) throw notFound('offer');
  return newest;
}

/** What a version may still promise, or could once it is in force: its budget without what was promised before. */
export async function budgetLeftOf(tx: EntityTx, { offerId, budget }: OfferVersionEntity): Promise<bigint | undefined> {
  if (budget === null) return undefined;
  const cap = BigInt(budget.points ?? budget.codes ?? 0);
  const promised = await promisedSoFar(tx, offerId);
  return cap > promised ? cap - promised : 0n;
}
