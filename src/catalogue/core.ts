export { lockGate, lockGateShared } from './gate';
