import type { AsyncCommand } from 'fast-check';
import * as fc from 'fast-check';
import { Problem } from '../../src/platform/problem';
import {
  ATTRIBUTES,
  type Attribute,
  OFFERS,
  type OfferKey,
  offerOf,
  PURPOSES,
  type Purpose,
  RECIPIENTS,
  type RecipientKey,
  SPECIAL,
} from './catalogue';
import { type Model, type ModelConsent, type ModelShare, type Scope, statusOf } from './model';
import type { Programme } from './world';

/** What a run has done that counts without its revocations too: for the run that is compared with it. */
export type Step = { share: Wish; customer: string } | { post: number };

export interface Run {
  programme: Programme;
  steps: Step[];
}

type Command = AsyncCommand<Model, Run>;

/** What a customer is asked and says, whatever the offer asks: who declines, declines the special attribute. */
interface Wish {
  offer: OfferKey;
  optional: boolean;
  declines: boolean;
  value: string;
}

export function requestOf(programme: Programme, customer: string, { offer, optional, declines, value }: Wish) {
  const asked = offerOf(offer).asks.filter((ask) => ask.required || optional);
  const granted = asked.filter((ask) => !(declines && ask.attribute === SPECIAL));
  const consents = granted.map((ask) => ({
    attribute: ask.attribute,
    purposes: ask.purposes.filter((purpose) => purpose.required || optional).map(({ key }) => key),
  }));
  const stored = Object.fromEntries(granted.map((ask) => [ask.attribute, value]));
  const declined = Object.fromEntries(
    asked.filter((ask) => !granted.includes(ask)).map((ask) => [ask.attribute, null]),
  );
  const request = { customerRef: customer, ...programme.offers[offer], values: { ...stored, ...declined }, consents };
  return { request, stored };
}

/** The type of the problem that it ends in, undefined when it does not. */
async function problemOf<T>(work: Promise<T>): Promise<{ answer?: T; problem?: string }> {
  try {
    return { answer: await work };
  } catch (error) {
    if (error instanceof Problem) return { problem: error.type };
    throw error;
  }
}

const keysOf = (consents: { attribute: string; purpose: string }[]): string[] =>
  consents.map(({ attribute, purpose }) => `${attribute}:${purpose}`).sort();

class Share implements Command {
  constructor(
    private readonly who: number,
    private readonly wish: Wish,
  ) {}

  check = (): boolean => true;

  async run(model: Model, { programme, steps }: Run): Promise<void> {
    const customer = model.customers[this.who]!;
    const { offer } = this.wish;
    const { request, stored } = requestOf(programme, customer, this.wish);
    const earns = model.earns(customer, offer);
    const { answer, problem } = await problemOf(programme.exchange.share(programme.call(request), request));
    steps.push({ share: this.wish, customer });
    if (earns && !model.affords(offer)) return expect(problem).toBe('offer-exhausted');
    expect(problem).toBeUndefined();
    expect(answer?.award.status).toBe(earns ? 'pending' : 'none');
    const consents = answer!.consents.map((consent) => ({ ...consent, active: true }) as ModelConsent);
    const wanted = request.consents.flatMap(({ attribute, purposes }) =>
      purposes.map((purpose) => ({ attribute, purpose })),
    );
    expect(keysOf(consents)).toEqual(keysOf(wanted));
    model.share({ id: answer!.id, customer, offer, earns, consents }, stored);
  }

  toString = (): string => `share(${this.who}, ${JSON.stringify(this.wish)})`;
}

class Revoke implements Command {
  constructor(
    private readonly who: number,
    private readonly what: { scope: Exclude<Scope, { share: string }> } | { nthShare: number },
    private readonly dryRun: boolean,
  ) {}

  check = (model: Readonly<Model>): boolean => this.scopeIn(model) !== undefined;

  async run(model: Model, { programme }: Run): Promise<void> {
    const customer = model.customers[this.who]!;
    const scope = this.scopeIn(model)!;
    const ended = model.activeConsents(customer, scope);
    const erasing = model.uncoveredWithout(customer, ended).length;
    const answer = this.dryRun
      ? await programme.revocations.preview(programme.id, customer, scope)
      : await programme.revocations.revoke(programme.call({ customer, scope }), customer, scope);
    expect(answer).toMatchObject({
      consentsEnded: ended.length,
      values: { erasing },
      keepsPoints: model.points(customer),
    });
    const told = model.disclosures.filter(({ consents }) => consents.some((consent) => ended.includes(consent)));
    expect(answer.recipients.map(({ recipient }) => recipient).sort()).toEqual(
      [...new Set(told.map(({ recipient }) => recipient))].sort(),
    );
    if (!this.dryRun && ended.length > 0) model.revoke(answer.id!, customer, ended);
  }

  private scopeIn(model: Readonly<Model>): Scope | undefined {
    if ('scope' in this.what) return this.what.scope;
    const share = this.shareIn(model, this.what.nthShare);
    return share && { share: share.id };
  }

  /** Of any customer: another one's share must stay as it is. */
  private shareIn({ shares }: Readonly<Model>, nth: number): ModelShare | undefined {
    return shares[nth % Math.max(shares.length, 1)];
  }

  toString = (): string => `revoke(${this.who}, ${JSON.stringify(this.what)}${this.dryRun ? ', dry' : ''})`;
}

class Disclose implements Command {
  constructor(
    private readonly who: number,
    private readonly recipient: RecipientKey,
    /** Anything, or what a consent is for that the customer has or had. */
    private readonly what: { purpose: Purpose; attributes: Attribute[] } | { nthConsent: number },
  ) {}

  check = (model: Readonly<Model>): boolean => this.askedIn(model) !== undefined;

