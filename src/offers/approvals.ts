import { Injectable } from '@nestjs/common';
import { lockGateShared } from '../catalogue';
import type { EntityTx } from '../platform/database';
import { newestVersion } from './newest-version';
import type { OfferDto } from './offer.dto';
import type { OfferVersionEntity } from './offer-version.entity';
import { lockOffer, OffersService, offerState } from './offers.service';
import { Snapshots } from './snapshots';
import { approveSubmission, isSubmissionOf, newestSubmissions, type Submission, submitDraft } from './submissions';

interface Locked {
  draft: OfferVersionEntity;
  /** Of the draft as it stands. */
  submission: Submission | undefined;
}

/** Has a second person look at a draft before it is published. by: the caller's uuid. */
@Injectable()
export class Approvals {
  constructor(
    private readonly offers: OffersService,
    private readonly snapshots: Snapshots,
  ) {}

  /**
   * Hands in the draft as it stands. One that waits already goes on waiting; an approved one is to be approved anew.
   * @throws 404, 409 `offer-state` when there is no draft.
   */
  async submit(tx: EntityTx, offerId: string, by: string): Promise<OfferDto> {
    const { draft, submission } = await lockDraft(tx, offerId);
    const isAwaiting = submission !== undefined && submission.approvedBy === null;
    if (!isAwaiting) await submitDraft(tx, draft, by);
    return this.offers.one(tx, offerId);
  }

  /**
   * Approves the draft as it stands, with the catalogue behind it. revision: the one that was looked at.
   * @throws 404, 409 `offer-state` when it was not submitted, or was edited since; `second-person-required`.
   */
  async approve(tx: EntityTx, offerId: string, revision: number | undefined, by: string): Promise<OfferDto> {
    // Before the offer, as whoever publishes does.
    await lockGateShared(tx);
    const { draft, submission } = await lockDraft(tx, offerId);
    if (revision !== undefined && revision !== draft.revision) {
      throw offerState('The draft was edited since: look at it as it is now.');
    }
    if (!submission) throw offerState('The draft was not submitted since it was last edited.');
    if (submission.approvedBy === null) {
      const { asks } = await this.snapshots.take(tx, draft.asks);
      await approveSubmission(tx, submission.id, by, asks);
    }
    return this.offers.one(tx, offerId);
  }
}

async function lockDraft(tx: EntityTx, offerId: string): Promise<Locked> {
  const offer = await lockOffer(tx, offerId);
  const draft = await newestVersion(tx, offer.id);
  if (offer.status === 'ended') throw offerState('It has ended.');
  if (draft.publishedAt !== null) throw offerState('There is no draft: what was written is published.');
  const [newest] = await newestSubmissions(tx, [offer.id]);
  return { draft, submission: newest && isSubmissionOf(newest, draft) ? newest : undefined };
}
