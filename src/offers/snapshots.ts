import { Injectable } from '@nestjs/common';
import {
  AttributesService,
  type NamedRecipient,
  type PurposeEntity,
  PurposesService,
  RecipientsService,
} from '../catalogue';
import type { EntityTx } from '../platform/database';
import type { Fault } from '../platform/problem';
import type { DraftAsk, PublishedAsk } from './offer-version.entity';

/** What a draft asks with the catalogue as it is now, and why that cannot be published; pointers into the draft. */
export interface Snapshot {
  asks: PublishedAsk[];
  faults: Fault[];
}

/** Fixes what drafts ask: whoever relies on it until the commit holds the programme's gate. */
@Injectable()
export class Snapshots {
  constructor(
    private readonly attributes: AttributesService,
    private readonly purposes: PurposesService,
    private readonly recipients: RecipientsService,
  ) {}

  /** Of asks whose attributes and purposes exist. */
  async take(tx: EntityTx, drafts: DraftAsk[]): Promise<Snapshot> {
    const keys = [...new Set(drafts.flatMap((ask) => ask.purposes.map(({ key }) => key)))];
    const attributes = await this.attributes.byKey(
      tx,
      drafts.map(({ attribute }) => attribute),
    );
    const purposes = await this.purposes.byKey(tx, keys);
    const recipients = await this.recipients.ofPurposes(tx, keys);
    const faults: Fault[] = [];
    const asks = drafts.map((ask, n) => {
      const attribute = attributes.get(ask.attribute);
      if (!attribute) throw new Error(`Attribute ${ask.attribute} was asked for and is gone`);
      const { title, schema, sensitivity, retentionDays } = attribute;
      const asked = ask.purposes.map((purpose) => askedPurpose(purpose, purposes, recipients));
      faults.push(...usersFaults(ask, n, purposes, recipients));
      return { ...ask, title, schema, sensitivity, retentionDays, purposes: asked };
    });
    return { asks, faults };
  }
}

function askedPurpose(
  { key, required }: DraftAsk['purposes'][number],
  purposes: Map<string, PurposeEntity>,
  recipients: Map<string, NamedRecipient[]>,
): PublishedAsk['purposes'][number] {
  const purpose = purposes.get(key);
  if (!purpose) throw new Error(`Purpose ${key} was asked for and is gone`);
  const { title, description, thirdPartyAdvertising } = purpose;
  return { key, required, title, description, thirdPartyAdvertising, recipients: recipients.get(key) ?? [] };
}

/** Data minimisation (GDPR Art. 5(1)(c)): what nobody could use is not asked for. */
function usersFaults(
  ask: DraftAsk,
  n: number,
  purposes: Map<string, PurposeEntity>,
  recipients: Map<string, NamedRecipient[]>,
): Fault[] {
  const withdrawn = ask.purposes.flatMap(({ key }, m) =>
    purposes.get(key)?.withdrawnAt
      ? [{ pointer: `/asks/${n}/purposes/${m}`, message: 'This purpose was withdrawn' }]
      : [],
  );
  const isOfUse = ask.purposes.some(({ key }) => (recipients.get(key) ?? []).length > 0);
  if (isOfUse) return withdrawn;
  const message = 'No recipient is registered for any of its purposes: what nobody could use is not asked for';
  return [...withdrawn, { pointer: `/asks/${n}/attribute`, message }];
}
