export { balanceOf, type Balance } from './balances';
export { entriesOf, type Entry, type TransferKind } from './entries';
export { postAwards } from './posting';
export { forfeit } from './forfeit';
