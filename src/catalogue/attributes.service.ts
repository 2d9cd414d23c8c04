import { Injectable } from '@nestjs/common';
import { In, MoreThan, type QueryDeepPartialEntity } from 'typeorm';
import type { EntityTx } from '../platform/database';
import { type Page, pageOf, type PageQuery } from '../platform/http/page.dto';
import { invalidRequest, notFound } from '../platform/problem';
import { faultsOfSchema } from './attribute-schema';
import type { AttributeDto, CreateAttributeDto } from './attribute.dto';
import { AttributeEntity } from './attribute.entity';
import { orKeyTaken, requireKey } from './keys';

@Injectable()
export class AttributesService {
  /** @throws 422 with pointers below `/schema`, 409 `key-taken`. */
  async create(tx: EntityTx, body: CreateAttributeDto): Promise<AttributeDto> {
    const faults = faultsOfSchema(body.schema);
    if (faults.length > 0) {
      throw invalidRequest(faults.map(({ pointer, message }) => ({ pointer: `/schema${pointer}`, message })));
    }
    const attribute = tx.entities.create(AttributeEntity, {
      programmeId: tx.programmeId,
      ...body,
      description: body.description ?? null,
    });
    const row = attribute as QueryDeepPartialEntity<AttributeEntity>;
    await orKeyTaken('attributes_pk', 'attribute', tx.entities.insert(AttributeEntity, row));
    return toDto(attribute);
  }

  async list(tx: EntityTx, page: PageQuery): Promise<Page<AttributeDto>> {
    const rows = await tx.entities.find(AttributeEntity, {
      where: page.after === undefined ? {} : { key: MoreThan(page.after) },
      order: { key: 'ASC' },
      take: page.limit + 1,
    });
    return pageOf(rows, page.limit, toDto, (row) => row.key);
  }

  /** @throws 404. */
  async one(tx: EntityTx, key: string): Promise<AttributeDto> {
    const row = await tx.entities.findOneBy(AttributeEntity, { key: requireKey(key, 'attribute') });
    if (!row) throw notFound('attribute');
    return toDto(row);
  }

  /** Those of these keys that exist, by key. */
  async byKey(tx: EntityTx, keys: string[]): Promise<Map<string, AttributeEntity>> {
    const rows = await tx.entities.findBy(AttributeEntity, { key: In(keys) });
    return new Map(rows.map((row) => [row.key, row]));
  }
}

function toDto(row: AttributeEntity): AttributeDto {
  return {
    key: row.key,
    title: row.title,
    ...(row.description && { description: row.description }),
    schema: row.schema,
    sensitivity: row.sensitivity,
    retentionDays: row.retentionDays,
    createdAt: row.createdAt.toISOString(),
  };
}
