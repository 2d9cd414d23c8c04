import { toPublicId } from '../platform/ids';
import type { SigningKeys } from '../platform/signing-keys';

/** The form that receipts have now. A share keeps the one that its receipt was handed out in. */
export const RECEIPT_FORM = 2;

/** What a receipt says: all of it is in the rows of the share, so it can be made again at any time, the same to the byte. */
export interface ReceiptFacts {
  /** 1 until receipts became records in JSON-LD. */
  form: number;
  programmeId: string;
  customerRef: string;
  shareId: string;
  offerId: string;
  offerVersion: number;
  noticeHash: string;
  locale: string;
  acceptedAt: Date;
  consents: {
    id: string;
    attribute: string;
    purpose: string;
    recipients: string[];
    retentionDays: number;
    /** Special category (GDPR Art. 9). */
    special: boolean;
  }[];
  /** 'attribute:purpose' */
  refused: string[];
}

/** What ended consents, in terms of DPV: the customer, or who answers for the programme. */
export type TerminationState = 'ConsentWithdrawn' | 'ConsentRevoked' | 'ConsentExpired';

export interface TerminationFacts {
  programmeId: string;
  /** Null when the customer has left since. */
  customerRef: string | null;
  revocationId: string;
  endedAt: Date;
  state: TerminationState;
  consents: {
    id: string;
    shareId: string;
    attribute: string;
    purpose: string;
    recipients: string[];
    noticeHash: string;
    locale: string;
  }[];
}

/** Signed proof of what was consented to: a JWS of type `consent-receipt+jwt`. */
export function signReceipt(keys: SigningKeys, kid: string, facts: ReceiptFacts): string {
  return keys.sign(kid, 'consent-receipt+jwt', facts.form === 1 ? firstForm(facts) : given(facts));
}

/** Signed proof of what ended: a JWS of type `consent-termination+jwt`, by the key of that time. */
export function signTermination(keys: SigningKeys, facts: TerminationFacts): string {
  return keys.sign(keys.kidAt(facts.endedAt), 'consent-termination+jwt', ended(facts));
}

const CONTEXT = { dpv: 'https://w3id.org/dpv#', dct: 'http://purl.org/dc/terms/' };
const RECEIPT = 'dpv:ConsentReceipt';
/** DPV's schema of ISO/IEC TS 27560. */
const SCHEMA = 'https://w3id.org/dpv/schema/dpv-27560#receipt';
const BY_CUSTOMER = { '@type': 'dpv:DataSubject' };
const BY_CONTROLLER = { '@type': 'dpv:DataController' };
const CONTROL = { '@type': 'dpv:WithdrawConsent' };
const EXPRESSED = { '@type': 'dpv:ExpressedConsent' };
const EXPLICIT = { '@type': 'dpv:ExplicitlyExpressedConsent' };

const called = (id: string) => ({ 'dct:identifier': id });
const recipientsOf = (ids: string[]) => ids.map((id) => called(toPublicId('rcp', id)));
const noticeOf = (hash: string, language: string) => ({
  '@type': 'dpv:ConsentNotice',
  'dct:identifier': hash,
  'dct:language': language,
});

/**
 * Claims of a JWT, and a record after ISO/IEC TS 27560 in terms of W3C DPV 2, as JSON-LD: mapped as in the guide of the DPVCG
 * (w3id.org/dpv/guides/consent-27560). What the notice says in words (address of the controller, where values are stored)
 * is in the notice, which the record names by its hash. Short, as every share carries one.
 */
function given(facts: ReceiptFacts): object {
  const id = toPublicId('shr', facts.shareId);
  return {
    '@context': CONTEXT,
    '@type': RECEIPT,
    'dct:conformsTo': SCHEMA,
    iss: 'gegenwert',
    sub: facts.customerRef,
    iat: Math.floor(facts.acceptedAt.getTime() / 1000),
    jti: id,
    offer: { id: toPublicId('off', facts.offerId), version: facts.offerVersion },
    'dct:identifier': id,
    'dpv:hasDataSubject': called(facts.customerRef),
    'dpv:hasDataController': called(toPublicId('prg', facts.programmeId)),
    'dpv:hasNotice': noticeOf(facts.noticeHash, facts.locale),
    'dpv:hasConsentControl': CONTROL,
    'dpv:hasConsentStatus': {
      '@type': 'dpv:ConsentGiven',
      'dpv:isIndicatedBy': BY_CUSTOMER,
      'dpv:isIndicatedAtTime': facts.acceptedAt.toISOString(),
    },
    'dpv:hasProcess': [...facts.consents.map(processOf), ...facts.refused.map(refusalOf)],
  };
}

const processOf = ({
  id,
  attribute,
  purpose,
  recipients,
  retentionDays,
  special,
}: ReceiptFacts['consents'][number]) => ({
  'dct:identifier': toPublicId('cns', id),
  'dpv:hasLegalBasis': special ? EXPLICIT : EXPRESSED,
  'dpv:hasPurpose': called(purpose),
  'dpv:hasPersonalData': special
    ? { '@type': 'dpv:SpecialCategoryPersonalData', 'dct:identifier': attribute }
    : called(attribute),
  'dpv:hasRecipient': recipientsOf(recipients),
  'dpv:hasStorageCondition': { '@type': 'dpv:StorageDuration', 'dpv:hasDuration': `P${retentionDays}D` },
});

function refusalOf(refused: string): object {
  const [attribute = '', purpose = ''] = refused.split(':');
  return {
    'dpv:hasConsentStatus': { '@type': 'dpv:ConsentRefused' },
    'dpv:hasPurpose': called(purpose),
    'dpv:hasPersonalData': called(attribute),
  };
}

function ended(facts: TerminationFacts): object {
  const id = toPublicId('rev', facts.revocationId);
  return {
    '@context': CONTEXT,
    '@type': RECEIPT,
    'dct:conformsTo': SCHEMA,
    iss: 'gegenwert',
    ...(facts.customerRef === null ? {} : { sub: facts.customerRef }),
    iat: Math.floor(facts.endedAt.getTime() / 1000),
    jti: id,
    'dct:identifier': id,
    ...(facts.customerRef === null ? {} : { 'dpv:hasDataSubject': called(facts.customerRef) }),
    'dpv:hasDataController': called(toPublicId('prg', facts.programmeId)),
    'dpv:hasConsentStatus': {
      '@type': `dpv:${facts.state}`,
      'dpv:isIndicatedBy': facts.state === 'ConsentWithdrawn' ? BY_CUSTOMER : BY_CONTROLLER,
      'dpv:isIndicatedAtTime': facts.endedAt.toISOString(),
    },
    'dpv:hasProcess': facts.consents.map(({ attribute, purpose, recipients, ...consent }) => ({
      'dct:identifier': toPublicId('cns', consent.id),
      // The share, whose receipt says how it was given.
      'dct:isPartOf': toPublicId('shr', consent.shareId),
      'dpv:hasNotice': noticeOf(consent.noticeHash, consent.locale),
      'dpv:hasPurpose': called(purpose),
      'dpv:hasPersonalData': called(attribute),
      'dpv:hasRecipient': recipientsOf(recipients),
    })),
  };
}

/** As receipts were at first: it stays for shares that have such a one. */
function firstForm(facts: ReceiptFacts): object {
  return {
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
  };
}
