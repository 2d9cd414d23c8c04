import { Injectable } from '@nestjs/common';
import type { PrincipalOf } from '../access';
import { findCustomer, lockCustomersShared } from '../consents';
import { Exchange } from '../exchange';
import { balanceOf } from '../ledger';
import { Database, type Tx } from '../platform/database';
import { KeyRing, type ProgrammeKeys } from '../platform/key-ring';
import { fetchKeys, openValue } from '../vault';
import { consentEventsOf, consentsOf, disclosuresOf, heldValues, type HeldValue } from './customer-record';
import { NO_POINTS } from './customer-view.service';
import type { CustomerExport, ExportedShare, ExportedValue } from './export.dto';
import { languageOf } from './language';
import type { LedgerItem } from './ledger.dto';
import { pageOfEntries } from './points-entries';
import { pageOfShares } from './shares-ledger';

/** Rows read at a time: a bound on one statement, not on the export. */
const AT_A_TIME = 500;

type Held = Omit<CustomerExport, 'exportedAt' | 'customerRef' | 'shares' | 'values'> & {
  shares: LedgerItem[];
  values: HeldValue[];
};

const NOTHING: Held = {
  balance: NO_POINTS,
  shares: [],
  values: [],
  consents: [],
  history: [],
  disclosures: [],
  entries: [],
};

/**
 * Everything that is held about a customer, for that customer (GDPR Art. 15 and 20).
 *
 * It shows the values themselves, in plain, without a disclosure. A decision, and the one exception to "by purpose only":
 * a disclosure records that a *recipient* got a value for a purpose (Art. 4(9)), and lets the customer follow and stop
 * that use. The person the data is about is no recipient, needs no purpose to see it, and may not be made to depend on a
 * consent for seeing it. What keeps the exception narrow: it takes the principal `customer`, so no key of a storefront,
 * recipient or member of staff gets here; it opens the values of that customer only, which their reference, authenticated
 * with the ciphertext, holds even against a wrong row; and a value that no active consent covers any more is named, not
 * opened: once "revoked" has been answered nobody decrypts it again.
 */
@Injectable()
export class CustomerExports {
  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    private readonly exchange: Exchange,
  ) {}

  async export(caller: PrincipalOf<'customer'>, locale?: string): Promise<CustomerExport> {
    const { programmeId, customerRef } = caller;
    const held = await this.database.inProgramme(programmeId, (tx) => collect(tx, customerRef, locale));
    const keys = await this.keyRing.of(programmeId);
    const values = await withKeys(this.keyRing, programmeId, held.values);
    return {
      exportedAt: new Date().toISOString(),
      customerRef,
      ...held,
      values: values.map((value) => openOwn(keys, caller, value)),
      shares: await this.withReceipts(caller, held.shares),
    };
  }

  private async withReceipts(caller: PrincipalOf<'customer'>, shares: LedgerItem[]): Promise<ExportedShare[]> {
    const proven: ExportedShare[] = [];
    // One after the other: an export must not take the connections that shares need.
    for (const share of shares) {
      const { receipt } = await this.exchange.find(caller.programmeId, share.shareId, caller.customerRef);
      proven.push({ ...share, receipt });
    }
    return proven;
  }
}

async function collect(tx: Tx, customerRef: string, locale: string | undefined): Promise<Held> {
  // Shares, consents and values of one moment: nothing is given, taken back or erased in between.
  await lockCustomersShared(tx, [customerRef]);
  const customerId = await findCustomer(tx, customerRef);
  if (customerId === undefined) return NOTHING;
  const language = await languageOf(tx, locale);
  return {
    balance: await balanceOf(tx, customerId),
    values: await heldValues(tx, customerId, language),
    shares: await all((after) => pageOfShares(tx, customerId, { after, limit: AT_A_TIME, language })),
    consents: await consentsOf(tx, customerId),
    history: await consentEventsOf(tx, customerId),
    disclosures: await disclosuresOf(tx, customerId),
    entries: await all((after) =>
      pageOfEntries(tx, customerId, { after, limit: AT_A_TIME, reader: { language, isCustomer: true } }),
    ),
  };
}

async function all<T>(page: (after?: string) => Promise<{ data: T[]; nextCursor: string | null }>): Promise<T[]> {
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

function openOwn(keys: ProgrammeKeys, caller: PrincipalOf<'customer'>, held: HeldValue): ExportedValue {
  const { sealed, title, storedAt, covered } = held;
  const told = { attribute: sealed.attribute, title, storedAt: storedAt.toISOString() };
  return covered
    ? { ...told, status: 'stored', value: openValue(keys, caller, sealed) }
    : { ...told, status: 'erasing' };
}
