import { type Attribute, type OfferKey, offerOf, type Purpose, type RecipientKey, RECIPIENTS } from './catalogue';

/** The domain in memory, as small as it can be said: what the service must agree with after every command. */

export interface ModelConsent {
  id: string;
  attribute: Attribute;
  purpose: Purpose;
  active: boolean;
}

export interface ModelShare {
  id: string;
  customer: string;
  offer: OfferKey;
  earns: boolean;
  consents: ModelConsent[];
}

interface ModelDisclosure {
  recipient: RecipientKey;
  consents: ModelConsent[];
}

export interface ModelRevocation {
  id: string;
  customer: string;
  ended: ModelConsent[];
  /** So many values nothing covered any more because of it. */
  uncovers: number;
  erased: boolean;
  /** By recipient. */
  notices: Map<RecipientKey, ModelNotice>;
}

export interface ModelNotice {
  /** What the recipient got under, out of what was ended. */
  about: ModelConsent[];
  listed: boolean;
  did: 'stopped' | 'erased' | undefined;
}

export type Scope = { share: string } | { purpose: Purpose } | { attribute: Attribute } | { everything: true };

export const isRegistered = (recipient: RecipientKey, purpose: Purpose): boolean =>
  (RECIPIENTS[recipient] as Purpose[]).includes(purpose);

const name = (customer: string, attribute: string): string => `${customer} ${attribute}`;

export class Model {
  readonly shares: ModelShare[] = [];
  readonly revocations: ModelRevocation[] = [];
  readonly disclosures: ModelDisclosure[] = [];
  /** Current value by customer and attribute, also when nothing covers it until it is erased. */
  readonly values = new Map<string, string>();
  readonly promised = new Map<OfferKey, number>();
  owedPoints = 0;

  constructor(readonly customers: string[]) {}

  /** Whether the offer's budget holds one more award. */
  affords(offer: OfferKey): boolean {
    const { budget, reward } = offerOf(offer);
    if (budget === undefined) return true;
    const [cap, each] =
      'points' in budget ? [budget.points, reward.type === 'points' ? reward.points : 0] : [budget.codes, 1];
    return (this.promised.get(offer) ?? 0) + each <= cap;
  }

  earns(customer: string, offer: OfferKey): boolean {
    const earned = this.shares.filter((share) => share.customer === customer && share.offer === offer && share.earns);
    return earned.length < offerOf(offer).times;
  }

  share(share: ModelShare, values: Record<string, string>): void {
    this.shares.push(share);
    for (const [attribute, value] of Object.entries(values)) this.values.set(name(share.customer, attribute), value);
    if (!share.earns) return;
    const { reward } = offerOf(share.offer);
    const each = reward.type === 'points' ? reward.points : 1;
    this.promised.set(share.offer, (this.promised.get(share.offer) ?? 0) + each);
    if (reward.type === 'points') this.owedPoints += 1;
  }

  consentsOf(customer: string): ModelConsent[] {
    return this.shares.filter((share) => share.customer === customer).flatMap((share) => share.consents);
  }

  activeConsents(customer: string, scope: Scope): ModelConsent[] {
    const within =
      'share' in scope
        ? this.shares.filter(({ id, customer: of }) => id === scope.share && of === customer).flatMap((s) => s.consents)
        : this.consentsOf(customer);
    return within.filter(
      (consent) =>
        consent.active &&
        !('purpose' in scope && consent.purpose !== scope.purpose) &&
        !('attribute' in scope && consent.attribute !== scope.attribute),
    );
  }

  isCovered(customer: string, attribute: Attribute): boolean {
    return this.consentsOf(customer).some((consent) => consent.active && consent.attribute === attribute);
  }

  valueOf(customer: string, attribute: Attribute): string | undefined {
    return this.values.get(name(customer, attribute));
  }

  /** Consents under which a recipient gets an attribute for a purpose now. */
  allowing(customer: string, recipient: RecipientKey, purpose: Purpose, attribute: Attribute): ModelConsent[] {
    if (!isRegistered(recipient, purpose)) return [];
    return this.consentsOf(customer).filter((c) => c.active && c.purpose === purpose && c.attribute === attribute);
  }

  /** Ends the consents; whoever got something under them is owed a notice. */
  revoke(id: string, customer: string, ended: ModelConsent[]): ModelRevocation {
    const uncovers = this.uncoveredWithout(customer, ended).length;
    for (const consent of ended) consent.active = false;
    const notices = new Map<RecipientKey, ModelNotice>();
    for (const { recipient, consents } of this.disclosures) {
      const about = [
        ...(notices.get(recipient)?.about ?? []),
        ...consents.filter((consent) => ended.includes(consent)),
      ];
      if (about.length > 0) notices.set(recipient, { about, listed: false, did: undefined });
    }
    const revocation = { id, customer, ended, uncovers, erased: false, notices };
    this.revocations.push(revocation);
    return revocation;
  }

  /** What a revocation of these consents would leave uncovered. */
  uncoveredWithout(customer: string, ended: ModelConsent[]): Attribute[] {
    const left = this.consentsOf(customer).filter((consent) => consent.active && !ended.includes(consent));
    const attributes = new Set(ended.map(({ attribute }) => attribute));
    return [...attributes].filter((attribute) => !left.some((consent) => consent.attribute === attribute));
  }

  /** Erases for the revocations that are owed it, lowest id first. */
  erase(limit: number): void {
    const owed = this.revocations.filter(({ erased }) => !erased).sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const revocation of owed.slice(0, limit)) {
      revocation.erased = true;
      for (const { attribute } of revocation.ended) {
        if (!this.isCovered(revocation.customer, attribute)) this.values.delete(name(revocation.customer, attribute));
      }
    }
  }

  points(customer: string): number {
    return this.shares
      .filter((share) => share.customer === customer && share.earns)
      .reduce((sum, share) => {
        const { reward } = offerOf(share.offer);
        return sum + (reward.type === 'points' ? reward.points : 0);
      }, 0);
  }
}

export function statusOf({ erased, notices }: ModelRevocation): 'blocked' | 'erased' | 'told' | 'complete' {
  const all = [...notices.values()];
  if (!erased) return 'blocked';
  if (all.every(({ did }) => did !== undefined)) return 'complete';
  return all.every(({ listed, did }) => listed || did !== undefined) ? 'told' : 'erased';
}
