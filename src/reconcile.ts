import type { Client } from 'pg';
import { type Comparison, COMPARISONS, type Difference } from './accounting/core';
import { find, patiently, ROWS_SHOWN, tell, withAuditor } from './audit';
import { runTask } from './run-task';

type Row = Difference & { programme_id: string };

/** Holds both sides of the books of every programme against each other. Reads only, and may run at any time. */
runTask('reconciliation', () => withAuditor(reconcile));

async function reconcile(client: Client): Promise<boolean> {
  let differing = 0;
  for (const comparison of COMPARISONS) {
    const rows = await patiently(nameOf(comparison), () =>
      find<Row>(client, `SELECT * FROM reconciliation.${comparison} LIMIT ${ROWS_SHOWN}`),
    );
    tell(nameOf(comparison), rows.map(differenceText));
    if (rows.length > 0) differing++;
  }
  console.log(
    differing === 0 ? 'Both sides of the books agree.' : `${differing} of ${COMPARISONS.length} comparisons differ.`,
  );
  return differing === 0;
}

const nameOf = (comparison: Comparison): string => comparison.replaceAll('_', ' ');

const differenceText = ({ programme_id: programme, what, ids }: Row): string =>
  `${what}: ${Object.entries(ids)
    .map(([name, id]) => `${name} ${id}`)
    .join(', ')} (programme ${programme})`;
