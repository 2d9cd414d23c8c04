import { Injectable } from '@nestjs/common';
import { valueValidator } from '../catalogue';
import { Database, type Statement, type Tx } from '../platform/database';
import { refusalOf } from './audience';
import type { PublishedAsk, ValueOfData } from './offer-version.entity';
import type { Ask, PublishedOffer, Reward, Texts } from './published-offer';

/** Versions kept in memory, in all programmes together. */
const KEPT = 10_000;

const LIVE_VERSIONS: Statement = {
  name: 'live_offer_versions',
  text: `SELECT o.id AS "offerId", v.version
           FROM offers o JOIN offer_versions v
             ON v.programme_id = o.programme_id AND v.offer_id = o.id AND v.version = o.published_version
          WHERE o.programme_id = $1 AND o.status = 'live'
            AND (v.starts_at IS NULL OR v.starts_at <= now()) AND (v.ends_at IS NULL OR v.ends_at > now())
          ORDER BY o.id`,
};
const LOAD_VERSIONS: Statement = {
  name: 'load_offer_versions',
  text: `SELECT v.*, o.key,
                (SELECT max(m.version) FROM offer_versions m WHERE m.programme_id = v.programme_id AND m.offer_id = v.offer_id
                    AND m.version <= v.version AND m.change = 'material') AS asks_again_since,
                (SELECT jsonb_object_agg(n.locale, jsonb_build_object('id', n.id, 'hash', n.hash, 'text', n.text))
                   FROM notices n
                  WHERE n.programme_id = v.programme_id AND n.offer_id = v.offer_id AND n.offer_version = v.version) AS notices
           FROM unnest($2::uuid[], $3::int[]) AS w(offer_id, version)
           JOIN offer_versions v ON v.programme_id = $1 AND v.offer_id = w.offer_id AND v.version = w.version
           JOIN offers o ON o.programme_id = v.programme_id AND o.id = v.offer_id
          WHERE v.published_at IS NOT NULL`,
};

interface VersionId {
  offerId: string;
  version: number;
}

interface VersionRow {
  offer_id: string;
  version: number;
  key: string;
  title: Texts;
  text: Texts;
  asks: PublishedAsk[];
  reward: Reward;
  asks_again_since: number | null;
  valid_days: number | null;
  starts_at: Date | null;
  ends_at: Date | null;
  budget: object | null;
  per_customer_times: number;
  per_customer_every_days: number;
  eligibility: string | null;
  minimum_age: Record<string, number> | null;
  regions: string[] | null;
  value_of_data: ValueOfData | null;
  notices: PublishedOffer['notices'];
}

/** Published versions, compiled and kept in memory: they never change. Which of them is in force is asked anew each time. */
@Injectable()
export class OfferBook {
  private readonly kept = new Map<string, PublishedOffer>();
  private readonly loading = new Map<string, Promise<PublishedOffer[]>>();

  constructor(private readonly database: Database) {}

  /** One published version, in force or not; undefined when this programme has none such. */
  async version(programmeId: string, offerId: string, version: number): Promise<PublishedOffer | undefined> {
    const name = nameOf(programmeId, { offerId, version });
    const known = this.kept.get(name);
    if (known) return known;
    // A rush on a fresh process asks the database once.
    const loading =
      this.loading.get(name) ??
      this.database
        .inProgramme(programmeId, (tx) => this.load(tx, [{ offerId, version }]))
        .finally(() => this.loading.delete(name));
    this.loading.set(name, loading);
    return (await loading)[0];
  }

  /** The versions that are in force and within their window now, oldest offer first. */
  async live(programmeId: string): Promise<PublishedOffer[]> {
    return this.database.inProgramme(programmeId, (tx) => this.liveIn(tx));
  }

  /** The same, in a transaction that is open already. */
  async liveIn(tx: Tx): Promise<PublishedOffer[]> {
    const wanted = await tx.query<VersionId>(LIVE_VERSIONS, [tx.programmeId]);
    const missing = wanted.filter((id) => !this.kept.has(nameOf(tx.programmeId, id)));
    const found = new Map((await this.load(tx, missing)).map((offer) => [offer.offerId, offer]));
    return wanted.flatMap((id) => found.get(id.offerId) ?? this.kept.get(nameOf(tx.programmeId, id)) ?? []);
  }

  private async load(tx: Tx, ids: VersionId[]): Promise<PublishedOffer[]> {
    if (ids.length === 0) return [];
    const rows = await tx.query<VersionRow>(LOAD_VERSIONS, [
      tx.programmeId,
      ids.map(({ offerId }) => offerId),
      ids.map(({ version }) => version),
    ]);
    return rows.map((row) => this.keep(tx.programmeId, toPublishedOffer(row)));
  }

  private keep(programmeId: string, offer: PublishedOffer): PublishedOffer {
    const [oldest] = this.kept.keys();
    if (this.kept.size >= KEPT && oldest !== undefined) this.kept.delete(oldest);
    this.kept.set(nameOf(programmeId, offer), offer);
    return offer;
  }
}

const nameOf = (programmeId: string, { offerId, version }: VersionId): string => `${programmeId} ${offerId} ${version}`;

function toPublishedOffer(row: VersionRow): PublishedOffer {
  return {
    offerId: row.offer_id,
    key: row.key,
    version: row.version,
    title: row.title,
    text: row.text,
    asks: row.asks.map(toAsk),
    reward: row.reward,
    asksAgainSince: row.asks_again_since ?? undefined,
    validDays: row.valid_days ?? undefined,
    startsAt: row.starts_at ?? undefined,
    endsAt: row.ends_at ?? undefined,
    budgeted: row.budget !== null,
    perCustomer: { times: row.per_customer_times, everyDays: row.per_customer_every_days },
    notices: row.notices,
    refusal: refusalOf({
      minimumAge: row.minimum_age,
      regions: row.regions,
      eligibility: row.eligibility,
      valuedUntil: row.value_of_data === null ? null : new Date(row.value_of_data.validUntil),
    }),
  };
}

function toAsk({ attribute, title, required, sensitivity, retentionDays, purposes, schema }: PublishedAsk): Ask {
  return {
    attribute,
    title,
    required,
    special: sensitivity === 'special',
    retentionDays,
    purposes,
    schema,
    validate: valueValidator(schema),
  };
}
