export {
  countUncoveredWithout,
  eraseUncovered,
  openValue,
  sealValue,
  storeValues,
  type SealedValue,
  type Uncovered,
} from './vault';
