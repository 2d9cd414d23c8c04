import { type Statement, type Tx, violatedConstraint } from '../platform/database';
import { newId } from '../platform/ids';
import { conflict } from '../platform/problem';
import type { PublishedAsk } from './offer-version.entity';

/** A draft that was handed in for approval as it stood. Offers, callers and the submission itself by their uuids. */
export interface Submission {
  id: string;
  offerId: string;
  version: number;
  revision: number;
  submittedBy: string;
  submittedAt: Date;
  approvedBy: string | null;
  approvedAt: Date | null;
  /** What the draft asked, with the catalogue as it was when it was approved. */
  asks: PublishedAsk[] | null;
}

const NEWEST: Statement = {
  name: 'newest_submissions',
  // LATERAL with a LIMIT: one look into the index an offer.
  text: `SELECT s.id, s.offer_id AS "offerId", s.version, s.revision, s.submitted_by AS "submittedBy", s.submitted_at AS "submittedAt",
                s.approved_by AS "approvedBy", s.approved_at AS "approvedAt", s.asks
           FROM unnest($2::uuid[]) AS o(id) CROSS JOIN LATERAL (SELECT * FROM offer_submissions
             WHERE programme_id = $1 AND offer_id = o.id ORDER BY version DESC, id DESC LIMIT 1) s`,
};
const SUBMIT: Statement = {
  name: 'submit_draft',
  text: `INSERT INTO offer_submissions (programme_id, id, offer_id, version, revision, submitted_by) VALUES ($1, $2, $3, $4, $5, $6)`,
};
const APPROVE: Statement = {
  name: 'approve_draft',
  text: `UPDATE offer_submissions SET approved_by = $3, approved_at = now(), asks = $4 WHERE programme_id = $1 AND id = $2`,
};

/** The newest one of each offer that has any. */
export const newestSubmissions = async (tx: Tx, offerIds: string[]): Promise<Submission[]> =>
  offerIds.length === 0 ? [] : tx.query<Submission>(NEWEST, [tx.programmeId, offerIds]);

interface Draft {
  offerId: string;
  version: number;
  revision: number;
}

/** Whether it is of the draft as it stands: an edit takes it back. */
export const isSubmissionOf = (submission: Submission, draft: Draft): boolean =>
  submission.offerId === draft.offerId &&
  submission.version === draft.version &&
  submission.revision === draft.revision;

export async function submitDraft(tx: Tx, { offerId, version, revision }: Draft, by: string): Promise<void> {
  await tx.query(SUBMIT, [tx.programmeId, newId(), offerId, version, revision, by]);
}

/** @throws 409 `second-person-required`, which is the database's own word. */
export async function approveSubmission(tx: Tx, id: string, by: string, asks: PublishedAsk[]): Promise<void> {
  try {
    await tx.query(APPROVE, [tx.programmeId, id, by, JSON.stringify(asks)]);
  } catch (error) {
    if (violatedConstraint(error) !== 'offer_submissions_second_person') throw error;
    throw conflict(
      'second-person-required',
      'A second person must approve it',
      'Whoever wrote, edited or submitted the draft does not approve it: have someone else do so.',
    );
  }
}
