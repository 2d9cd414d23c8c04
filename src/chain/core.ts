export { sealHistory } from './seal';
export { unsealed, type Unsealed } from './unsealed';
export { type Finding, type VerifiedProgramme, verifyChains } from './verify-chains';
