import { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who changed what: every change of the configuration is on record, written by the database itself in the transaction that makes
 * it, with who acts in that transaction as `gegenwert.caller` says; where it says nothing, it is the service itself.
 */
export class RecordChanges1764000000023 implements MigrationInterface {
  name = 'RecordChanges1764000000023';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CHANGES);
    await runner.query(RECORDING);
    for (const [table, { type, id, key, columns }] of Object.entries(RECORDED)) {
      await runner.query('CALL record_changes($1::regclass, $2, $3, $4, $5)', [table, type, id, key, columns]);
    }
    await runner.query(JOBS);
  }

  async down(): Promise<void> {
    throw new Error('What is on record stays there: restore a backup instead.');
  }
}

const CHANGES = `
  CREATE TABLE staff_changes (
    programme_id uuid NOT NULL CONSTRAINT staff_changes_programme_fk REFERENCES programmes,
    sequence bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL DEFAULT new_id(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- By whom: a kind of caller, or system, which is the service itself. The uuid of their key, or of an issuer's subject, then with
    -- the name that the token had; the role that they acted in.
    by_kind text NOT NULL CONSTRAINT staff_changes_by_known
      CHECK (by_kind IN ('staff', 'storefront', 'recipient', 'customer', 'operator', 'system')),
    by_id uuid,
    by_role text CONSTRAINT staff_changes_role_known CHECK (by_role IN ('marketing', 'dpo', 'admin')),
    by_name text,
    action text NOT NULL CONSTRAINT staff_changes_action_known CHECK (action IN ('created', 'changed', 'removed')),
    -- What of: by its uuid, or by its key, or both; of what belongs to an offer or a recipient, the uuid is theirs.
    object_type text NOT NULL,
    object_id uuid,
    object_key text,
    -- A list of {field, before, after}.
    changes jsonb NOT NULL,
    CONSTRAINT staff_changes_pk PRIMARY KEY (programme_id, sequence),
    CONSTRAINT staff_changes_id_unique UNIQUE (programme_id, id),
    CONSTRAINT staff_changes_of_something CHECK (num_nonnulls(object_id, object_key) > 0),
    CONSTRAINT staff_changes_role_of_staff CHECK ((by_kind = 'staff') = (by_role IS NOT NULL))
  );
  CREATE INDEX staff_changes_by_caller ON staff_changes (programme_id, by_id, sequence);
  CREATE INDEX staff_changes_of_id ON staff_changes (programme_id, object_id, sequence);
  CREATE INDEX staff_changes_of_type ON staff_changes (programme_id, object_type, sequence);
  CREATE INDEX staff_changes_of_key ON staff_changes (programme_id, object_type, object_key, sequence);
  CALL keep_tenants_apart('staff_changes');
  CALL keep_forever('staff_changes');
  GRANT SELECT, INSERT ON staff_changes TO gegenwert_app;`;

const RECORDING = `
  -- Of a row: type, column of the uuid ('' for none), columns of the key, separated by commas, and the columns that are recorded.
  -- Those alone: a column that nobody has named here, as each that holds a secret, is never looked at. Of a URL, without its
  -- query, which may hold the secret of whom it leads to.
  CREATE FUNCTION record_change() RETURNS trigger LANGUAGE plpgsql SET timezone = 'UTC' AS $$
  DECLARE
    before CONSTANT jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) ELSE '{}' END;
    after CONSTANT jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) ELSE '{}' END;
    this CONSTANT jsonb := CASE TG_OP WHEN 'DELETE' THEN before ELSE after END;
    caller CONSTANT jsonb := nullif(current_setting('gegenwert.caller', true), '')::jsonb;
    by_kind CONSTANT text := coalesce(caller ->> 'kind', 'system');
    changed jsonb;
  BEGIN
    SELECT jsonb_agg(jsonb_build_object('field', c.name, 'before', c.was, 'after', c.becomes) ORDER BY c.place) INTO changed FROM (
      SELECT place, name, CASE WHEN name LIKE '%url' THEN to_jsonb(regexp_replace(before ->> name, '[?#].*$', '?…')) ELSE before -> name END AS was,
             CASE WHEN name LIKE '%url' THEN to_jsonb(regexp_replace(after ->> name, '[?#].*$', '?…')) ELSE after -> name END AS becomes
        FROM unnest(string_to_array(TG_ARGV[3], ',')) WITH ORDINALITY AS column_of(name, place)
       WHERE (before ->> name) IS DISTINCT FROM (after ->> name)) c;
    IF changed IS NULL AND TG_OP = 'UPDATE' THEN RETURN NULL; END IF;
    INSERT INTO staff_changes (programme_id, by_kind, by_id, by_role, by_name, action, object_type, object_id, object_key, changes)
      VALUES ((this ->> CASE TG_TABLE_NAME WHEN 'programmes' THEN 'id' ELSE 'programme_id' END)::uuid,
        by_kind, CASE WHEN by_kind <> 'customer' THEN (caller ->> 'id')::uuid END, caller ->> 'role', caller ->> 'name',
        CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END,
        TG_ARGV[0], CASE WHEN TG_ARGV[1] <> '' THEN (this ->> TG_ARGV[1])::uuid END,
        (SELECT string_agg(this ->> name, '/' ORDER BY place) FROM unnest(string_to_array(TG_ARGV[2], ',')) WITH ORDINALITY AS k(name, place)),
        coalesce(changed, '[]'));
    RETURN NULL;
  END $$;

  -- From here on changes of these columns are recorded, and rows that come and go. What else is written to the table, as the worker
  -- does while it works, costs nothing more. By its name the trigger comes before those that go on to write other tables.
  CREATE PROCEDURE record_changes(tab regclass, type text, id_column text, key_columns text, columns text) LANGUAGE plpgsql AS $$
  BEGIN
    EXECUTE format('CREATE TRIGGER change_recorded AFTER INSERT OR DELETE OR UPDATE OF %s ON %s
      FOR EACH ROW EXECUTE FUNCTION record_change(%L, %L, %L, %L)', columns, tab, type, id_column, key_columns, columns);
  END $$;`;

