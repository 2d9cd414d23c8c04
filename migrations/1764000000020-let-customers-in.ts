import { MigrationInterface, QueryRunner } from 'typeorm';
import { handToLookup } from './hand-over';

/** Customers on their own page: links that let them in once, sessions that they end, and the shops' pages that may hold theirs. */
export class LetCustomersIn1764000000020 implements MigrationInterface {
  name = 'LetCustomersIn1764000000020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SESSIONS);
    await runner.query(ORIGINS);
    await runner.query(CONSOLE);
    await runner.query(
      handToLookup(
        'customer_sessions_usable(uuid[], uuid[], uuid[])',
        'programmes_embedded_by(text[])',
        'programme_by_slug(text)',
      ),
    );
  }

  async down(): Promise<void> {
    throw new Error('Sessions that were ended are not begun again: restore a backup instead.');
  }
}

const SESSIONS = `
  -- A link lets one customer in, once. Neither its code nor whose it is can be read here: the code's hash finds the row, and
  -- the code alone opens what is sealed.
  CREATE TABLE session_links (
    programme_id uuid NOT NULL,
    hash bytea NOT NULL,
    sealed bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT session_links_pk PRIMARY KEY (programme_id, hash)
  );
  CREATE INDEX session_links_by_end ON session_links (programme_id, expires_at);
  CALL keep_tenants_apart('session_links');
  GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON session_links TO gegenwert_app;

  -- Sessions that were ended before their time: remembered until then, since their tokens would still verify.
  CREATE TABLE ended_sessions (
    programme_id uuid NOT NULL,
    id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT ended_sessions_pk PRIMARY KEY (programme_id, id)
  );
  CREATE INDEX ended_sessions_by_end ON ended_sessions (programme_id, expires_at);
  CALL keep_tenants_apart('ended_sessions');
  CREATE POLICY lookup ON ended_sessions FOR SELECT TO gegenwert_lookup USING (true);
  GRANT SELECT, INSERT, DELETE ON ended_sessions TO gegenwert_app;
  GRANT SELECT ON ended_sessions TO gegenwert_lookup;

  -- Of these sessions those that go on: not ended, and the key that opened them may be used.
  CREATE FUNCTION customer_sessions_usable(programme_ids uuid[], key_ids uuid[], session_ids uuid[])
    RETURNS TABLE (session_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 4 AS $$
      SELECT wanted.session_id
        FROM unnest(programme_ids, key_ids, session_ids) AS wanted (programme_id, key_id, session_id)
        JOIN access_keys k ON k.programme_id = wanted.programme_id AND k.id = wanted.key_id
       WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
         AND NOT EXISTS (SELECT FROM ended_sessions e
                          WHERE e.programme_id = wanted.programme_id AND e.id = wanted.session_id)
    $$;`;

const ORIGINS = `
  -- Origins (RFC 6454) whose pages may hold the customer's page of this programme.
  CREATE TABLE embed_origins (
    programme_id uuid NOT NULL CONSTRAINT embed_origins_programme_fk REFERENCES programmes,
    origin text NOT NULL CONSTRAINT embed_origins_form CHECK (origin ~ '^https?://[^/?#@ ]+$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT embed_origins_pk PRIMARY KEY (programme_id, origin)
  );
  CREATE INDEX embed_origins_by_origin ON embed_origins (origin);
  CALL keep_tenants_apart('embed_origins');
  CREATE POLICY lookup ON embed_origins FOR SELECT TO gegenwert_lookup USING (true);
  GRANT SELECT, INSERT, DELETE ON embed_origins TO gegenwert_app;
  GRANT SELECT ON embed_origins TO gegenwert_lookup;

  CREATE FUNCTION programmes_embedded_by(origins text[]) RETURNS TABLE (origin text, programme_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 4 AS $$
      SELECT e.origin, e.programme_id FROM embed_origins e WHERE e.origin = ANY (origins)
    $$;`;

const CONSOLE = `
  -- Who signs in does not say yet whose staff they are, but by the programme's short name.
  CREATE FUNCTION programme_by_slug(wanted text) RETURNS TABLE (id uuid, name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 1 AS $$
      SELECT p.id, p.name FROM programmes p WHERE p.slug = wanted
    $$;`;
