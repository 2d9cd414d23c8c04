import { Inject, Injectable } from '@nestjs/common';
import { CUSTOMER_REF } from '../access';
import { findCustomer, lockCustomersShared } from '../consents';
import { Exchange } from '../exchange';
import { balanceOf } from '../ledger';
import { Database, type Tx } from '../platform/database';
import { KeyRing, type ProgrammeKeys } from '../platform/key-ring';
import type { Logger } from '../platform/logging';
import { LOGGER } from '../platform/platform.module';
import { notFound } from '../platform/problem';
import { fetchKeys, openValue } from '../vault';
import {
  type AskedBy,
  consentEventsOf,
  consentsOf,
  correctionsOf,
  disclosuresOf,
  exportsOf,
  heldValues,
  type HeldValue,
  pausesOf,
  privacySignalOf,
  recordExport,
} from './customer-record';
import type { EntryPage, EntryView } from './entries.dto';
import type { CustomerExport, ExportedDisclosure, ExportedShare, ExportedValue } from './export.dto';
import { languageOf } from './language';
import type { LedgerItem } from './ledger.dto';
import { pageOfEntries } from './points-entries';
import { pageOfShares } from './shares-ledger';

/** Rows read at a time: a bound on one statement and on what is in memory, not on the export. */
const AT_A_TIME = 500;
const SHARES_AT_A_TIME = 20;

/** Whose export, and who asks for it. */
export interface ExportOf extends AskedBy {
  programmeId: string;
  customerRef: string;
  locale: string | undefined;
}

/** What an export holds: what is bounded by what a customer can have shared, and in parts what grows with time. */
export interface ExportContents {
  head: Omit<CustomerExport, 'shares' | 'disclosures' | 'entries'>;
  /** In parts, each read when it is asked for; from the beginning each time. */
  shares(): AsyncIterable<ExportedShare[]>;
  disclosures(): AsyncIterable<ExportedDisclosure[]>;
  entries(): AsyncIterable<EntryView[]>;
}

/** Of one moment, still encrypted; and recorded, where there is a customer. */
interface Held {
  at: Date;
  customerId: string | undefined;
  head: Pick<
    CustomerExport,
    'balance' | 'consents' | 'history' | 'pauses' | 'corrections' | 'globalPrivacyControlAt' | 'exports'
  >;
  values: HeldValue[];
  shares: LedgerItem[];
  /** The newest; those after it never change. */
  entries: EntryPage;
}

/**
 * Everything that is held about a customer, for that customer (GDPR Art. 15 and 20).
 *
 * It shows the values themselves, in plain, without a disclosure. A decision, and the one exception to "by purpose only":
 * a disclosure records that a *recipient* got a value for a purpose (Art. 4(9)), and lets the customer follow and stop
 * that use. The person the data is about is no recipient, needs no purpose to see it, and may not be made to depend on a
 * consent for seeing it; nor is a shop that answers a customer's request, which often comes by mail or over the counter. What
 * keeps the exception narrow: no key of a recipient or member of staff gets here; each export is a row of its own, committed
 * before anything is decrypted, that says who asked and what was shown, and stands in every later export; it opens the values
 * of that customer only, which their reference, authenticated with the ciphertext, holds even against a wrong row; and a value
 * that no active consent covers any more is named, not opened: once "revoked" has been answered nobody decrypts it again.
 */
@Injectable()
export class CustomerExports {
  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    private readonly exchange: Exchange,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws 404 for what can be no customerRef. */
  async open(of: ExportOf): Promise<ExportContents> {
    const { programmeId, customerRef } = of;
    if (!CUSTOMER_REF.test(customerRef)) throw notFound('customer');
    const held = await this.database.inProgramme(programmeId, (tx) => collect(tx, of));
    const keys = await this.keyRing.of(programmeId);
    const values = await withKeys(this.keyRing, programmeId, held.values);
    return {
      head: {
        exportedAt: held.at.toISOString(),
        customerRef,
        ...held.head,
        values: values.map((value) => this.openOwn(keys, of, value)),
      },
      shares: () => this.shares(of, held),
      disclosures: () => this.disclosures(of, held),
      entries: () => this.entries(of, held),
    };
  }

  /** One that does not open keeps nobody from the rest of what is theirs. */
  private openOwn(keys: ProgrammeKeys, of: ExportOf, held: HeldValue): ExportedValue {
    const { sealed, title, storedAt, covered } = held;
    const told = { attribute: sealed.attribute, title, storedAt: storedAt.toISOString() };
    if (!covered) return { ...told, status: 'erasing' };
    try {
      return { ...told, status: 'stored', value: openValue(keys, of, sealed) };
    } catch (error) {
      this.logger.error({ error }, 'a value of an export does not open');
      return { ...told, status: 'unreadable' };
    }
  }

