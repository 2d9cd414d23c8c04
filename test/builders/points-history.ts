import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { reverse } from '../../src/awards/reversals';
import type { Database } from '../../src/platform/database';
import { newId } from '../../src/platform/ids';
import { Problem } from '../../src/platform/problem';
import { expireLots, postAwards } from '../../src/ledger';
import { commitSteps, type Step } from '../../src/redemption';

export type HistoryStep =
  | { do: 'award'; customer: number; points: number; validDays: number | undefined; promisedBefore: number }
  | { do: 'redeem'; customer: number; points: number; holdSeconds: number | undefined }
  | { do: 'capture' | 'release' | 'expire-hold'; redemption: number }
  | { do: 'refund'; redemption: number; points: number }
  | { do: 'reverse'; award: number; points: number }
  | { do: 'expire-lots' };

/** Writes what happens to points of customers of one programme at times that a test says, by the service's own code. */
export class PointsHistory {
  readonly redemptions: string[] = [];
  readonly awards: string[] = [];

  constructor(
    private readonly owner: Client,
    private readonly database: Database,
    readonly programmeId: string,
    /** References; each gets a row. */
    readonly customers: string[],
  ) {}

  async begin(): Promise<void> {
    for (const ref of this.customers) {
      await this.owner.query('INSERT INTO customers (programme_id, ref) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        this.programmeId,
        ref,
      ]);
    }
  }

  /** False where the step was refused, as by a balance that is too low; nothing happened then. */
  async take(step: HistoryStep, at: Date): Promise<boolean> {
    switch (step.do) {
      case 'award':
        return this.award(step, at);
      case 'redeem':
        return this.redeem(step, at);
      case 'reverse':
        return this.reverse(this.of(this.awards, step.award), step.points, at);
      case 'expire-lots':
        return (await expireLots(this.database, this.programmeId, () => false, at)) > 0;
      case 'refund':
        return this.step({ do: 'refund', id: this.of(this.redemptions, step.redemption), points: step.points }, at);
      default: {
        const does = step.do === 'expire-hold' ? 'expire' : step.do;
        return this.step({ do: does, id: this.of(this.redemptions, step.redemption) }, at);
      }
    }
  }

  private of(ids: string[], n: number): string {
    return ids[n % Math.max(1, ids.length)] ?? randomUUID();
  }

  private ref(n: number): string {
    return this.customers[n % this.customers.length] ?? '';
  }

  private async award(
    { customer, points, validDays, promisedBefore }: HistoryStep & { do: 'award' },
    at: Date,
  ): Promise<boolean> {
    const { owner, programmeId } = this;
    const id = newId();
    await owner.query(
      `INSERT INTO awards (programme_id, id, customer_id, kind, points, expires_on, reason, reference, promised_at)
         SELECT $1, $2, c.id, 'points', $4, ($5::timestamptz AT TIME ZONE p.time_zone)::date + $6::int, '=order', $7, $5
           FROM programmes p JOIN customers c ON c.programme_id = p.id AND c.ref = $3 WHERE p.id = $1`,
      [programmeId, id, this.ref(customer), points, new Date(at.getTime() - promisedBefore), validDays ?? null, id],
    );
    await owner.query(`INSERT INTO outbox (programme_id, topic, id) VALUES ($1, 'points', $2)`, [programmeId, id]);
    await postAwards(this.database, programmeId, 100);
    await this.asIfAt(id, at);
    this.awards.push(id);
    return true;
  }

  /** Awards are booked by the clock of their transaction: as if that had been another time. */
  private async asIfAt(transferId: string, at: Date): Promise<void> {
    await this.owner.query('BEGIN; SET LOCAL session_replication_role = replica');
    await this.owner.query('UPDATE transfers SET booked_at = $3 WHERE programme_id = $1 AND id = $2', [
      this.programmeId,
      transferId,
      at,
    ]);
    await this.owner.query('COMMIT');
  }

  private async redeem({ customer, points, holdSeconds }: HistoryStep & { do: 'redeem' }, at: Date): Promise<boolean> {
    const id = newId();
    const customerRef = this.ref(customer);
    const orderRef = '@order-1';
    if (!(await this.step({ do: 'redeem', id, customerRef, points, orderRef, holdSeconds, order: undefined }, at)))
      return false;
    this.redemptions.push(id);
    return true;
  }

  private async step(step: Step, at: Date): Promise<boolean> {
    const [outcome] = await this.database.inProgramme(this.programmeId, (tx, commit) =>
      commitSteps(tx, commit, [{ step, idempotency: undefined }], at),
    );
    return !(outcome instanceof Problem);
  }

  private async reverse(awardId: string, points: number, at: Date): Promise<boolean> {
    const staff = { callerId: randomUUID(), role: 'admin' as const };
    const request = { awardId, reason: 'error' as const, evidence: 'seen', points, staff, at };
    try {
      const { reversed } = await this.database.inProgramme(this.programmeId, (tx) => reverse(tx, request));
      return reversed > 0;
    } catch (error) {
      if (error instanceof Problem) return false;
      throw error;
    }
  }
}
