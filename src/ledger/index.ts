export { balanceOf, balanceOfRef, type Balance } from './balances';
export { Book, type BookChanges, type NewTransfer, type OpenBook, type Side } from './book';
export { arrayOf, bookOf, openBook, writeBook, type BookRows } from './book-store';
export { entriesOf, type Entry, type TransferKind } from './entries';
export { isPast, type OpenLot, type Take } from './lots';
export { type Lane, postAward, postAwards } from './posting';
export { expireLots, withDueLots } from './expiry';
export { forfeit } from './forfeit';
export { moveAll, moveBack } from './merging';
