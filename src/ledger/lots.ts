/** Points that expire together, as far as they are still there. */
export interface OpenLot {
  /** uuid */
  id: string;
  remaining: number;
  /** The last day on which they can be spent, YYYY-MM-DD; null: they do not expire. */
  expiresOn: string | null;
}

/** What one transfer took from one lot. */
export interface Take {
  /** Of the lot. */
  id: string;
  points: number;
  expiresOn: string | null;
}

/** Days that points get which come back after their lot's day. */
const GRACE_DAYS = 30;

type Lot = Pick<OpenLot, 'id' | 'expiresOn'>;

export const isPast = ({ expiresOn }: Pick<Lot, 'expiresOn'>, today: string): boolean =>
  expiresOn !== null && expiresOn < today;

/** First-expiring-first, those that do not expire last; then the older, as their ids tell. */
export function byExpiry(a: Lot, b: Lot): number {
  if (a.expiresOn !== b.expiresOn) {
    if (a.expiresOn === null) return 1;
    return b.expiresOn === null || a.expiresOn < b.expiresOn ? -1 : 1;
  }
  return a.id < b.id ? -1 : 1;
}

export function spendable(lots: OpenLot[], today: string): number {
  return lots.reduce((sum, lot) => (isPast(lot, today) ? sum : sum + lot.remaining), 0);
}

/** Which of lots (in their order) so many points are taken from; undefined when those whose day has not passed have fewer. */
export function pick(lots: Iterable<OpenLot>, points: number, today: string): Take[] | undefined {
  const takes: Take[] = [];
  let left = points;
  for (const lot of lots) {
    if (left === 0) break;
    if (lot.remaining === 0 || isPast(lot, today)) continue;
    const taken = Math.min(left, lot.remaining);
    takes.push({ id: lot.id, points: taken, expiresOn: lot.expiresOn });
    left -= taken;
  }
  return left === 0 ? takes : undefined;
}

/**
 * Which of what was taken comes back, when given of it came back before: what was taken last comes first, so that after a
 * part has come back the lots are as if only the rest had been taken. That order makes given enough to go on from.
 */
export function comingBack(takes: Take[], given: number, points: number): Take[] {
  const back: Take[] = [];
  let skip = given;
  let left = points;
  for (const take of takes.toReversed()) {
    const open = take.points - Math.min(skip, take.points);
    skip -= take.points - open;
    const part = Math.min(open, left);
    if (part > 0) back.push({ ...take, points: part });
    left -= part;
  }
  if (left > 0) throw new Error('More would come back than was taken');
  return back;
}

/** The last day of points that come back today after their lot's own. */
export function graceFrom(today: string): string {
  const day = new Date(`${today}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + GRACE_DAYS);
  return day.toISOString().slice(0, 10);
}
