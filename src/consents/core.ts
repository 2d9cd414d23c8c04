export {
  activeConsents,
  end,
  extentOf,
  give,
  nextWithin,
  scopeValues,
  WITHIN_SCOPE,
  type ActiveConsent,
  type ConsentsOfShare,
  type EndedAs,
  type EndingScope,
  type GivenConsent,
  type RevocationScope,
} from './consents';
export {
  addCustomers,
  findCustomer,
  findUnmerged,
  identifyCustomers,
  type IdentifiedCustomer,
  lockCustomers,
  lockCustomersById,
  lockCustomersShared,
} from './customers';
export { keepSignal, keepSignalsAgain, type ReplayedSignal } from './heed-signal';
export {
  RECEIPT_FORM,
  type ReceiptFacts,
  signReceipt,
  signTermination,
  type TerminationFacts,
  type TerminationState,
} from './receipts';
