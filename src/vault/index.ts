export { countUncoveredWithout, eraseUncovered, openValue, sealValue, storeValues, type SealedValue } from './vault';
