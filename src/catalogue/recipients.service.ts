import { Inject, Injectable } from '@nestjs/common';
import { In, MoreThan } from 'typeorm';
import type { Config } from '../platform/config';
import { randomFromPool, seal } from '../platform/crypto';
import type { EntityTx } from '../platform/database';
import { type Page, pageOf, type PageQuery } from '../platform/http/page.dto';
import { newId, toPublicId } from '../platform/ids';
import { KeyRing } from '../platform/key-ring';
import { CONFIG } from '../platform/platform.module';
import { invalidField, invalidRequest, notFound } from '../platform/problem';
import { orKeyTaken, requireKey } from './keys';
import { PurposesService } from './purposes.service';
import { lockGate } from './gate';
import { type PublicKeyDto, publicJwkOf } from './public-key';
import type { CreateRecipientDto, EditRecipientDto, RecipientDto } from './recipient.dto';
import { RecipientEntity, RecipientPurposeEntity } from './recipient.entity';
import { lockRecipients, settleSuspensions } from './suspensions';
import { faultOfWebhookUrl } from './webhook-url';

/** Unless something else is agreed. */
const DUE_HOURS = 72;

/** A recipient as a notice names it. */
export interface NamedRecipient {
  id: string;
  name: string;
}

/** What a recipient's wrapped webhook secret is authenticated with. */
export const aboutWebhookSecret = (recipientId: string): string => `webhook secret ${recipientId}`;

