import { Injectable } from '@nestjs/common';
import { Idempotency, type Call } from '../idempotency';
import { Database, type Statement, type Tx } from '../platform/database';
import { type Page, pageOf, type PageQuery } from '../platform/http/page.dto';
import { invalidField } from '../platform/problem';
import type { RateBody, RateView } from './rates.dto';

const LOCK: Statement = {
  name: 'lock_point_rates',
  text: `SELECT pg_advisory_xact_lock(hashtextextended('rates ' || $1, 0))`,
};
const ADD: Statement = {
  name: 'add_point_rate',
  text: `INSERT INTO point_rates (programme_id, version, points, amount_minor, currency, taxes, minimum_points, maximum_share_percent)
           VALUES ($1, (SELECT coalesce(max(version), 0) + 1 FROM point_rates WHERE programme_id = $1), $2, $3, $4, $5, $6, $7) RETURNING *`,
};
const LIST: Statement = {
  name: 'list_point_rates',
  text: `SELECT * FROM point_rates WHERE programme_id = $1 AND ($2::int IS NULL OR version < $2) ORDER BY version DESC LIMIT $3`,
};

interface RateRow {
  version: number;
  points: string;
  amount_minor: string;
  currency: string;
  taxes: 'net' | 'gross';
  minimum_points: string | null;
  maximum_share_percent: number | null;
  created_at: Date;
}

/** What points are worth: versions that never change, the newest in force. Without one they have no value in money. */
@Injectable()
export class PointRates {
  constructor(
    private readonly database: Database,
    private readonly idempotency: Idempotency,
  ) {}

  /** The next version, in force for what is redeemed from now on. */
  add(call: Call, rate: RateBody): Promise<RateView> {
    return this.idempotency.once(call, 201, (tx) => add(tx, rate));
  }

  /** Newest first. @throws 422 for what is no cursor. */
  async list(programmeId: string, { limit, after }: PageQuery): Promise<Page<RateView>> {
    if (after !== undefined && !/^[1-9]\d{0,8}$/.test(after)) {
      throw invalidField('/after', 'after is no cursor of this list');
    }
    const rows = await this.database.inProgramme(programmeId, (tx) =>
      tx.query<RateRow>(LIST, [programmeId, after ?? null, limit + 1]),
    );
    return pageOf(rows, limit, viewOf, ({ version }) => String(version));
  }
}

async function add(tx: Tx, rate: RateBody): Promise<RateView> {
  // Two who set one at once get versions after each other.
  await tx.query(LOCK, [tx.programmeId]);
  const { points, amountMinor, currency, taxes, minimumPoints = null, maximumSharePercent = null } = rate;
  const values = [tx.programmeId, points, amountMinor, currency, taxes, minimumPoints, maximumSharePercent];
  const [row] = await tx.query<RateRow>(ADD, values);
  if (!row) throw new Error('The rate was not added');
  return viewOf(row);
}

const viewOf = (row: RateRow): RateView => ({
  version: row.version,
  points: Number(row.points),
  amountMinor: Number(row.amount_minor),
  currency: row.currency,
  taxes: row.taxes,
  ...(row.minimum_points === null ? {} : { minimumPoints: Number(row.minimum_points) }),
  ...(row.maximum_share_percent === null ? {} : { maximumSharePercent: row.maximum_share_percent }),
  createdAt: row.created_at.toISOString(),
});
