/** Tables with numbered rows that are sealed (ADR 10), each with the column that says when a row was written. */
export const SEALED_AT_FIRST = {
  transfers: 'booked_at',
  shares: 'accepted_at',
  consent_events: 'at',
  disclosures: 'at',
};

/** SQL of the functions that look for what is not sealed yet, and for how far history goes, in these tables. */
export const lookAtHistory = (tables: Record<string, string>): string => `
  -- Whose history is not sealed to its end, and since when: the first row of each table, so that it costs what there are
  -- programmes and not what they have written. ready: the sealer can go on at once, no transaction is in its way.
  CREATE OR REPLACE FUNCTION unsealed_programmes() RETURNS TABLE (programme_id uuid, since timestamptz, ready boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 10 AS $$
      SELECT p.id, min(f.at), min(f.written_in) < public.transactions_ended()
        FROM programmes p LEFT JOIN chain_heads h ON h.programme_id = p.id
        CROSS JOIN LATERAL (${Object.entries(tables)
          .map(
            ([table, at]) => `
          (SELECT r.written_in, r.${at} AS at FROM ${table} r
            WHERE r.programme_id = p.id AND r.written_in >= coalesce(h.to_transaction, 0) ORDER BY r.written_in LIMIT 1)`,
          )
          .join(' UNION ALL')}) f
       GROUP BY p.id
    $$;
  -- The highest number that anything was written under; 0 where nothing was.
  CREATE OR REPLACE FUNCTION history_reached() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
      SELECT coalesce(max(greatest(h.to_transaction - 1, m.written_in)), 0)
        FROM programmes p LEFT JOIN chain_heads h ON h.programme_id = p.id
        CROSS JOIN LATERAL (SELECT greatest(${Object.keys(tables)
          .map(
            (table) => `
          (SELECT r.written_in FROM ${table} r WHERE r.programme_id = p.id AND r.written_in >= 0 ORDER BY r.written_in DESC LIMIT 1)`,
          )
          .join(',')}) AS written_in) m
    $$;`;
