export { finishMerges, withDueMerges } from './finish';
export { moveOwedPoints } from './points';
