import type { QueryRunner } from 'typeorm';

/** Publishes views that must be empty in the schema `invariants`, as the auditor, who may read all rows that they look at. */
export async function publishInvariants(runner: QueryRunner, views: Record<string, string>): Promise<void> {
  // An owner must be allowed to create in the schema while it becomes one.
  await runner.query('GRANT CREATE ON SCHEMA invariants TO gegenwert_audit');
  for (const [name, select] of Object.entries(views)) {
    await runner.query(`CREATE OR REPLACE VIEW invariants.${name} AS ${select};
      ALTER VIEW invariants.${name} OWNER TO gegenwert_audit`);
  }
  await runner.query('REVOKE CREATE ON SCHEMA invariants FROM gegenwert_audit');
}

/**
 * SQL that gives functions (with the types of their arguments) to the role that may look beyond one programme, to be called by
 * the service alone.
 */
export const handToLookup = (...functions: string[]): string => `
  GRANT CREATE ON SCHEMA public TO gegenwert_lookup;
  ${functions
    .map(
      (one) => `ALTER FUNCTION ${one} OWNER TO gegenwert_lookup;
  REVOKE ALL ON FUNCTION ${one} FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION ${one} TO gegenwert_app;`,
    )
    .join('\n  ')}
  REVOKE CREATE ON SCHEMA public FROM gegenwert_lookup;`;