  /** With their receipts. */
  private async *shares({ programmeId, customerRef }: ExportOf, { shares }: Held): AsyncGenerator<ExportedShare[]> {
    for (let at = 0; at < shares.length; at += SHARES_AT_A_TIME) {
      const proven: ExportedShare[] = [];
      // One after the other: an export must not take the connections that shares need.
      for (const share of shares.slice(at, at + SHARES_AT_A_TIME)) {
        const { receipt } = await this.exchange.find(programmeId, share.shareId, customerRef);
        proven.push({ ...share, receipt });
      }
      yield proven;
    }
  }

  private async *disclosures(
    { programmeId }: ExportOf,
    { customerId, at: until }: Held,
  ): AsyncGenerator<ExportedDisclosure[]> {
    if (customerId === undefined) return;
    let after: string | undefined;
    do {
      const page = { until, after, limit: AT_A_TIME };
      const part = await this.database.inProgramme(programmeId, (tx) => disclosuresOf(tx, customerId, page));
      yield part;
      after = part.length < AT_A_TIME ? undefined : part.at(-1)?.id;
    } while (after !== undefined);
  }

  private async *entries(
    { programmeId, locale }: ExportOf,
    { customerId, entries }: Held,
  ): AsyncGenerator<EntryView[]> {
    yield entries.data;
    for (let after = entries.nextCursor; customerId !== undefined && after !== null;) {
      const from = after;
      const next = await this.database.inProgramme(programmeId, (tx) => entriesAfter(tx, customerId, locale, from));
      yield next.data;
      after = next.nextCursor;
    }
  }
}

async function collect(tx: Tx, { customerRef, locale, ...askedBy }: ExportOf): Promise<Held> {
  // Shares, consents and values of one moment: nothing is given, taken back or erased in between.
  await lockCustomersShared(tx, [customerRef]);
  const customerId = await findCustomer(tx, customerRef);
  if (customerId === undefined) return nothing();
  const language = await languageOf(tx, locale);
  const values = await heldValues(tx, customerId, language);
  const signal = await privacySignalOf(tx, customerId);
  const shown = values.filter(({ covered }) => covered).map(({ sealed }) => sealed.attribute);
  return {
    at: await recordExport(tx, customerId, shown, askedBy),
    customerId,
    head: {
      balance: await balanceOf(tx, customerId),
      consents: await consentsOf(tx, customerId),
      history: await consentEventsOf(tx, customerId),
      pauses: await pausesOf(tx, customerId),
      corrections: await correctionsOf(tx, customerId),
      ...(signal === undefined ? {} : { globalPrivacyControlAt: signal }),
      exports: await exportsOf(tx, customerId),
    },
    values,
    shares: await allShares((after) => pageOfShares(tx, customerId, { after, limit: AT_A_TIME, language })),
    entries: await entriesAfter(tx, customerId, locale),
  };
}

const nothing = (): Held => ({
  at: new Date(),
  customerId: undefined,
  head: {
    balance: { available: 0, pending: 0, held: 0, expiring: [] },
    consents: [],
    history: [],
    pauses: [],
    corrections: [],
    exports: [],
  },
  values: [],
  shares: [],
  entries: { data: [], nextCursor: null },
});

async function entriesAfter(
  tx: Tx,
  customerId: string,
  locale: string | undefined,
  after?: string,
): Promise<EntryPage> {
  const reader = { language: await languageOf(tx, locale), isCustomer: true };
  return pageOfEntries(tx, customerId, { after, limit: AT_A_TIME, reader });
}

async function allShares(
  page: (after?: string) => Promise<{ data: LedgerItem[]; nextCursor: string | null }>,
): Promise<LedgerItem[]> {
  const { data, nextCursor } = await page();
  for (let after = nextCursor; after !== null;) {
    const next = await page(after);
    data.push(...next.data);
    after = next.nextCursor;
  }
  return data;
}

/** With those keys that lie in another database. */
async function withKeys(keyRing: KeyRing, programmeId: string, held: HeldValue[]): Promise<HeldValue[]> {
  const sealed = held.map((value) => value.sealed);
  const keyed = await fetchKeys(keyRing, programmeId, sealed);
  return held.map((value, n) => ({ ...value, sealed: keyed[n]! }));
}
