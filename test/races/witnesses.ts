/**
 * Makes the race of releases with revocations likely and its outcome visible: what is inserted into the slow tables waits before
 * its commit, and when a release committed and a revocation had its lock is written down by the database's clock.
 */
export const witnesses = (seconds: number, slow: string[]): string => `
  CREATE SCHEMA race;
  CREATE TABLE race.released (disclosure uuid, at timestamptz);
  CREATE TABLE race.revoking (revocation uuid, at timestamptz);
  CREATE FUNCTION race.release_commits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN INSERT INTO race.released VALUES (NEW.id, clock_timestamp()); RETURN NULL; END $$;
  CREATE FUNCTION race.revocation_begins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN INSERT INTO race.revoking VALUES (NEW.id, clock_timestamp()); RETURN NULL; END $$;
  CREATE FUNCTION race.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(${seconds}); RETURN NULL; END $$;
  GRANT USAGE ON SCHEMA race TO gegenwert_app;
  CREATE CONSTRAINT TRIGGER committing AFTER INSERT ON disclosures DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION race.release_commits();
  CREATE TRIGGER holds_the_lock AFTER INSERT ON revocations FOR EACH ROW EXECUTE FUNCTION race.revocation_begins();
  ${slow.map((table) => `CREATE TRIGGER slow AFTER INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION race.dawdle();`).join('\n  ')}`;

/** Releases that committed when a revocation of a consent they stand on had begun to write. */
export const RELEASED_TOO_LATE = `
  SELECT count(*)::int AS count FROM race.released l
    JOIN disclosures d ON d.id = l.disclosure
    JOIN consents c ON c.programme_id = d.programme_id AND c.customer_id = d.customer_id AND c.id = ANY (d.consents)
    JOIN race.revoking r ON r.revocation = c.revocation_id
   WHERE l.at > r.at`;
