/**
 * What a customer's points must come to, thought of in another way than the ledger does: each point by itself, with the
 * last day on which it can be spent. Nothing is added up, so nothing can be added up wrongly.
 */
export type Point = { until: string | null };

export interface ReferenceRedemption {
  customer: string;
  status: 'held' | 'captured' | 'released';
  heldUntil: number | null;
  /** Those it took, in the order in which it took them; what came back is gone from the end. */
  points: Point[];
}

const last = (point: Point): string => point.until ?? '9999-12-31';

export class ReferenceLedger {
  readonly available = new Map<string, Point[]>();
  readonly redemptions = new Map<string, ReferenceRedemption>();

  award(customer: string, points: number, until: string | null): void {
    this.pointsOf(customer).push(...Array.from({ length: points }, () => ({ until })));
  }

  redeem(id: string, customer: string, points: number, today: string, heldUntil: number | null): string {
    const usable = this.pointsOf(customer)
      .filter((point) => last(point) >= today)
      .sort((a, b) => (last(a) < last(b) ? -1 : Number(last(a) > last(b))));
    if (usable.length < points) return 'insufficient-points';
    const taken = usable.slice(0, points);
    const gone = new Set(taken);
    this.available.set(
      customer,
      this.pointsOf(customer).filter((point) => !gone.has(point)),
    );
    const status = heldUntil === null ? 'captured' : 'held';
    this.redemptions.set(id, { customer, status, heldUntil, points: taken });
    return status;
  }

  capture(id: string, now: number): string {
    const redemption = this.redemptions.get(id)!;
    if (redemption.status !== 'held' || now >= redemption.heldUntil!) return 'redemption-state';
    return (redemption.status = 'captured');
  }

  release(id: string, now: number, today: string, by: 'release' | 'expire'): string {
    const redemption = this.redemptions.get(id)!;
    const isOver = redemption.heldUntil !== null && now >= redemption.heldUntil;
    if (redemption.status !== 'held' || isOver !== (by === 'expire')) return 'redemption-state';
    this.comeBack(redemption, redemption.points.length, today);
    return (redemption.status = 'released');
  }

  refund(id: string, points: number | undefined, today: string): string {
    const redemption = this.redemptions.get(id)!;
    const wanted = points ?? redemption.points.length;
    const possible = redemption.status === 'captured' && wanted > 0 && wanted <= redemption.points.length;
    if (!possible) return 'redemption-state';
    this.comeBack(redemption, wanted, today);
    return 'captured';
  }

  /** The expiry of what is past its day. */
  expire(today: string): void {
    for (const [customer, points] of this.available) {
      this.available.set(
        customer,
        points.filter((point) => last(point) >= today),
      );
    }
  }

  /** How many points until when, and how many are held. */
  summary(customer: string, today: string): { spendable: Record<string, number>; held: number } {
    const spendable: Record<string, number> = {};
    for (const point of this.pointsOf(customer)) {
      if (last(point) >= today) spendable[last(point)] = (spendable[last(point)] ?? 0) + 1;
    }
    const held = [...this.redemptions.values()]
      .filter((one) => one.customer === customer && one.status === 'held')
      .reduce((sum, one) => sum + one.points.length, 0);
    return { spendable, held };
  }

  private pointsOf(customer: string): Point[] {
    const points = this.available.get(customer) ?? [];
    this.available.set(customer, points);
    return points;
  }

  private comeBack(redemption: ReferenceRedemption, points: number, today: string): void {
    const back = redemption.points.splice(redemption.points.length - points, points);
    const grace = new Date(Date.parse(`${today}T00:00:00Z`) + 30 * 86_400_000).toISOString().slice(0, 10);
    this.pointsOf(redemption.customer).push(...back.map((point) => (last(point) < today ? { until: grace } : point)));
  }
}
