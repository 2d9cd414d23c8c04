import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { EntityTx } from '../platform/database';
import { type Page, pageOf, type PageQuery } from '../platform/http/page.dto';
import { requireId } from '../platform/ids';
import { invalidField, notFound } from '../platform/problem';
import { OfferEntity } from './offer.entity';
import { toDto } from './offer-terms';
import { OfferVersionEntity, type PublishedAsk } from './offer-version.entity';
import { peopleOf } from './people';
import { Snapshots } from './snapshots';
import { differencesOf } from './terms-diff';
import type { OfferVersionDto, VersionStatus } from './version.dto';

/** How an offer came to be what it is. */
@Injectable()
export class Versions {
  constructor(private readonly snapshots: Snapshots) {}

  /** Newest first, each with what it has otherwise than the one before. @throws 404. */
  async list(tx: EntityTx, offerId: string, page: PageQuery): Promise<Page<OfferVersionDto>> {
    const id = requireId('off', offerId, 'offer');
    const after = page.after === undefined ? undefined : cursorOf(page.after);
    const offer = await tx.entities.findOneBy(OfferEntity, { id });
    if (!offer) throw notFound('offer');
    const rows = await tx.entities.find(OfferVersionEntity, {
      where: { offerId: id, ...(after !== undefined && { version: LessThan(after) }) },
      order: { version: 'DESC' },
      take: page.limit + 1,
    });
    const asks = new Map(
      await Promise.all(rows.map(async (row) => [row.version, await this.asksOf(tx, row)] as const)),
    );
    const personOf = await peopleOf(
      tx,
      rows.map(({ publishedBy }) => publishedBy),
    );
    const withAsks = (row: OfferVersionEntity): [OfferVersionEntity, PublishedAsk[]] => [
      row,
      asks.get(row.version) ?? [],
    ];
    // One row more than the page has: the one before its last.
    const toVersion = (row: OfferVersionEntity): OfferVersionDto => {
      const before = rows.find(({ version }) => version === row.version - 1);
      return {
        version: row.version,
        status: statusOf(row, offer),
        publishedAt: row.publishedAt?.toISOString() ?? null,
        publishedBy: personOf(row.publishedBy) ?? null,
        change: row.change,
        terms: toDto(row),
        changes: before ? differencesOf(withAsks(before), withAsks(row)) : [],
      };
    };
    return pageOf(rows, page.limit, toVersion, ({ version }) => String(version));
  }

  /** Fixed when it was published; of a draft, what would be fixed now. */
  private async asksOf(tx: EntityTx, row: OfferVersionEntity): Promise<PublishedAsk[]> {
    if (row.publishedAt !== null) return row.asks as PublishedAsk[];
    return (await this.snapshots.take(tx, row.asks)).asks;
  }
}

function cursorOf(after: string): number {
  if (!/^\d{1,9}$/.test(after)) throw invalidField('/after', 'after must be the nextCursor of the page before');
  return Number(after);
}

function statusOf({ version, publishedAt }: OfferVersionEntity, offer: OfferEntity): VersionStatus {
  if (publishedAt === null) return 'draft';
  return version === offer.publishedVersion ? 'in-force' : 'replaced';
}
