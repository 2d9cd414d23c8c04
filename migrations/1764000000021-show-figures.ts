import { MigrationInterface, QueryRunner } from 'typeorm';

/** What figures are made of beyond what the exchange writes anyway: to how many an offer was made, and how soon a stop held. */
export class ShowFigures1764000000021 implements MigrationInterface {
  name = 'ShowFigures1764000000021';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- To how many customers an offer was made on a day of the programme's: a sketch (HyperLogLog) of their keyed hashes, which
      -- can be counted and merged with other days', and holds none of them. See ADR 20.
      CREATE TABLE offered_days (
        programme_id uuid NOT NULL,
        offer_id uuid NOT NULL,
        day date NOT NULL,
        sketch bytea NOT NULL CONSTRAINT offered_days_sketch_size CHECK (octet_length(sketch) = 2048),
        CONSTRAINT offered_days_pk PRIMARY KEY (programme_id, offer_id, day),
        CONSTRAINT offered_days_offer_fk FOREIGN KEY (programme_id, offer_id) REFERENCES offers
      ) WITH (fillfactor = 50);
      CALL keep_tenants_apart('offered_days');
      GRANT SELECT, INSERT, DELETE, UPDATE (sketch) ON offered_days TO gegenwert_app;

      -- From a customer's revocation being asked for to the commit after which every release fails. Of those that were asked for
      -- one by one: what ends consents for many has no one who waits. Written after the answer, so a few may be missing.
      CREATE TABLE revocation_stops (
        programme_id uuid NOT NULL,
        revocation_id uuid NOT NULL,
        microseconds bigint NOT NULL CONSTRAINT revocation_stops_not_negative CHECK (microseconds >= 0),
        CONSTRAINT revocation_stops_pk PRIMARY KEY (programme_id, revocation_id),
        CONSTRAINT revocation_stops_revocation_fk FOREIGN KEY (programme_id, revocation_id) REFERENCES revocations
      );
      CALL keep_tenants_apart('revocation_stops');
      CALL keep_forever('revocation_stops');
      GRANT SELECT, INSERT ON revocation_stops TO gegenwert_app;

      -- Shares come in almost in the order of their time: such an index is not written for each of them.
      CREATE INDEX shares_accepted ON shares USING brin (accepted_at) WITH (pages_per_range = 16, autosummarize = on);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX shares_accepted; DROP TABLE revocation_stops, offered_days');
  }
}
