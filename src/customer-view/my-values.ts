import { Inject, Injectable } from '@nestjs/common';
import type { PrincipalOf } from '../access';
import { findCustomer, lockCustomersShared } from '../consents';
import type { Locale } from '../offers';
import { Database, type Statement, type Tx } from '../platform/database';
import { KeyRing, type ProgrammeKeys } from '../platform/key-ring';
import type { Logger } from '../platform/logging';
import { LOGGER } from '../platform/platform.module';
import { fetchKeys, openValue, type SealedValue } from '../vault';
import { recordExport } from './customer-record';
import { languageOf } from './language';
import type { MyValue } from './my-values.dto';

const VALUES: Statement = {
  name: 'values_of_customer',
  text: `SELECT v.attribute, a.title ->> $3 AS title, a.schema, v.version, v.ciphertext, d.wrapped_key AS "wrappedKey",
                v.stored_at AS "storedAt", k.until AS "keptUntil"
           FROM vault_values v JOIN attributes a ON a.programme_id = $1 AND a.key = v.attribute
           JOIN LATERAL (SELECT max(until) AS until FROM consents k WHERE k.programme_id = $1 AND k.customer_id = $2
                            AND k.attribute = v.attribute AND k.status = 'active' AND k.until > now()) k ON k.until IS NOT NULL
           LEFT JOIN key_store.data_keys d ON d.programme_id = $1 AND d.id = v.version
          WHERE v.programme_id = $1 AND v.customer_id = $2 ORDER BY v.attribute`,
};

interface Row {
  attribute: string;
  title: string;
  schema: object;
  version: string;
  ciphertext: Buffer;
  wrappedKey: Buffer | null;
  storedAt: Date;
  keptUntil: Date;
}

/**
 * A customer's own values, opened for them (GDPR Art. 15), as CustomerExports opens them and says why it may: each time is
 * recorded, and committed, before anything is decrypted; what no active consent covers is not there.
 */
@Injectable()
export class MyValuesReader {
  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async read(caller: PrincipalOf<'customer'>, locale: string | undefined): Promise<MyValue[]> {
    const { programmeId } = caller;
    const rows = await this.database.inProgramme(programmeId, async (tx) =>
      held(tx, caller, await languageOf(tx, locale)),
    );
    const keys = await this.keyRing.of(programmeId);
    const sealed = await fetchKeys(this.keyRing, programmeId, rows.map(sealedOf));
    return rows.flatMap(({ attribute, title, schema, storedAt, keptUntil }, n) => {
      const times = { storedAt: storedAt.toISOString(), keptUntil: keptUntil.toISOString() };
      return this.opened(keys, caller, sealed[n]!).map((value) => ({ attribute, title, schema, value, ...times }));
    });
  }

  /** None where it does not open, which keeps nobody from the rest; the export says so. */
  private opened(keys: ProgrammeKeys, caller: PrincipalOf<'customer'>, sealed: SealedValue): unknown[] {
    try {
      return [openValue(keys, caller, sealed)];
    } catch (error) {
      this.logger.error({ error }, 'a value of a customer does not open');
      return [];
    }
  }
}

async function held(tx: Tx, { customerRef, callerId }: PrincipalOf<'customer'>, language: Locale): Promise<Row[]> {
  // Nothing is taken back or erased between the look and the record of it.
  await lockCustomersShared(tx, [customerRef]);
  const customerId = await findCustomer(tx, customerRef);
  if (customerId === undefined) return [];
  const rows = await tx.query<Row>(VALUES, [tx.programmeId, customerId, language]);
  const shown = rows.map(({ attribute }) => attribute);
  if (rows.length > 0) await recordExport(tx, customerId, shown, { askedBy: 'customer', callerId, format: 'page' });
  return rows;
}

const sealedOf = ({ attribute, version, ciphertext, wrappedKey }: Row): SealedValue => ({
  attribute,
  version,
  ciphertext,
  wrappedKey: wrappedKey ?? undefined,
});
