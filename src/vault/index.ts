export { destroyOwedKeys, fetchKeys, keepKeys, sweepKeys, tellHowFar } from './keys-apart';
export {
  countUncoveredWithout,
  eraseUncovered,
  openValue,
  sealValue,
  storeValues,
  type SealedValue,
  type Uncovered,
  WITH_GONE_VALUES,
} from './vault';
export { destroyReplayed, destroyWithoutKeys } from './replayed';