interface Recorded {
  type: string;
  id: string;
  key: string;
  columns: string;
}

const TERMS =
  'title,text,asks,reward,valid_days,starts_at,ends_at,budget,per_customer_times,per_customer_every_days,eligibility,minimum_age,regions,value_of_data';

/** Without hashes of keys, and without what is wrapped: never a secret. */
const RECORDED: Record<string, Recorded> = {
  programmes: {
    type: 'programme',
    id: 'id',
    key: 'slug',
    columns: 'slug,name,locale,time_zone,requires_approval,ended_at',
  },
  attributes: {
    type: 'attribute',
    id: '',
    key: 'key',
    columns: 'title,description,schema,sensitivity,retention_days',
  },
  purposes: {
    type: 'purpose',
    id: '',
    key: 'key',
    columns: 'title,description,dpv,third_party_advertising,lease_seconds,withdrawn_at',
  },
  recipients: {
    type: 'recipient',
    id: 'id',
    key: 'key',
    columns: 'name,webhook_url,due_hours,suspend_when_overdue,public_jwk,withdrawn_at',
  },
  recipient_purposes: { type: 'registration', id: 'recipient_id', key: 'purpose', columns: 'purpose' },
  suspensions: { type: 'suspension', id: 'recipient_id', key: '', columns: 'started_at,ended_at' },
  offers: { type: 'offer', id: 'id', key: 'key', columns: 'status,published_version' },
  offer_versions: {
    type: 'offer-version',
    id: 'offer_id',
    key: 'version',
    columns: `${TERMS},published_at,change`,
  },
  offer_submissions: {
    type: 'submission',
    id: 'offer_id',
    key: 'version',
    columns: 'revision,approved_at',
  },
  notices: { type: 'notice', id: 'offer_id', key: 'offer_version,locale', columns: 'text' },
  notice_graces: { type: 'grace', id: 'offer_id', key: 'version', columns: 'until' },
  access_keys: {
    type: 'key',
    id: 'id',
    key: '',
    columns: 'kind,role,recipient_id,mode,name,first_id,expires_at,revoked_at',
  },
  token_issuers: {
    type: 'issuer',
    id: 'id',
    key: '',
    columns: 'issuer,audience,subjects,subject_claim,role_claim,client_id',
  },
  embed_origins: { type: 'embed-origin', id: '', key: 'origin', columns: 'origin' },
  // That its secret was replaced shows in until when the one before still signs.
  webhook_endpoints: {
    type: 'webhook',
    id: 'id',
    key: '',
    columns: 'recipient_id,url,events,former_untils,disabled_at,disabled_because',
  },
  point_rates: {
    type: 'point-rate',
    id: '',
    key: 'version',
    columns: 'points,amount_minor,currency,taxes,minimum_points,maximum_share_percent',
  },
};

const JOBS = `
  -- What staff begin for many, and whoever stops long work. What a customer asks for is theirs, and how it goes on is the worker's.
  CREATE TRIGGER change_recorded AFTER INSERT ON jobs FOR EACH ROW WHEN (NEW.kind <> 'customer-erasure')
    EXECUTE FUNCTION record_change('job', 'id', '', 'kind,target,status');
  CREATE TRIGGER change_of_status_recorded AFTER UPDATE OF status ON jobs FOR EACH ROW WHEN (NEW.status = 'cancelled')
    EXECUTE FUNCTION record_change('job', 'id', '', 'kind,target,status');`;
