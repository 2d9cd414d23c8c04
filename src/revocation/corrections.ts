import { Inject, Injectable } from '@nestjs/common';
import { AttributesService, valueValidator } from '../catalogue';
import { findCustomer, lockCustomers } from '../consents';
import { sha256 } from '../platform/crypto';
import { Database, type Statement } from '../platform/database';
import { KeyRing } from '../platform/key-ring';
import { BELL, type Bell } from '../platform/platform.module';
import { notFound, Problem } from '../platform/problem';
import { keepKeys, sealValue, storeValues } from '../vault';
import type { CorrectionAnswer } from './correction.dto';
import { announceCorrected } from './tell';

const COVERED: Statement = {
  name: 'find_covered_value',
  // Without a value where a restoration lost it: a later version had taken its place, and is not in the backup.
  text: `SELECT coalesce(v.version, '00000000-0000-0000-0000-000000000000') AS version, clock_timestamp() AS now
           FROM (SELECT) one LEFT JOIN vault_values v ON v.programme_id = $1 AND v.customer_id = $2 AND v.attribute = $3
          WHERE EXISTS (SELECT FROM consents WHERE programme_id = $1 AND customer_id = $2
             AND attribute = $3 AND status = 'active' AND until > statement_timestamp())`,
};
const TELL: Statement = {
  name: 'tell_corrected',
  text: `INSERT INTO value_events (programme_id, customer_id, event, attribute, version, replaced, ciphertext_hash, corrected_by, at)
           VALUES ($1, $2, 'corrected', $3, $4, $5, $6, $7, $8)`,
};

/** What is to be put right, and by whose word. */
export interface Correction {
  attribute: string;
  value: unknown;
  by: 'storefront' | 'customer';
}

/** Rectification (GDPR Art. 16): a new version under the same consents. It earns nothing and takes nothing back. */
@Injectable()
export class Corrections {
  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    private readonly attributes: AttributesService,
    @Inject(BELL) private readonly bell: Bell,
  ) {}

  /**
   * Replaces a customer's value; the former version and its key are destroyed by it, and an event says that it was.
   * @throws 404 when no active consent covers the attribute, 422 `value-invalid` with pointers below /value.
   */
  async correct(
    programmeId: string,
    customerRef: string,
    { attribute, value, by }: Correction,
  ): Promise<CorrectionAnswer> {
    await this.check(programmeId, attribute, value);
    const keys = await this.keyRing.of(programmeId);
    const [sealed] = await keepKeys(this.keyRing, programmeId, [
      sealValue(keys, { programmeId, customerRef, attribute }, value),
    ]);
    if (!sealed) throw new Error('A value was sealed, and is not there');
    const answer = await this.database.inProgramme(programmeId, async (tx) => {
      await lockCustomers(tx, [customerRef]);
      const customerId = await findCustomer(tx, customerRef);
      if (customerId === undefined) throw notFound('value');
      const [covered] = await tx.query<{ version: string; now: Date }>(COVERED, [programmeId, customerId, attribute]);
      if (!covered) throw notFound('value');
      const { version, ciphertext } = sealed;
      const event = [customerId, attribute, version, covered.version, sha256(ciphertext), by, covered.now];
      await Promise.all([
        storeValues(tx, [{ ...sealed, customerId }], covered.now),
        tx.query(TELL, [programmeId, ...event]),
        announceCorrected(tx, { customerId, customerRef, attribute, at: covered.now }),
      ]);
      return { attribute, correctedAt: covered.now.toISOString() };
    });
    this.bell.ring(programmeId);
    return answer;
  }

  private async check(programmeId: string, key: string, value: unknown): Promise<void> {
    const known = await this.database.withEntities(programmeId, (tx) => this.attributes.byKey(tx, [key]));
    const attribute = known.get(key);
    if (!attribute) throw notFound('value');
    const faults = valueValidator(attribute.schema)(value);
    if (faults.length === 0) return;
    throw new Problem(
      422,
      'value-invalid',
      'The value does not match its attribute’s schema',
      undefined,
      faults.map(({ pointer, message }) => ({ pointer: `/value${pointer}`, message })),
    );
  }
}
