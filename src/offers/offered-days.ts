import type { Statement, Tx } from '../platform/database';
import { countOfSketch, emptySketch, mergeSketches } from '../platform/distinct-sketch';

const BEGIN_DAYS: Statement = {
  name: 'begin_offered_days',
  text: `INSERT INTO offered_days (programme_id, offer_id, day, sketch)
           SELECT $1, o.id, $3::date, $4 FROM unnest($2::uuid[]) AS o(id) ORDER BY o.id
         ON CONFLICT ON CONSTRAINT offered_days_pk DO NOTHING`,
};
const LOCK_DAYS: Statement = {
  name: 'lock_offered_days',
  text: `SELECT offer_id, sketch FROM offered_days WHERE programme_id = $1 AND offer_id = ANY ($2) AND day = $3::date
          ORDER BY offer_id FOR NO KEY UPDATE`,
};
const WRITE_DAYS: Statement = {
  name: 'write_offered_days',
  text: `UPDATE offered_days d SET sketch = n.sketch FROM unnest($2::uuid[], $4::bytea[]) AS n(offer_id, sketch)
          WHERE d.programme_id = $1 AND d.offer_id = n.offer_id AND d.day = $3::date`,
};
const TODAY: Statement = {
  name: 'today_of_programme',
  text: 'SELECT (now() AT TIME ZONE time_zone)::date::text AS today FROM programmes WHERE id = $1',
};
const SKETCHES: Statement = {
  name: 'offered_sketches',
  text: `SELECT sketch FROM offered_days WHERE programme_id = $1 AND offer_id = $2 AND day BETWEEN $3::date AND $4::date`,
};
const FORGET: Statement = {
  name: 'forget_offered_days',
  text: `DELETE FROM offered_days WHERE ctid = ANY (ARRAY(SELECT ctid FROM offered_days
           WHERE programme_id = $1 AND day < current_date - $3::int LIMIT $2)) RETURNING true`,
};

/** A year to compare with, and a month to do it in. */
export const OFFERED_KEPT_DAYS = 400;

/** A sketch of the customers that an offer was made to, by the offer's uuid. */
export type Sketches = Map<string, Buffer>;

/** Adds them to today's. */
export async function writeOffered(tx: Tx, noted: Sketches): Promise<void> {
  const ids = [...noted.keys()].sort();
  const [row] = await tx.query<{ today: string }>(TODAY, [tx.programmeId]);
  const day = row?.today;
  const [, known] = await Promise.all([
    tx.query(BEGIN_DAYS, [tx.programmeId, ids, day, emptySketch()]),
    // Under lock: what other processes have counted meanwhile stays.
    tx.query<{ offer_id: string; sketch: Buffer }>(LOCK_DAYS, [tx.programmeId, ids, day]),
  ]);
  const merged = known.map(({ offer_id: id, sketch }) => mergeSketches([sketch, noted.get(id) ?? emptySketch()]));
  await tx.query(WRITE_DAYS, [tx.programmeId, known.map((one) => one.offer_id), day, merged]);
}

/** To how many customers an offer was made on these days (both included, `2026-01-31`), whoever they were: an estimate. */
export async function countOffered(tx: Tx, offerId: string, from: string, to: string): Promise<number> {
  const rows = await tx.query<{ sketch: Buffer }>(SKETCHES, [tx.programmeId, offerId, from, to]);
  return countOfSketch(mergeSketches(rows.map(({ sketch }) => sketch)));
}

/** Forgets up to limit days of offers that are too old to be compared with. Answers how many: fewer than limit, and there are no more. */
export async function forgetOldOffered(tx: Tx, limit: number): Promise<number> {
  return (await tx.query(FORGET, [tx.programmeId, limit, OFFERED_KEPT_DAYS])).length;
}
