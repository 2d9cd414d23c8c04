import { toPublicId } from '../platform/ids';
import { SigningKeys } from '../platform/signing-keys';

/** What a receipt says: all of it is in the rows of the share, so it can be made again at any time, the same to the byte. */
export interface ReceiptFacts {
  programmeId: string;
  customerRef: string;
  shareId: string;
  offerId: string;
  offerVersion: number;
  noticeHash: string;
  locale: string;
  acceptedAt: Date;
  consents: { id: string; attribute: string; purpose: string; recipients: string[]; retentionDays: number }[];
  refused: string[];
}

/**
 * Signed proof of what was consented to: a JWS of type `consent-receipt+jwt`. Field names follow ISO/IEC TS 27560
 * (consent record structure) and the terms of W3C DPV where these have one.
 */
export function signReceipt(keys: SigningKeys, kid: string, facts: ReceiptFacts): string {
  return keys.sign(kid, 'consent-receipt+jwt', {
    iss: 'gegenwert',
    sub: facts.customerRef,
    iat: Math.floor(facts.acceptedAt.getTime() / 1000),
    jti: toPublicId('shr', facts.shareId),
    schema_version: 'ISO/IEC TS 27560',
    pii_controller: toPublicId('prg', facts.programmeId),
    notice: { hash: facts.noticeHash, language: facts.locale },
    offer: { id: toPublicId('off', facts.offerId), version: facts.offerVersion },
    event_time: facts.acceptedAt.toISOString(),
    event_state: 'dpv:ConsentGiven',
    consents: facts.consents.map(({ id, attribute, purpose, recipients, retentionDays }) => ({
      record_id: toPublicId('cns', id),
      personal_data: attribute,
      purpose,
      recipients: recipients.map((recipient) => toPublicId('rcp', recipient)),
      storage_duration: `P${retentionDays}D`,
    })),
    refused: facts.refused,
  });
}
