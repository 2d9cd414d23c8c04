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
import { isRegistered, type Model, type ModelConsent, type Scope } from './model';
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
const sorted = (words: string[]): string[] => [...new Set(words)].sort();

const command = (text: string, run: Command['run'], check: Command['check'] = () => true): Command => ({
  check,
  run,
  toString: () => text,
});

function share(who: number, wish: Wish): Command {
  return command(`share(${who}, ${JSON.stringify(wish)})`, async (model, { programme, steps }) => {
    const customer = model.customers[who]!;
    const { request, stored } = requestOf(programme, customer, wish);
    const earns = model.earns(customer, wish.offer);
    const { answer, problem } = await problemOf(programme.exchange.share(programme.call(request), request));
    steps.push({ share: wish, customer });
    if (earns && !model.affords(wish.offer)) return expect(problem).toBe('offer-exhausted');
    expect(problem).toBeUndefined();
    expect(answer?.award.status).toBe(earns ? 'pending' : 'none');
    const consents = answer!.consents.map((consent) => ({ ...consent, active: true }) as ModelConsent);
    const wanted = request.consents.flatMap(({ attribute: of, purposes }) =>
      purposes.map((one) => ({ attribute: of, purpose: one })),
    );
    expect(keysOf(consents)).toEqual(keysOf(wanted));
    model.share({ id: answer!.id, customer, offer: wish.offer, earns, consents }, stored);
  });
}

/** What is taken back; a share of anyone: another customer's must stay as it is. */
type Taken = { scope: Exclude<Scope, { share: string }> } | { nthShare: number };

function scopeOf(model: Readonly<Model>, taken: Taken): Scope | undefined {
  if ('scope' in taken) return taken.scope;
  const of = model.shares[taken.nthShare % Math.max(model.shares.length, 1)];
  return of && { share: of.id };
}

function revoke(who: number, taken: Taken, dryRun: boolean): Command {
  const run: Command['run'] = async (model, { programme }) => {
    const customer = model.customers[who]!;
    const scope = scopeOf(model, taken)!;
    const ended = model.activeConsents(customer, scope);
    const erasing = model.uncoveredWithout(customer, ended).length;
    const answer = dryRun
      ? await programme.revocations.preview(programme.id, customer, scope)
      : await programme.revocations.revoke(programme.call({ customer, scope }), customer, scope);
    expect(answer).toMatchObject({
      consentsEnded: ended.length,
      values: { erasing },
      keepsPoints: model.points(customer),
    });
    const told = model.disclosures.filter(({ consents }) => consents.some((consent) => ended.includes(consent)));
    expect(answer.recipients.map((one) => one.recipient)).toEqual(sorted(told.map((one) => one.recipient)));
    if (!dryRun && ended.length > 0) model.revoke(answer.id!, customer, ended);
  };
  const text = `revoke(${who}, ${JSON.stringify(taken)}${dryRun ? ', dry' : ''})`;
  return command(text, run, (model) => scopeOf(model, taken) !== undefined);
}

interface Asked {
  purpose: Purpose;
  attributes: Attribute[];
}
/** Anything, or what a consent is for that the customer has or had. */
type Use = Asked | { nthConsent: number };

function askedOf(model: Readonly<Model>, who: number, use: Use): Asked | undefined {
  if (!('nthConsent' in use)) return use;
  const consents = model.consentsOf(model.customers[who]!);
  const consent = consents[use.nthConsent % Math.max(consents.length, 1)];
  return consent && { purpose: consent.purpose, attributes: [consent.attribute] };
}

function disclose(who: number, by: RecipientKey, use: Use): Command {
  const run: Command['run'] = async (model, { programme }) => {
    const customer = model.customers[who]!;
    const asked = askedOf(model, who, use)!;
    const body = { ...asked, customerRef: customer, reason: 'model' };
    const { answer, problem } = await problemOf(programme.disclosure.disclose(programme.recipients[by], body));
    if (!isRegistered(by, asked.purpose)) return expect(problem).toBe('purpose-not-registered');
    const allowing = new Map(asked.attributes.map((of) => [of, model.allowing(customer, by, asked.purpose, of)]));
    const open = asked.attributes.filter((of) => allowing.get(of)!.length > 0);
    if (open.length === 0) return expect(problem).toBe('no-active-consent');
    expect(problem).toBeUndefined();
    expect(answer!.values).toEqual(Object.fromEntries(open.map((of) => [of, model.valueOf(customer, of)])));
    expect(answer!.withheld).toEqual(asked.attributes.filter((of) => !open.includes(of)));
    model.disclosures.push({ recipient: by, consents: [...allowing.values()].flat() });
  };
  return command(
    `disclose(${who}, ${by}, ${JSON.stringify(use)})`,
    run,
    (model) => askedOf(model, who, use) !== undefined,
  );
}

function post(limit: number): Command {
  return command(`post(${limit})`, async (model, { programme, steps }) => {
    const posted = Math.min(limit, model.owedPoints);
    expect(await programme.post(limit)).toBe(posted);
    model.owedPoints -= posted;
    steps.push({ post: limit });
  });
}

function erase(limit: number): Command {
  return command(`erase(${limit})`, async (model, { programme }) => {
    await programme.erase(limit);
    model.erase(limit);
  });
}

/** A recipient fetches its notices, and confirms the nth of them. */
function confirm(by: RecipientKey, nth: number, did: 'stopped' | 'erased'): Command {
  return command(`confirm(${by}, ${nth}, ${did})`, async (model, { programme }) => {
    const caller = programme.recipients[by];
    const owed = model.revocations.filter(({ notices }) => notices.has(by));
    const { data } = await programme.revocations.notices(caller, { limit: 100 });
    expect(data.map(({ revocationId, purposes, attributes }) => [revocationId, purposes, attributes])).toEqual(
      owed.map(({ id, notices }) => {
        const { about } = notices.get(by)!;
        return [id, sorted(about.map((consent) => consent.purpose)), sorted(about.map((consent) => consent.attribute))];
      }),
    );
    for (const { notices } of owed) notices.get(by)!.listed = true;
    const notice = data[nth % Math.max(data.length, 1)];
    if (!notice) return;
    const call = programme.call({ notice: notice.id, did });
    await programme.revocations.acknowledge({ ...call, principal: caller }, caller, notice.id, { did });
    const told = owed.find(({ id }) => id === notice.revocationId)!.notices.get(by)!;
    // Who has erased does not take it back by having stopped.
    told.did = told.did === 'erased' ? 'erased' : did;
  });
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
  .map(([customer, wish]) => share(customer, wish));
const aUse = fc
  .tuple(
    who,
    recipient,
    fc.oneof(
      fc.record({ purpose, attributes: fc.subarray([...ATTRIBUTES], { minLength: 1 }) }),
      fc.record({ nthConsent: fc.nat({ max: 20 }) }),
    ),
  )
  .map(([customer, by, what]) => disclose(customer, by, what));
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
  .map(([customer, what, dryRun]) => revoke(customer, what, dryRun));
const work = fc.oneof(
  fc.integer({ min: 1, max: 4 }).map((limit) => post(limit)),
  fc.integer({ min: 1, max: 2 }).map((limit) => erase(limit)),
);
const aConfirmation = fc
  .tuple(recipient, fc.nat({ max: 9 }), fc.constantFrom('stopped' as const, 'erased' as const))
  .map(([by, nth, did]) => confirm(by, nth, did));

/** In any order, of two customers; what gives the rest something to work on is there more often. */
export const anyCommand = [aShare, aShare, aUse, aUse, aUse, aRevocation, aRevocation, work, aConfirmation];
