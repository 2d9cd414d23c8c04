export { COMPARISONS, type Comparison, type Difference } from './reconciliation';
export { BooksWatch } from './watch';
