export { Ledger } from './gegenwert-ledger';
export { Offer } from './gegenwert-offer';