@Injectable()
export class RecipientsService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly keyRing: KeyRing,
    private readonly purposes: PurposesService,
  ) {}

  /**
   * Registers a recipient; the answer holds its id in SQL and its webhook secret (Standard Webhooks), which nobody can
   * read again.
   * @throws 422 with a pointer to a purpose that does not exist, the URL or the public key, 409 `key-taken`.
   */
  async create(
    tx: EntityTx,
    body: CreateRecipientDto,
  ): Promise<{ recipientId: string; recipient: RecipientDto; webhookSecret: string }> {
    this.checkWebhookUrl(body.webhookUrl);
    await this.checkPurposes(tx, body.purposes);
    const id = newId();
    const secret = randomFromPool(24);
    const { webhooks } = await this.keyRing.of(tx.programmeId);
    const row = tx.entities.create(RecipientEntity, {
      programmeId: tx.programmeId,
      id,
      key: body.key,
      name: body.name,
      webhookUrl: body.webhookUrl ?? null,
      wrappedWebhookSecret: seal(webhooks, secret, aboutWebhookSecret(id)),
      dueHours: body.dueHours ?? DUE_HOURS,
      suspendWhenOverdue: body.suspendWhenOverdue ?? false,
      publicJwk: body.publicKey ? publicJwkOf(body.publicKey, '/publicKey') : null,
      withdrawnAt: null,
    });
    await orKeyTaken('recipients_key_unique', 'recipient', tx.entities.insert(RecipientEntity, row));
    await tx.entities.insert(
      RecipientPurposeEntity,
      body.purposes.map((purpose) => ({ programmeId: tx.programmeId, recipientId: id, purpose })),
    );
    return {
      recipientId: id,
      recipient: toDto(row, body.purposes),
      webhookSecret: `whsec_${secret.toString('base64')}`,
    };
  }

  async list(tx: EntityTx, page: PageQuery): Promise<Page<RecipientDto>> {
    const rows = await tx.entities.find(RecipientEntity, {
      where: page.after === undefined ? {} : { key: MoreThan(page.after) },
      order: { key: 'ASC' },
      take: page.limit + 1,
    });
    const registered = await tx.entities.find(RecipientPurposeEntity, {
      where: { recipientId: In(rows.map((row) => row.id)) },
      order: { purpose: 'ASC' },
    });
    const purposesOf = ({ id }: RecipientEntity) =>
      registered.filter((row) => row.recipientId === id).map(({ purpose }) => purpose);
    return pageOf(
      rows,
      page.limit,
      (row) => toDto(row, purposesOf(row)),
      (row) => row.key,
    );
  }

  /** Changes what is agreed; whoever agrees to it or is let off is suspended or not from here on. @throws 404, 422. */
  async edit(tx: EntityTx, key: string, body: EditRecipientDto): Promise<RecipientDto> {
    // Before the row: a suspension may begin, and no release may be under way then.
    await lockGate(tx);
    const row = await this.byKey(tx, key);
    await lockRecipients(tx, [row.id]);
    const { dueHours, suspendWhenOverdue, publicKey } = body;
    const change = {
      ...(typeof dueHours === 'number' && { dueHours }),
      ...(typeof suspendWhenOverdue === 'boolean' && { suspendWhenOverdue }),
      ...(publicKey !== undefined && { publicJwk: publicKey && publicJwkOf(publicKey, '/publicKey') }),
    };
    if (Object.keys(change).length > 0) await this.change(tx, row.id, change);
    await settleSuspensions(tx, [row.id]);
    return this.one(tx, key);
  }

  /** A recipient's own new key. @throws 404 also under another one's name. */
  async replaceKey(tx: EntityTx, key: string, recipientId: string, publicKey: PublicKeyDto): Promise<RecipientDto> {
    const row = await this.byKey(tx, key);
    if (row.id !== recipientId) throw notFound('recipient');
    await this.change(tx, row.id, { publicJwk: publicJwkOf(publicKey, '') });
    return this.one(tx, key);
  }

  private async change(tx: EntityTx, id: string, change: Partial<RecipientEntity>): Promise<void> {
    await tx.entities.update(RecipientEntity, { programmeId: tx.programmeId, id }, change);
  }

  /** @throws 404. */
  private async byKey(tx: EntityTx, key: string): Promise<RecipientEntity> {
    const row = await tx.entities.findOneBy(RecipientEntity, { key: requireKey(key, 'recipient') });
    if (!row) throw notFound('recipient');
    return row;
  }

  /** @throws 404. */
  async one(tx: EntityTx, key: string): Promise<RecipientDto> {
    const row = await this.byKey(tx, key);
    const registered = await tx.entities.find(RecipientPurposeEntity, {
      where: { recipientId: row.id },
      order: { purpose: 'ASC' },
    });
    return toDto(
      row,
      registered.map(({ purpose }) => purpose),
    );
  }

  /** The recipients that may use values for each purpose, without withdrawn ones; in the order of their names. */
  async ofPurposes(tx: EntityTx, purposes: string[]): Promise<Map<string, NamedRecipient[]>> {
    const registered = await tx.entities.findBy(RecipientPurposeEntity, { purpose: In(purposes) });
    const rows = await tx.entities.find(RecipientEntity, {
      where: { id: In(registered.map((row) => row.recipientId)) },
      order: { name: 'ASC', id: 'ASC' },
    });
    const serving = rows.filter((row) => row.withdrawnAt === null);
    const isFor = new Set(registered.map((row) => `${row.recipientId} ${row.purpose}`));
    return new Map(
      purposes.map((purpose) => [
        purpose,
        serving.filter(({ id }) => isFor.has(`${id} ${purpose}`)).map(({ id, name }) => ({ id, name })),
      ]),
    );
  }

  private checkWebhookUrl(url: string | undefined): void {
    if (url === undefined) return;
    const fault = faultOfWebhookUrl(url, this.config.allowLoopbackWebhooks);
    if (fault !== undefined) throw invalidField('/webhookUrl', fault);
  }

  private async checkPurposes(tx: EntityTx, keys: string[]): Promise<void> {
    const known = await this.purposes.byKey(tx, keys);
    const faults = keys.flatMap((key, n) => {
      const purpose = known.get(key);
      if (purpose && purpose.withdrawnAt === null) return [];
      const message = purpose ? 'This purpose was withdrawn' : 'There is no such purpose';
      return [{ pointer: `/purposes/${n}`, message }];
    });
    if (faults.length > 0) throw invalidRequest(faults);
  }
}

function toDto(row: RecipientEntity, purposes: string[]): RecipientDto {
  return {
    id: toPublicId('rcp', row.id),
    key: row.key,
    name: row.name,
    purposes,
    ...(row.webhookUrl !== null && { webhookUrl: row.webhookUrl }),
    dueHours: row.dueHours,
    suspendWhenOverdue: row.suspendWhenOverdue,
    ...(row.publicJwk && { publicKey: row.publicJwk }),
    ...(row.withdrawnAt && { withdrawnAt: row.withdrawnAt.toISOString() }),
    createdAt: row.createdAt.toISOString(),
  };
}
