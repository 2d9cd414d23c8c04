import { MigrationInterface, QueryRunner } from 'typeorm';
import { publishInvariants } from './hand-over';

/**
 * Access for those the data is about: what was shown to them is on record as what was released to others; and what their
 * browser says for them, the Global Privacy Control, is kept and keeps advertising by others away.
 */
export class ServeAccess1764000000018 implements MigrationInterface {
  name = 'ServeAccess1764000000018';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SIGNAL);
    await runner.query(EXPORTS);
    await runner.query(QUESTIONS);
    await runner.query(RELEASES);
    await publishInvariants(runner, VIEWS);
  }

  async down(): Promise<void> {
    throw new Error('Rights are not taken away again: restore a backup instead.');
  }
}

const SIGNAL = `
  -- When a call for the customer last said Sec-GPC: 1. Consents given until then allow no advertising by others; one that is
  -- given later, without the signal, is the customer's explicit word against it.
  -- gpc_in: the number of the transaction that wrote it, by which it is copied away with the journal of erasures.
  ALTER TABLE customers ADD COLUMN gpc_at timestamptz, ADD COLUMN gpc_in bigint;
  CREATE INDEX customers_gpc_in ON customers (programme_id, gpc_in, id) WHERE gpc_in IS NOT NULL;
  GRANT UPDATE (gpc_at, gpc_in) ON customers TO gegenwert_app;
  -- It only moves on.
  CREATE TRIGGER customers_gpc_moves_on BEFORE UPDATE OF gpc_at ON customers FOR EACH ROW
    WHEN (OLD.gpc_at IS NOT NULL AND (NEW.gpc_at >= OLD.gpc_at) IS NOT TRUE) EXECUTE FUNCTION refuse_change();
  -- Whether the share came with it; what it refused is in refused, and sealed with it.
  ALTER TABLE shares ADD COLUMN gpc boolean NOT NULL DEFAULT false;`;

const EXPORTS = `
  -- One row each time that a customer's values were shown to them, or to a storefront on their behalf: written, and
  -- committed, before anything is decrypted.
  CREATE TABLE exports (
    programme_id uuid NOT NULL,
    customer_id bigint NOT NULL,
    id uuid NOT NULL,
    asked_by text NOT NULL CONSTRAINT exports_asked_by_known CHECK (asked_by IN ('customer', 'storefront')),
    caller_id text NOT NULL,
    format text NOT NULL CONSTRAINT exports_format_known CHECK (format IN ('json', 'csv', 'zip', 'page')),
    attributes text[] NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT exports_pk PRIMARY KEY (programme_id, customer_id, id),
    CONSTRAINT exports_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers
  );
  CALL keep_tenants_apart('exports');
  CALL keep_forever('exports');
  GRANT SELECT, INSERT ON exports TO gegenwert_app;`;

const QUESTIONS = `
  -- How often a recipient has asked about a customer; releases of values do not pay for it.
  CREATE INDEX disclosures_questions ON disclosures (programme_id, customer_id, recipient_id, at) WHERE kind = 'predicate';
  -- What whoever counts the questions of a recipient about a customer holds until they commit.
  CREATE FUNCTION question_lock(programme uuid, recipient uuid, ref text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT hashtextextended('question ' || programme::text || recipient::text || ref, 0) $$;`;

const RELEASES = `
  -- Customers and registrations are never deleted, and a release names those that it has read in the same statement: asking for
  -- them again, row by row, was a third of its cost, and made all releases to a recipient lock the one row of its registration.
  -- A view looks instead.
  ALTER TABLE disclosures DROP CONSTRAINT disclosures_customer_fk, DROP CONSTRAINT disclosures_registered_fk;`;

const VIEWS: Record<string, string> = {
  // 5: a release is of a customer, to a recipient that is registered for its purpose.
  i05_release_of_somebody: `
    SELECT d.programme_id, 'released of nobody, or to one not registered' AS broken, d.id::text AS what
      FROM disclosures d
      LEFT JOIN customers m ON m.programme_id = d.programme_id AND m.id = d.customer_id
      LEFT JOIN recipient_purposes r ON r.programme_id = d.programme_id AND r.recipient_id = d.recipient_id AND r.purpose = d.purpose
     WHERE m.id IS NULL OR r.purpose IS NULL`,
  // 4: what the customer's browser said keeps advertising by others away, from then on and of that share.
  i04_signal_is_heeded: `
    SELECT d.programme_id, 'released for advertising by others after Sec-GPC: 1' AS broken, d.id::text AS what
      FROM customers m JOIN disclosures d ON d.programme_id = m.programme_id AND d.customer_id = m.id AND d.at > m.gpc_at
      JOIN purposes p ON p.programme_id = d.programme_id AND p.key = d.purpose AND p.third_party_advertising
      JOIN consents c ON c.programme_id = d.programme_id AND c.customer_id = d.customer_id AND c.id = ANY (d.consents)
     WHERE c.given_at <= m.gpc_at
    UNION ALL
    SELECT s.programme_id, 'consent to advertising by others in spite of Sec-GPC: 1', c.id::text
      FROM shares s JOIN consents c ON c.programme_id = s.programme_id AND c.customer_id = s.customer_id AND c.share_id = s.id
      JOIN purposes p ON p.programme_id = c.programme_id AND p.key = c.purpose AND p.third_party_advertising
     WHERE s.gpc`,
};
