import type { GivenConsent } from '../consents';
import { localeOf, type Ask, type Locale, type PublishedOffer } from '../offers';
import { newId } from '../platform/ids';
import { conflict, Fault, invalidRequest, Problem } from '../platform/problem';

/** What a storefront or the customer sends. */
export interface ShareRequest {
  customerRef: string;
  offerId: string;
  offerVersion: number;
  noticeHash: string;
  values: Record<string, unknown>;
  consents: { attribute: string; purposes: string[] }[];
  locale?: string;
  channel?: string;
  context?: Record<string, unknown>;
  /** Whether the call says Sec-GPC: 1: advertising by others is then refused, whatever consents says. */
  gpc?: boolean;
}

/** What a share comes to, once everything that no other share can change is checked. */
export interface CheckedShare {
  consents: GivenConsent[];
  /** Attribute and value of what is to be stored. */
  values: [attribute: string, value: unknown][];
  /** 'attribute:purpose' that was asked and not granted. */
  refused: string[];
  /** Those of them that the signal refused. */
  refusedBySignal: string[];
  notice: { id: string; hash: string; locale: Locale };
}

export const noticeOutdated = (): Problem =>
  conflict(
    'notice-outdated',
    'The customer was shown another text than is in force',
    'Ask for the quotes again and show the notice anew.',
  );

const consentIncomplete = (errors: Fault[], gpc = false): Problem =>
  new Problem(
    422,
    'consent-incomplete',
    'Something that the offer needs is missing',
    `See errors for what is missing.${gpc ? ' The call says Sec-GPC: 1, which refuses advertising by others.' : ''}`,
    errors,
  );

const at = (attribute: string): string => `/values/${attribute}`;

/**
 * Holds a share against the offer it accepts. A special-category attribute (GDPR Art. 9) must be consented to by an entry
 * of its own; null as its value says "prefer not to say", which counts as an answer and earns the same.
 * @throws 409 `notice-outdated`; 422 `invalid-request`, `explicit-consent-required`, `consent-incomplete`, `value-invalid`.
 */
export function checkShare(offer: PublishedOffer, sent: ShareRequest): CheckedShare {
  const notice = findNotice(offer, sent);
  const asSent = grantedPurposes(offer, sent);
  const { request, granted } = sent.gpc ? underSignal(offer, sent, asSent) : { request: sent, granted: asSent };
  const declined = new Set(
    offer.asks.filter((ask) => ask.special && request.values[ask.attribute] === null).map((ask) => ask.attribute),
  );
  requireExplicitConsent(offer, request, granted, declined);
  requireComplete(offer, request, granted, declined);
  requireValid(offer, request, declined);
  const shared = offer.asks.filter((ask) => granted.has(ask.attribute) && !declined.has(ask.attribute));
  return {
    notice,
    values: shared.map((ask) => [ask.attribute, request.values[ask.attribute]]),
    consents: shared.flatMap((ask) => consentsOf(ask, granted.get(ask.attribute) ?? new Set())),
    refused: offer.asks.flatMap((ask) =>
      ask.purposes
        .filter((purpose) => declined.has(ask.attribute) || !granted.get(ask.attribute)?.has(purpose.key))
        .map((purpose) => `${ask.attribute}:${purpose.key}`),
    ),
    refusedBySignal: sent.gpc ? forOthers(offer) : [],
  };
}

/** `attribute:purpose` of what the offer asks for advertising by others. */
const forOthers = (offer: PublishedOffer): string[] =>
  offer.asks.flatMap((ask) =>
    ask.purposes
      .filter(({ thirdPartyAdvertising }) => thirdPartyAdvertising)
      .map(({ key }) => `${ask.attribute}:${key}`),
  );

/**
 * The request as if advertising by others had not been granted. What is not required, and was shared for nothing else, is then
 * not shared at all.
 */
function underSignal(
  offer: PublishedOffer,
  request: ShareRequest,
  asSent: Map<string, Set<string>>,
): { request: ShareRequest; granted: Map<string, Set<string>> } {
  const refused = new Set(forOthers(offer));
  const granted = new Map<string, Set<string>>();
  const values = { ...request.values };
  for (const [attribute, purposes] of asSent) {
    const left = [...purposes].filter((purpose) => !refused.has(`${attribute}:${purpose}`));
    if (left.length > 0) granted.set(attribute, new Set(left));
    else if (!offer.asks.some((ask) => ask.attribute === attribute && ask.required)) delete values[attribute];
  }
  return { request: { ...request, values }, granted };
}

