import { Injectable } from '@nestjs/common';
import { CUSTOMER_REF } from '../access';
import { findCustomer, findUnmerged } from '../consents';
import { type Balance, balanceOfRef } from '../ledger';
import { Database, type Tx } from '../platform/database';
import { notFound } from '../platform/problem';
import type { EntryPage } from './entries.dto';
import { languageOf } from './language';
import type { LedgerPage, LocalePage } from './ledger.dto';
import { pageOfEntries } from './points-entries';
import { recipientsOf } from './recipients';
import type { CustomerRecipients } from './recipients.dto';
import { pageOfShares } from './shares-ledger';
import { pageOfUses } from './uses';
import type { UsePage, UsesQuery } from './uses.dto';

const NOTHING = { data: [], nextCursor: null };

/** Whose it is, and whether it is they who ask. */
export interface Whose {
  programmeId: string;
  customerRef: string;
  isCustomer: boolean;
}

/**
 * What a customer has, and what came of what they shared. One who has never shared has nothing, which is no error: a
 * storefront may ask before the first share. All of it @throws 404 for what can be no customerRef, 422 for a cursor that
 * is none of this customer's.
 */
@Injectable()
export class CustomerView {
  constructor(private readonly database: Database) {}

  /** In one round trip, the COMMIT with it. */
  async balance(programmeId: string, customerRef: string): Promise<Balance> {
    requireRef(customerRef);
    return this.database.inProgramme(programmeId, async (tx, commit) => {
      const read = Promise.all([balanceOfRef(tx, customerRef), findUnmerged(tx, customerRef)]);
      commit();
      return (await read)[0];
    });
  }

  entries({ programmeId, customerRef, isCustomer }: Whose, { locale, ...page }: LocalePage): Promise<EntryPage> {
    return this.read(programmeId, customerRef, NOTHING, async (tx, customerId) => {
      const reader = { language: await languageOf(tx, locale), isCustomer };
      return pageOfEntries(tx, customerId, { ...page, reader });
    });
  }

  ledger(programmeId: string, customerRef: string, { locale, ...page }: LocalePage): Promise<LedgerPage> {
    return this.read(programmeId, customerRef, NOTHING, async (tx, customerId) =>
      pageOfShares(tx, customerId, { ...page, language: await languageOf(tx, locale) }),
    );
  }

  /** Who may use what they shared, and who has. */
  recipients(programmeId: string, customerRef: string, locale?: string): Promise<CustomerRecipients> {
    return this.read(programmeId, customerRef, { data: [] }, async (tx, customerId) => ({
      data: await recipientsOf(tx, customerId, await languageOf(tx, locale)),
    }));
  }

  /** Who used what they shared, and when. */
  uses(programmeId: string, customerRef: string, { locale, ...page }: UsesQuery): Promise<UsePage> {
    return this.read(programmeId, customerRef, NOTHING, async (tx, customerId) =>
      pageOfUses(tx, customerId, { ...page, language: await languageOf(tx, locale) }),
    );
  }

  private async read<T>(
    programmeId: string,
    customerRef: string,
    nothing: T,
    work: (tx: Tx, customerId: string) => Promise<T>,
  ): Promise<T> {
    requireRef(customerRef);
    return this.database.inProgramme(programmeId, async (tx) => {
      const customerId = await findCustomer(tx, customerRef);
      return customerId === undefined ? nothing : work(tx, customerId);
    });
  }
}

function requireRef(customerRef: string): void {
  if (!CUSTOMER_REF.test(customerRef)) throw notFound('customer');
}
