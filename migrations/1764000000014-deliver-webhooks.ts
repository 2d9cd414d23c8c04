import { MigrationInterface, QueryRunner } from 'typeorm';
import { handToLookup, publishInvariants } from './hand-over';

/**
 * What happens is told to who asked to be told: a row for each event and endpoint, written in the transaction that makes the
 * event, and delivered by the worker until it arrives or there is no more sense in trying.
 */
export class DeliverWebhooks1764000000014 implements MigrationInterface {
  name = 'DeliverWebhooks1764000000014';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(IDS);
    await runner.query(ENDPOINTS);
    await runner.query(DELIVERIES);
    await runner.query(RECIPIENTS);
    await runner.query(SHARES);
    await runner.query(LOOKUP);
    await publishInvariants(runner, { i11_told_by_webhook: TOLD_BY_WEBHOOK });
  }

  async down(): Promise<void> {
    throw new Error('What was told is not untold: restore a backup instead.');
  }
}

const IDS = `
  -- A UUIDv7 (RFC 9562), as newId() makes them: its first 48 bits are the time in milliseconds, the rest is random.
  CREATE FUNCTION new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
      PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
  $$;`;

const ENDPOINTS = `
  -- Where a recipient is told, or, without one, where the programme's own systems are.
  CREATE TABLE webhook_endpoints (
    programme_id uuid NOT NULL CONSTRAINT webhook_endpoints_programme_fk REFERENCES programmes,
    id uuid NOT NULL,
    recipient_id uuid,
    url text NOT NULL CONSTRAINT webhook_endpoints_url_length CHECK (length(url) BETWEEN 1 AND 2000),
    events text[] NOT NULL CONSTRAINT webhook_endpoints_of_something CHECK (cardinality(events) > 0),
    wrapped_secret bytea NOT NULL,
    -- Those before each rotation, and until when each of them signs as well.
    former_wrapped_secrets bytea[],
    former_untils timestamptz[],
    disabled_at timestamptz,
    disabled_because text CONSTRAINT webhook_endpoints_because_known CHECK (disabled_because IN ('gone', 'staff')),
    -- The number of the last delivery that was taken up.
    last_sequence bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhook_endpoints_pk PRIMARY KEY (programme_id, id),
    CONSTRAINT webhook_endpoints_one_a_recipient UNIQUE (programme_id, recipient_id),
    CONSTRAINT webhook_endpoints_recipient_fk FOREIGN KEY (programme_id, recipient_id) REFERENCES recipients,
    CONSTRAINT webhook_endpoints_former_until CHECK (cardinality(former_wrapped_secrets) IS NOT DISTINCT FROM cardinality(former_untils)),
    CONSTRAINT webhook_endpoints_disabled_because CHECK ((disabled_at IS NULL) = (disabled_because IS NULL))
  ) WITH (fillfactor = 50);
  CALL keep_tenants_apart('webhook_endpoints');
  CREATE POLICY lookup ON webhook_endpoints FOR SELECT TO gegenwert_lookup USING (true);
  GRANT SELECT, INSERT, DELETE, UPDATE (url, events, wrapped_secret, former_wrapped_secrets, former_untils, disabled_at,
    disabled_because, last_sequence) ON webhook_endpoints TO gegenwert_app;
  GRANT SELECT (programme_id, id, disabled_at) ON webhook_endpoints TO gegenwert_lookup;`;

const DELIVERIES = `
  -- One event for one endpoint. ids are those that the body names, each with the prefix of its public form; data the rest.
  CREATE TABLE webhook_deliveries (
    programme_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    ids jsonb NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The order of writing, by which the endpoint's own numbers are given when deliveries are taken up for the first time.
    position bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    sequence bigint,
    status text NOT NULL DEFAULT 'pending'
      CONSTRAINT webhook_deliveries_status_known CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    -- Of the attempts those since the delivery was last asked for, and until when it is tried.
    tries integer NOT NULL DEFAULT 0,
    give_up_at timestamptz NOT NULL,
    -- When it is due. A worker that takes it up moves this ahead, so that nobody else does while that worker lives.
    next_attempt_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT webhook_deliveries_pk PRIMARY KEY (programme_id, id),
    CONSTRAINT webhook_deliveries_once UNIQUE (programme_id, endpoint_id, event_id),
    CONSTRAINT webhook_deliveries_endpoint_fk FOREIGN KEY (programme_id, endpoint_id) REFERENCES webhook_endpoints ON DELETE CASCADE,
    CONSTRAINT webhook_deliveries_ended CHECK ((status = 'pending') = (ended_at IS NULL)),
    CONSTRAINT webhook_deliveries_numbered CHECK (attempts = 0 OR sequence IS NOT NULL)
  ) WITH (fillfactor = 80);
  CREATE INDEX webhook_deliveries_due ON webhook_deliveries (programme_id, endpoint_id, next_attempt_at, position)
    WHERE status = 'pending';
  CREATE INDEX webhook_deliveries_old ON webhook_deliveries USING brin (created_at) WITH (pages_per_range = 16, autosummarize = on);
  CALL keep_tenants_apart('webhook_deliveries');
  CREATE POLICY lookup ON webhook_deliveries FOR SELECT TO gegenwert_lookup USING (true);
  GRANT SELECT, INSERT, DELETE, UPDATE (sequence, status, attempts, tries, give_up_at, next_attempt_at, ended_at)
    ON webhook_deliveries TO gegenwert_app;
  GRANT SELECT (programme_id, endpoint_id, status, next_attempt_at) ON webhook_deliveries TO gegenwert_lookup;

  -- What came of each attempt: the status that was answered, or why there was none. Never what else was answered.
  CREATE TABLE webhook_attempts (
    programme_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    took_ms integer NOT NULL,
    status integer,
    fault text CONSTRAINT webhook_attempts_fault_known CHECK (fault IN ('address-refused', 'timed-out', 'no-answer')),
    CONSTRAINT webhook_attempts_pk PRIMARY KEY (programme_id, delivery_id, number),
    CONSTRAINT webhook_attempts_delivery_fk FOREIGN KEY (programme_id, delivery_id) REFERENCES webhook_deliveries ON DELETE CASCADE,
    CONSTRAINT webhook_attempts_status_or_fault CHECK ((status IS NULL) <> (fault IS NULL))
  );
  CALL keep_tenants_apart('webhook_attempts');
  GRANT SELECT, INSERT ON webhook_attempts TO gegenwert_app;`;

