import * as fc from 'fast-check';
import { type Balance, balanceOf, expireLots } from '../../src/ledger';
import type { Database } from '../../src/platform/database';
import { newId, parsePublicId } from '../../src/platform/ids';
import { Problem } from '../../src/platform/problem';
import { commitSteps, type Step } from '../../src/redemption';
import { expireHolds } from '../../src/redemption/core';
import { OFFERS } from './catalogue';
import { requestOf } from './commands';
import { ReferenceLedger } from './points';
import type { Programme, World } from './world';

export const CUSTOMERS = ['ada', 'bela', 'cleo', 'dino'];
const never = (): boolean => false;
const agree = <T>(actual: T, expected: T): void => expect(actual).toEqual(expected);

const customer = fc.constantFrom(...CUSTOMERS);
const nth = fc.nat();
const promise = fc.record({
  do: fc.constant('promise' as const),
  customer,
  points: fc.integer({ min: 1, max: 60 }),
  validDays: fc.constantFrom(null, 0, 1, 7, 30, 90, 365),
});
const book = fc.record({ do: fc.constant('book' as const), limit: fc.integer({ min: 1, max: 4 }) });
const redeem = fc.record({
  do: fc.constant('redeem' as const),
  customer,
  points: fc.integer({ min: 1, max: 120 }),
  holdSeconds: fc.constantFrom(undefined, undefined, 60, 40_000, 200_000, 600_000),
});
const settle = fc.record({ do: fc.constantFrom('capture' as const, 'release' as const), nth });
const refund = fc.record({
  do: fc.constant('refund' as const),
  nth,
  points: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
});
const share = fc.record({
  do: fc.constant('share' as const),
  customer,
  offer: fc.constantFrom('birthday' as const, 'profile' as const),
});
const revoke = fc.record({ do: fc.constant('revoke' as const), customer });
const action = fc.oneof(
  { weight: 8, arbitrary: promise },
  { weight: 5, arbitrary: book },
  { weight: 7, arbitrary: redeem },
  { weight: 5, arbitrary: settle },
  { weight: 4, arbitrary: refund },
  { weight: 1, arbitrary: share },
  { weight: 1, arbitrary: revoke },
);
export type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;
/** When in the day, from its first to its last instant; the ends more often than by chance. */
const moment = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));
export const anyDay = fc.record({
  actions: fc.array(fc.tuple(moment, action), { maxLength: 6 }),
  /** Whether the worker is there in the night that follows. */
  works: fc.integer({ min: 1, max: 5 }).map((n) => n > 1),
});

export type PlannedDay = typeof anyDay extends fc.Arbitrary<infer D> ? D : never;

/** One programme, and a reference that does what it does. */
export class TwoYears {
  private readonly reference = new ReferenceLedger();
  private readonly queue: { customer: string; points: number; until: string | null }[] = [];
  private readonly redemptions: string[] = [];
  private readonly ids = new Map<string, string>();
  private expired = 0;
  /** How often each came about. */
  readonly tally: Record<string, number> = {};

  constructor(
    private readonly world: World,
    private readonly database: Database,
    private readonly programme: Programme,
    private readonly timeZone: string,
  ) {}

  async begin(): Promise<void> {
    await this.world.sql('UPDATE programmes SET time_zone = $2 WHERE id = $1', [this.programme.id, this.timeZone]);
    for (const ref of CUSTOMERS) {
      const rows = await this.world.sql<{ id: string }>(
        'INSERT INTO customers (programme_id, ref) VALUES ($1, $2) RETURNING id',
        [this.programme.id, ref],
      );
      this.ids.set(ref, rows[0]!.id);
    }
  }

  async act(does: Action, at: Date, today: string): Promise<void> {
    switch (does.do) {
      case 'promise':
        return this.promise(does, today);
      case 'book':
        return this.book(does.limit);
      case 'redeem':
        return this.redeem(does, at, today);
      case 'capture':
      case 'release':
      case 'refund':
        return this.next(does, at, today);
      case 'share':
        return this.share(does, today);
      case 'revoke':
        return this.revoke(does.customer);
    }
  }

  private async promise(
    { customer: ref, points: many, validDays }: Action & { do: 'promise' },
    today: string,
  ): Promise<void> {
    const until = validDays === null ? null : daysAfter(today, validDays);
    await this.world.sql(
      `WITH award AS (INSERT INTO awards (programme_id, id, customer_id, kind, points, expires_on, promised_at, reason, reference)
         VALUES ($1, $2::uuid, $3, 'points', $4, $5, now(), 'model', $2::text))
       INSERT INTO outbox (programme_id, topic, id) VALUES ($1, 'points', $2::uuid)`,
      [this.programme.id, newId(), this.ids.get(ref), many, until],
    );
    this.queue.push({ customer: ref, points: many, until });
  }

  private async book(limit: number): Promise<void> {
    const booked = this.queue.splice(0, limit);
    agree(await this.programme.post(limit), booked.length);
    for (const one of booked) this.reference.award(one.customer, one.points, one.until);
  }