function findNotice(offer: PublishedOffer, { noticeHash, locale }: ShareRequest): CheckedShare['notice'] {
  const language = localeOf(locale);
  const found = (['de', 'en'] as const).find(
    (one) => offer.notices[one].hash === noticeHash && (language === undefined || language === one),
  );
  if (!found) throw noticeOutdated();
  return { id: offer.notices[found].id, hash: noticeHash, locale: found };
}

/** Purposes that are consented to, by attribute; entries for what was not asked are faults. */
function grantedPurposes(offer: PublishedOffer, request: ShareRequest): Map<string, Set<string>> {
  const asks = new Map(offer.asks.map((ask) => [ask.attribute, ask]));
  const granted = new Map<string, Set<string>>();
  const faults: Fault[] = Object.keys(request.values)
    .filter((attribute) => !asks.has(attribute))
    .map((attribute) => ({ pointer: at(attribute), message: 'The offer does not ask for this attribute' }));
  request.consents.forEach(({ attribute, purposes }, n) => {
    const ask = asks.get(attribute);
    if (!ask)
      faults.push({ pointer: `/consents/${n}/attribute`, message: 'The offer does not ask for this attribute' });
    if (granted.has(attribute))
      faults.push({ pointer: `/consents/${n}/attribute`, message: 'This attribute has an entry already' });
    purposes.forEach((purpose, m) => {
      if (ask && !ask.purposes.some(({ key }) => key === purpose)) {
        faults.push({ pointer: `/consents/${n}/purposes/${m}`, message: 'The offer does not ask for this purpose' });
      }
    });
    if (purposes.length > 0) granted.set(attribute, new Set(purposes));
  });
  if (faults.length > 0) throw invalidRequest(faults);
  return granted;
}

function requireExplicitConsent(
  offer: PublishedOffer,
  request: ShareRequest,
  granted: Map<string, Set<string>>,
  declined: Set<string>,
): void {
  const missing = offer.asks.filter(
    ({ attribute, special }) =>
      special && attribute in request.values && !declined.has(attribute) && !granted.has(attribute),
  );
  if (missing.length === 0) return;
  throw new Problem(
    422,
    'explicit-consent-required',
    'A special-category attribute needs an explicit consent of its own',
    'Ask the customer for it separately (GDPR Art. 9) and send an entry of its own in consents.',
    missing.map(({ attribute }) => ({ pointer: at(attribute), message: 'Needs an entry of its own in consents' })),
  );
}

function requireComplete(
  offer: PublishedOffer,
  request: ShareRequest,
  granted: Map<string, Set<string>>,
  declined: Set<string>,
): void {
  const faults = offer.asks.flatMap((ask): Fault[] => {
    if (declined.has(ask.attribute)) return [];
    const purposes = granted.get(ask.attribute);
    const hasValue = request.values[ask.attribute] !== undefined;
    if (!purposes && !hasValue && !ask.required) return [];
    const missing = ask.purposes
      .filter(({ key, required }) => required && !purposes?.has(key))
      .map(({ key }) => ({ pointer: '/consents', message: `Needs ${ask.attribute} for the purpose ${key}` }));
    if (!purposes && missing.length === 0)
      missing.push({ pointer: '/consents', message: `Needs a purpose for ${ask.attribute}` });
    if (!hasValue) missing.push({ pointer: at(ask.attribute), message: 'Needs a value' });
    return missing;
  });
  if (faults.length > 0) throw consentIncomplete(faults, request.gpc);
}

function requireValid(offer: PublishedOffer, request: ShareRequest, declined: Set<string>): void {
  const faults = offer.asks
    .filter(({ attribute }) => request.values[attribute] !== undefined && !declined.has(attribute))
    .flatMap((ask) =>
      ask
        .validate(request.values[ask.attribute])
        .map((fault) => ({ ...fault, pointer: at(ask.attribute) + fault.pointer })),
    );
  if (faults.length === 0) return;
  throw new Problem(
    422,
    'value-invalid',
    'A value does not fit its attribute',
    'See errors for what it must be.',
    faults,
  );
}

function consentsOf(ask: Ask, granted: Set<string>): GivenConsent[] {
  return ask.purposes
    .filter(({ key }) => granted.has(key))
    .map((purpose) => ({
      id: newId(),
      attribute: ask.attribute,
      purpose: purpose.key,
      recipients: purpose.recipients.map(({ id }) => id),
      retentionDays: ask.retentionDays,
    }));
}