  async run(model: Model, { programme }: Run): Promise<void> {
    const customer = model.customers[this.who]!;
    const { recipient } = this;
    const { purpose, attributes } = this.askedIn(model)!;
    const body = { customerRef: customer, purpose, attributes, reason: 'model' };
    const { answer, problem } = await problemOf(programme.disclosure.disclose(programme.recipients[recipient], body));
    if (!(RECIPIENTS[recipient] as Purpose[]).includes(purpose)) return expect(problem).toBe('purpose-not-registered');
    const allowing = new Map(attributes.map((a) => [a, model.allowing(customer, recipient, purpose, a)]));
    const open = attributes.filter((attribute) => allowing.get(attribute)!.length > 0);
    if (open.length === 0) return expect(problem).toBe('no-active-consent');
    expect(problem).toBeUndefined();
    expect(answer!.values).toEqual(Object.fromEntries(open.map((a) => [a, model.valueOf(customer, a)])));
    expect(answer!.withheld).toEqual(attributes.filter((attribute) => !open.includes(attribute)));
    model.disclosures.push({ recipient, consents: [...allowing.values()].flat() });
  }

  private askedIn(model: Readonly<Model>): { purpose: Purpose; attributes: Attribute[] } | undefined {
    if (!('nthConsent' in this.what)) return this.what;
    const consents = model.consentsOf(model.customers[this.who]!);
    const consent = consents[this.what.nthConsent % Math.max(consents.length, 1)];
    return consent && { purpose: consent.purpose, attributes: [consent.attribute] };
  }

  toString = (): string => `disclose(${this.who}, ${this.recipient}, ${JSON.stringify(this.what)})`;
}

class Post implements Command {
  constructor(private readonly limit: number) {}

  check = (): boolean => true;

  async run(model: Model, { programme, steps }: Run): Promise<void> {
    const posted = Math.min(this.limit, model.owedPoints);
    expect(await programme.post(this.limit)).toBe(posted);
    model.owedPoints -= posted;
    steps.push({ post: this.limit });
  }

  toString = (): string => `post(${this.limit})`;
}

class Erase implements Command {
  constructor(private readonly limit: number) {}

  check = (): boolean => true;

  async run(model: Model, { programme }: Run): Promise<void> {
    await programme.erase(this.limit);
    model.erase(this.limit);
  }

  toString = (): string => `erase(${this.limit})`;
}

/** A recipient fetches its notices, and confirms the nth of them. */
class Confirm implements Command {
  constructor(
    private readonly recipient: RecipientKey,
    private readonly nth: number,
    private readonly did: 'stopped' | 'erased',
  ) {}

  check = (): boolean => true;

  async run(model: Model, { programme }: Run): Promise<void> {
    const caller = programme.recipients[this.recipient];
    const owed = model.revocations.filter(({ notices }) => notices.has(this.recipient));
    const { data } = await programme.revocations.notices(caller, { limit: 100 });
    expect(data.map(({ revocationId }) => revocationId)).toEqual(owed.map(({ id }) => id));
    for (const { notices } of owed) notices.get(this.recipient)!.listed = true;
    const notice = data[this.nth % Math.max(data.length, 1)];
    if (!notice) return;
    const call = programme.call({ notice: notice.id, did: this.did });
    await programme.revocations.acknowledge({ ...call, principal: caller }, caller, notice.id, this.did);
    const told = owed.find(({ id }) => id === notice.revocationId)!.notices.get(this.recipient)!;
    told.did = told.did === 'erased' ? 'erased' : this.did;
  }

  toString = (): string => `confirm(${this.recipient}, ${this.nth}, ${this.did})`;
}

const who = fc.nat({ max: 1 });
const recipient = fc.constantFrom(...(Object.keys(RECIPIENTS) as RecipientKey[]));
const purpose = fc.constantFrom(...PURPOSES);
const attribute = fc.constantFrom(...ATTRIBUTES);

const aShare = fc
  .tuple(
    who,
    fc.record({
      offer: fc.constantFrom(...(Object.keys(OFFERS) as OfferKey[])),
      optional: fc.boolean(),
      declines: fc.boolean(),
      value: fc.string({ maxLength: 8 }),
    }),
  )
  .map(([customer, wish]) => new Share(customer, wish));
const aUse = fc
  .tuple(
    who,
    recipient,
    fc.oneof(
      fc.record({ purpose, attributes: fc.subarray([...ATTRIBUTES], { minLength: 1 }) }),
      fc.record({ nthConsent: fc.nat({ max: 20 }) }),
    ),
  )
  .map(([customer, by, what]) => new Disclose(customer, by, what));
const aRevocation = fc
  .tuple(
    who,
    fc.oneof(
      fc.record({ nthShare: fc.nat({ max: 20 }) }),
      fc.record({ scope: fc.oneof(fc.record({ purpose }), fc.record({ attribute })) }),
      fc.constant({ scope: { everything: true as const } }),
    ),
    fc.nat({ max: 3 }).map((n) => n === 3),
  )
  .map(([customer, what, dryRun]) => new Revoke(customer, what, dryRun));
const work = fc.oneof(
  fc.integer({ min: 1, max: 4 }).map((limit) => new Post(limit)),
  fc.integer({ min: 1, max: 2 }).map((limit) => new Erase(limit)),
);
const aConfirmation = fc
  .tuple(recipient, fc.nat({ max: 9 }), fc.constantFrom('stopped' as const, 'erased' as const))
  .map(([by, nth, did]) => new Confirm(by, nth, did));

/** In any order, of two customers; what gives the rest something to work on is there more often. */
export const anyCommand = [aShare, aShare, aUse, aUse, aUse, aRevocation, aRevocation, work, aConfirmation];
