export { lockGate, lockGateShared } from './gate';
export { lockRecipients, settleSuspensions } from './suspensions';
