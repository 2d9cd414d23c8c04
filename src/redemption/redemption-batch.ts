import { findRemembered, type Fingerprint, keyReused, rememberAll } from '../idempotency';
import type { Commit, Tx } from '../platform/database';
import { Problem } from '../platform/problem';
import { decide, type Redemption, type Step } from './decide';
import { openDesk, writeDesk } from './desk';
import { findRedemptions } from './redemption-rows';

/** A step that waits for its batch. */
export interface PreparedStep {
  step: Step;
  /** Undefined where there need be no key. */
  idempotency: Fingerprint | undefined;
}

/**
 * A redemption as a step left it. replayed: the first call with this key, whose facts these are. announced: somebody is to be
 * told of the steps that it came in with.
 */
export interface SettledStep {
  redemption: Redemption;
  replayed: boolean;
  announced: boolean;
}

type Outcome = SettledStep | Problem;

/**
 * The steps of one programme's redemptions that came in together, one outcome each, in their order: several of one customer
 * follow each other, as if each had been a transaction of its own. Nothing is written for a refused one.
 *
 * Two flights: lock the customers' accounts and read, in statements after the lock; decide in memory; write, with the
 * COMMIT. Any failure undoes it all. at: when it is booked, otherwise now.
 */
export async function commitSteps(tx: Tx, commit: Commit, steps: PreparedStep[], at?: Date): Promise<Outcome[]> {
  const prints = steps.flatMap(({ idempotency }) => idempotency ?? []);
  const [desk, before] = await Promise.all([
    openDesk(
      tx,
      steps.map(({ step }) => step),
      at,
    ),
    findRemembered(tx, prints),
  ]);
  const known = new Set(desk.redemptions.keys());
  const answers: (Fingerprint & { status: number; answer: object })[] = [];
  const replays = new Map<number, Then>();
  const outcomes = steps.map(({ step, idempotency }, n): Redemption | Problem | undefined => {
    const first = idempotency && before.get(idempotency.key);
    if (first) {
      if (first.request !== idempotency.request) return keyReused();
      replays.set(n, first.answer as Then);
      return undefined;
    }
    const redemption = decide(desk, step);
    if (idempotency && !(redemption instanceof Error)) {
      const { id, status, refunded } = redemption;
      const answer: Then = { id, status, refunded };
      const remembered = { ...idempotency, status: step.do === 'redeem' ? 201 : 200, answer };
      answers.push(remembered);
      // Also for the same key further on in this batch.
      before.set(idempotency.key, remembered);
    }
    return redemption;
  });
  const settled = new Map(
    outcomes.flatMap((one) => (one === undefined || one instanceof Error ? [] : [[one.id, one]])),
  );
  const written = Promise.all([
    writeDesk(tx, desk, known, [...settled.values()]),
    rememberAll(tx, answers),
    replays.size === 0
      ? []
      : findRedemptions(
          tx,
          [...replays.values()].map(({ id }) => id),
        ),
  ]);
  commit();
  const [announced, , found] = await written;
  const rows = new Map(found.map((row) => [row.id, row]));
  return outcomes.map((one, n): Outcome => {
    if (one instanceof Error) return one;
    return one
      ? { redemption: one, replayed: false, announced }
      : { redemption: asThen(rows, replays.get(n)), replayed: true, announced: false };
  });
}

/** What a key remembers of a redemption: the rest of it never changes. */
type Then = Pick<Redemption, 'id' | 'status' | 'refunded'>;

function asThen(rows: Map<string, Redemption>, then: Then | undefined): Redemption {
  const row = then && rows.get(then.id);
  if (!row) throw new Error('What a key remembers is gone');
  return { ...row, ...then, releasedBy: then.status === 'released' ? 'storefront' : null };
}
