import { identifyCustomers, lockCustomers, type RevocationScope } from '../consents/core';
import {
  findRemembered,
  type Fingerprint,
  type IdempotencyKeys,
  keyReused,
  openAnswer,
  rememberAll,
  sealAnswer,
  type SealedAnswer,
} from '../idempotency';
import type { Commit, Tx } from '../platform/database';
import type { Problem } from '../platform/problem';
import type { RevocationAnswer } from './revocation.dto';
import { answerOf, type Ending, endingOf, nothing, pointsOf, writeEnding } from './revoke';

/** A revocation that waits for its batch. */
export interface WantedRevocation {
  customerRef: string;
  scope: RevocationScope;
  /** Undefined where the caller need not send a key. */
  idempotency: Fingerprint | undefined;
}

/** What became of it. replayed: by the first call with this key, whose answer this is. */
export interface Revoked {
  answer: RevocationAnswer;
  status: number;
  replayed: boolean;
}

type Outcome = Revoked | Problem;

/**
 * THE revocation transaction, for all revocations of one programme that came in together. One outcome each, in their order; no
 * customer and no key twice in one batch.
 *
 * It takes the customers' locks exclusively, and reads after it: releases that hold one have their row by now, and those that
 * wait for it will find the consents ended. When this has committed, the use is blocked; erasing and telling are owed, in the
 * same commit. The ledger is not touched.
 */
export async function commitRevocations(
  tx: Tx,
  commit: Commit,
  keys: IdempotencyKeys,
  wanted: WantedRevocation[],
): Promise<Outcome[]> {
  const refs = wanted.map(({ customerRef }) => customerRef);
  const prints = wanted.flatMap(({ idempotency }) => idempotency ?? []);
  // In this order, and in one round trip.
  const [, before, customers] = await Promise.all([
    lockCustomers(tx, refs),
    findRemembered(tx, prints),
    identifyCustomers(tx, refs),
  ]);
  const outcomes = wanted.map(({ idempotency }): Outcome | undefined => {
    const first = idempotency && before.get(idempotency.key);
    if (!first) return undefined;
    if (first.request !== idempotency.request) return keyReused();
    const answer = openAnswer<RevocationAnswer>(keys, idempotency, first.answer as SealedAnswer);
    return { answer, status: first.status, replayed: true };
  });
  const open = wanted.filter((_, n) => outcomes[n] === undefined);
  const known = open.flatMap(({ customerRef, scope }) => {
    const customer = customers.get(customerRef);
    return customer?.known ? [{ customerId: customer.id, customerRef, scope }] : [];
  });
  const [points, endings] = await Promise.all([
    Promise.all(known.map(({ customerId }) => pointsOf(tx, customerId))),
    Promise.all(byScope(known).map(({ customerIds, scope }) => endingOf(tx, customerIds, scope))),
  ]);
  const ended = new Map(endings.flatMap(({ of }) => of.map((one) => [one.customerId, one])));
  const answers = new Map(
    known.map(({ customerId, customerRef }, n) => [customerRef, answerOf(points[n]!, ended.get(customerId))]),
  );
  const written = write(tx, endings, rememberedAs(keys, open, answers));
  commit();
  await written;
  return wanted.map(({ customerRef }, n) => outcomes[n] ?? revoked(answers.get(customerRef)));
}

const revoked = (answer: RevocationAnswer = nothing): Revoked => ({
  answer,
  status: answer.consentsEnded > 0 ? 201 : 200,
  replayed: false,
});

interface OfScope {
  scope: RevocationScope;
  customerIds: string[];
}

/** Those that take the same back together. */
function byScope(known: { customerId: string; scope: RevocationScope }[]): OfScope[] {
  const groups = new Map<string, OfScope>();
  for (const { customerId, scope } of known) {
    const name = JSON.stringify(scope);
    const group = groups.get(name) ?? { scope, customerIds: [] };
    group.customerIds.push(customerId);
    groups.set(name, group);
  }
  return [...groups.values()];
}

const rememberedAs = (
  keys: IdempotencyKeys,
  done: WantedRevocation[],
  answers: ReadonlyMap<string, RevocationAnswer>,
): Done =>
  done.flatMap(({ customerRef, idempotency }) => {
    const { answer, status } = revoked(answers.get(customerRef));
    return idempotency ? [{ ...idempotency, status, answer: sealAnswer(keys, idempotency, answer) }] : [];
  });

type Done = Parameters<typeof rememberAll>[1];

/** All in one round trip, the COMMIT of the caller included: nothing here may wait before it has sent its statements. */
async function write(tx: Tx, endings: Ending[], done: Done): Promise<void> {
  await Promise.all([...endings.map((ending) => writeEnding(tx, ending, 'withdrawn')), rememberAll(tx, done)]);
}
