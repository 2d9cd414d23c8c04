import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { EntityTx, Statement } from '../platform/database';
import { requireId } from '../platform/ids';
import { notFound } from '../platform/problem';
import type { OfferChecksDto } from './check.dto';
import { type Checked, checkOffer } from './check-offer';
import { localeOf } from './locale';
import { budgetLeftOf, newestVersion } from './newest-version';
import { OfferEntity } from './offer.entity';
import type { OfferVersionEntity, PublishedAsk } from './offer-version.entity';
import type { Locale } from './published-offer';
import { asksInForce } from './publishing';
import { Snapshots } from './snapshots';
import { isSubmissionOf, newestSubmissions } from './submissions';

const PROGRAMME: Statement = {
  name: 'programme_of_checks',
  text: `SELECT locale, time_zone AS "timeZone", requires_approval AS "requiresApproval", ended_at IS NOT NULL AS "hasEnded", now() AS now
           FROM programmes WHERE id = $1`,
};

interface ProgrammeRow {
  locale: Locale;
  timeZone: string;
  requiresApproval: boolean;
  hasEnded: boolean;
  now: Date;
}

/** Says in words what there is to know before an offer is published. */
@Injectable()
export class Checks {
  constructor(private readonly snapshots: Snapshots) {}

  /** Of the draft or, where there is none, of what was published last. locale: the programme's own unless said. @throws 404. */
  async of(tx: EntityTx, offerId: string, locale: string | undefined): Promise<OfferChecksDto> {
    const id = requireId('off', offerId, 'offer');
    const offer = await tx.entities.findOneBy(OfferEntity, { programmeId: tx.programmeId, id });
    if (!offer) throw notFound('offer');
    const [programme] = await tx.query<ProgrammeRow>(PROGRAMME, [tx.programmeId]);
    if (!programme) throw new Error('The programme of this transaction is not there');
    const version = await newestVersion(tx, id);
    const snapshot = await this.snapshots.take(tx, version.asks);
    const checks = checkOffer({
      status: offer.status,
      version,
      snapshot,
      before: await asksInForce(tx, offer),
      left: await budgetLeftOf(tx, version),
      approval: programme.requiresApproval ? await approvalOf(tx, version, snapshot.asks) : undefined,
      programme,
      now: programme.now,
      locale: localeOf(locale) ?? programme.locale,
    });
    return { ready: checks.every(({ level }) => level !== 'error'), checks };
  }
}

async function approvalOf(
  tx: EntityTx,
  draft: OfferVersionEntity,
  asks: PublishedAsk[],
): Promise<Exclude<Checked['approval'], undefined>> {
  const [newest] = await newestSubmissions(tx, [draft.offerId]);
  if (!newest || !isSubmissionOf(newest, draft)) return 'none';
  if (newest.approvedBy === null) return 'awaiting';
  // As JSON, which has no undefined and no order.
  return isDeepStrictEqual(JSON.parse(JSON.stringify(asks)), newest.asks) ? 'approved' : 'outdated';
}
