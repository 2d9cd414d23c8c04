/**
 * The key store: the data key of each value, under the value's version, in a schema that knows nothing of the others. The same
 * beside the values and in a database of its own (`GEGENWERT_KEYS_DATABASE_URL`), so that it is written down once.
 *
 * A key that was destroyed leaves a tombstone, and a tombstone is not left: no UPDATE brings a key back, no INSERT takes its
 * place, and no row goes, whoever asks.
 */
export const KEY_STORE = `
  CREATE SCHEMA key_store;
  GRANT USAGE ON SCHEMA key_store TO gegenwert_app;

  CREATE TABLE key_store.data_keys (
    programme_id uuid NOT NULL,
    -- Version of the value that it opens.
    id uuid NOT NULL,
    wrapped_key bytea,
    destroyed_at timestamptz,
    CONSTRAINT data_keys_pk PRIMARY KEY (programme_id, id),
    CONSTRAINT data_keys_there_or_destroyed CHECK ((wrapped_key IS NULL) = (destroyed_at IS NOT NULL))
  );
  ALTER TABLE key_store.data_keys ENABLE ROW LEVEL SECURITY;
  ALTER TABLE key_store.data_keys FORCE ROW LEVEL SECURITY;
  CREATE POLICY one_programme ON key_store.data_keys TO gegenwert_app
    USING (programme_id = (SELECT current_setting('gegenwert.programme')::uuid));
  GRANT SELECT, INSERT, UPDATE (wrapped_key, destroyed_at) ON key_store.data_keys TO gegenwert_app;

  CREATE FUNCTION key_store.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'a destroyed key does not come back' USING ERRCODE = 'integrity_constraint_violation',
      CONSTRAINT = TG_TABLE_NAME || '_stay_destroyed';
  END $$;
  -- All that may become of a key is a tombstone. AFTER: before it, each row would be locked.
  CREATE TRIGGER data_keys_stay_destroyed AFTER UPDATE ON key_store.data_keys FOR EACH ROW
    WHEN (OLD.destroyed_at IS NOT NULL OR NEW.destroyed_at IS NULL
      OR NEW.id <> OLD.id OR NEW.programme_id <> OLD.programme_id) EXECUTE FUNCTION key_store.refuse_change();
  CREATE TRIGGER data_keys_stay BEFORE DELETE OR TRUNCATE ON key_store.data_keys
    FOR EACH STATEMENT EXECUTE FUNCTION key_store.refuse_change();`;
