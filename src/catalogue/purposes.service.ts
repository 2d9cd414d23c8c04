import { Injectable } from '@nestjs/common';
import { In, MoreThan } from 'typeorm';
import type { EntityTx } from '../platform/database';
import { type Page, pageOf, type PageQuery } from '../platform/http/page.dto';
import { notFound } from '../platform/problem';
import { orKeyTaken, requireKey } from './keys';
import type { CreatePurposeDto, PurposeDto } from './purpose.dto';
import { PurposeEntity } from './purpose.entity';

const LEASE_SECONDS = 86_400;

@Injectable()
export class PurposesService {
  /** @throws 409 `key-taken`. */
  async create(tx: EntityTx, body: CreatePurposeDto): Promise<PurposeDto> {
    const purpose = tx.entities.create(PurposeEntity, {
      programmeId: tx.programmeId,
      key: body.key,
      title: body.title,
      description: body.description,
      dpv: body.dpv ?? null,
      thirdPartyAdvertising: body.thirdPartyAdvertising ?? false,
      leaseSeconds: body.leaseSeconds ?? LEASE_SECONDS,
      withdrawnAt: null,
    });
    await orKeyTaken('purposes_pk', 'purpose', tx.entities.insert(PurposeEntity, purpose));
    return toDto(purpose);
  }

  async list(tx: EntityTx, page: PageQuery): Promise<Page<PurposeDto>> {
    const rows = await tx.entities.find(PurposeEntity, {
      where: page.after === undefined ? {} : { key: MoreThan(page.after) },
      order: { key: 'ASC' },
      take: page.limit + 1,
    });
    return pageOf(rows, page.limit, toDto, (row) => row.key);
  }

  /** @throws 404. */
  async one(tx: EntityTx, key: string): Promise<PurposeDto> {
    const row = await tx.entities.findOneBy(PurposeEntity, { key: requireKey(key, 'purpose') });
    if (!row) throw notFound('purpose');
    return toDto(row);
  }

  /** Those of these keys that exist, also withdrawn ones, by key. */
  async byKey(tx: EntityTx, keys: string[]): Promise<Map<string, PurposeEntity>> {
    const rows = await tx.entities.findBy(PurposeEntity, { key: In(keys) });
    return new Map(rows.map((row) => [row.key, row]));
  }
}

function toDto(row: PurposeEntity): PurposeDto {
  return {
    key: row.key,
    title: row.title,
    description: row.description,
    ...(row.dpv !== null && { dpv: row.dpv }),
    thirdPartyAdvertising: row.thirdPartyAdvertising,
    leaseSeconds: row.leaseSeconds,
    ...(row.withdrawnAt && { withdrawnAt: row.withdrawnAt.toISOString() }),
    createdAt: row.createdAt.toISOString(),
  };
}