  private async redeem(
    { customer: ref, points: many, holdSeconds }: Action & { do: 'redeem' },
    at: Date,
    today: string,
  ): Promise<void> {
    const id = newId();
    const heldUntil = holdSeconds === undefined ? null : at.getTime() + holdSeconds * 1000;
    const expected = this.reference.redeem(id, ref, many, today, heldUntil);
    const order = { orderRef: 'order-1', order: undefined };
    await this.step({ do: 'redeem', id, customerRef: ref, points: many, holdSeconds, ...order }, at, expected);
    if (expected !== 'insufficient-points') this.redemptions.push(id);
  }

  /** With one that holds points, if there is one, or with one of the last, in whatever state that is. */
  private async next(does: Action & { do: 'capture' | 'release' | 'refund' }, at: Date, today: string): Promise<void> {
    const held = this.redemptions.filter((id) => this.reference.redemptions.get(id)?.status === 'held');
    const some = does.do !== 'refund' && does.nth % 2 === 0 && held.length > 0 ? held : this.redemptions.slice(-4);
    const id = some[does.nth % some.length];
    if (id === undefined) return;
    switch (does.do) {
      case 'refund': {
        const step: Step = { do: 'refund', id, points: does.points };
        return this.step(step, at, this.reference.refund(id, does.points, today));
      }
      case 'capture':
        return this.step({ do: 'capture', id }, at, this.reference.capture(id, at.getTime()));
      case 'release':
        return this.step({ do: 'release', id }, at, this.reference.release(id, at.getTime(), today, 'release'));
    }
  }

  private async step(step: Step, at: Date, expected: string): Promise<void> {
    const [outcome] = await this.database.inProgramme(this.programme.id, (tx, commit) =>
      commitSteps(tx, commit, [{ step, idempotency: undefined }], at),
    );
    agree(outcome instanceof Problem ? outcome.type : outcome!.redemption.status, expected);
    this.count(`${step.do} ${expected}`);
  }

  private count(what: string): void {
    this.tally[what] = (this.tally[what] ?? 0) + 1;
  }

  /** By the service, which knows no other time than now; the award gets the end that it would have today. */
  private async share({ customer: ref, offer }: Action & { do: 'share' }, today: string): Promise<void> {
    const { programme } = this;
    const { request } = requestOf(programme, ref, { offer, optional: true, declines: false, value: 'x' });
    const { id, award } = await programme.exchange.share(programme.call(request), request);
    if (award.status !== 'pending') return;
    const until = daysAfter(today, 60);
    await this.world.sql(`BEGIN; SET LOCAL session_replication_role = replica;
      UPDATE awards SET expires_on = '${until}' WHERE programme_id = '${programme.id}' AND id = '${parsePublicId('shr', id)}'; COMMIT`);
    this.queue.push({ customer: ref, points: OFFERS[offer].reward.points, until });
  }

  private async revoke(ref: string): Promise<void> {
    const { programme } = this;
    const scope = { everything: true } as const;
    const { consentsEnded } = await programme.revocations.revoke(programme.call({ ref, scope }), ref, scope);
    if (consentsEnded > 0) this.count('revoked');
  }

  /** What the worker does when it looks. */
  async work(at: Date, today: string): Promise<void> {
    const overdue = this.redemptions.filter(
      (id) => this.reference.release(id, at.getTime(), today, 'expire') === 'released',
    );
    agree(await expireHolds(this.database, this.programme.id, never, at), overdue.length);
    for (const _ of overdue) this.count('hold expired');
    const before = this.points();
    this.reference.expire(today);
    this.expired += before - this.points();
    if ((await expireLots(this.database, this.programme.id, never, at)) > 0) this.count('lots expired');
  }

  private points(): number {
    return [...this.reference.available.values()].reduce((sum, list) => sum + list.length, 0);
  }

  async expectAgreement(at: Date, today: string): Promise<void> {
    const balances = await this.database.inProgramme(this.programme.id, (tx) =>
      Promise.all(CUSTOMERS.map((ref) => balanceOf(tx, this.ids.get(ref)!, at))),
    );
    agree(
      balances,
      CUSTOMERS.map((ref) => this.expected(ref, today)),
    );
    const [booked] = await this.world.sql<{ expired: number }>(
      `SELECT coalesce(sum(balance), 0)::int AS expired FROM accounts WHERE programme_id = $1 AND kind = 'expired'`,
      [this.programme.id],
    );
    agree(booked, { expired: this.expired });
  }

  private expected(ref: string, today: string): Balance {
    const { spendable, held } = this.reference.summary(ref, today);
    const sum = (list: number[]): number => list.reduce((total, one) => total + one, 0);
    return {
      available: sum(Object.values(spendable)),
      pending: sum(this.queue.filter((one) => one.customer === ref).map((one) => one.points)),
      held,
      expiring: Object.entries(spendable)
        .filter(([on]) => on !== '9999-12-31')
        .sort()
        .map(([on, many]) => ({ points: many, on })),
    };
  }

  /** Nothing whose day is over is left when the worker was there. */
  async expectSwept(today: string): Promise<void> {
    const left = await this.world.sql(
      'SELECT id FROM lots WHERE programme_id = $1 AND expires_on < $2 AND (remaining > 0 OR NOT expired)',
      [this.programme.id, today],
    );
    agree(left, []);
  }
}

export function daysAfter(today: string, days: number): string {
  return new Date(Date.parse(`${today}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