const RECIPIENTS = `
  -- A recipient that says where it is told has its endpoint from the start, with the secret that it was given.
  CREATE FUNCTION make_recipient_endpoint() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO webhook_endpoints (programme_id, id, recipient_id, url, events, wrapped_secret)
      VALUES (NEW.programme_id, new_id(), NEW.id, NEW.webhook_url, '{consent.revoked,value.corrected}', NEW.wrapped_webhook_secret);
    RETURN NULL;
  END $$;
  CREATE TRIGGER recipients_endpoint AFTER INSERT ON recipients FOR EACH ROW
    WHEN (NEW.webhook_url IS NOT NULL) EXECUTE FUNCTION make_recipient_endpoint();
  INSERT INTO webhook_endpoints (programme_id, id, recipient_id, url, events, wrapped_secret)
    SELECT r.programme_id, new_id(), r.id, r.webhook_url, '{consent.revoked,value.corrected}', r.wrapped_webhook_secret
      FROM recipients r WHERE r.webhook_url IS NOT NULL;
  GRANT UPDATE (webhook_url) ON recipients TO gegenwert_app;`;

const SHARES = `
  -- 'share': a share that earned nothing is still to be told of; one that did is told of when its award is booked.
  ALTER TABLE outbox DROP CONSTRAINT outbox_topic_known,
    ADD CONSTRAINT outbox_topic_known CHECK (topic IN ('points', 'discount', 'erasure', 'job', 'merge', 'share'));`;

const LOOKUP = `
  -- Endpoints that something is due for, over all programmes: one look into an index for each endpoint.
  CREATE FUNCTION webhooks_due() RETURNS TABLE (programme_id uuid, endpoint_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 10 AS $$
      SELECT w.programme_id, w.id FROM webhook_endpoints w
       WHERE w.disabled_at IS NULL AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.programme_id = w.programme_id
         AND d.endpoint_id = w.id AND d.status = 'pending' AND d.next_attempt_at <= now())
    $$;
  CREATE FUNCTION webhook_backlog() RETURNS TABLE (pending bigint, oldest timestamptz, disabled bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 1 AS $$
      SELECT count(*), min(d.next_attempt_at) FILTER (WHERE d.next_attempt_at <= now()), (SELECT count(*) FROM webhook_endpoints w WHERE w.disabled_at IS NOT NULL)
        FROM webhook_deliveries d WHERE d.status = 'pending'
    $$;
  ${handToLookup('webhooks_due()', 'webhook_backlog()')}`;

// 11: a recipient with an endpoint is told of each notice by it, for as long as deliveries are kept; in an order that shows.
const TOLD_BY_WEBHOOK = `
  SELECT n.programme_id, 'notice that its recipient is not told of' AS broken, n.id::text AS what
    FROM revocation_notices n
    JOIN webhook_endpoints w ON w.programme_id = n.programme_id AND w.recipient_id = n.recipient_id AND w.created_at < n.created_at
    LEFT JOIN (SELECT d.programme_id, d.endpoint_id, d.ids -> 'noticeId' ->> 1 AS notice FROM webhook_deliveries d WHERE d.type = 'consent.revoked') d
      ON d.programme_id = n.programme_id AND d.endpoint_id = w.id AND d.notice = n.id::text
   WHERE d.notice IS NULL AND n.created_at > now() - interval '29 days'
  UNION ALL
  SELECT d.programme_id, 'two deliveries of an endpoint with one number', d.endpoint_id::text
    FROM webhook_deliveries d WHERE d.sequence IS NOT NULL GROUP BY d.programme_id, d.endpoint_id, d.sequence HAVING count(*) > 1`;
