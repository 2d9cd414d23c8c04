export { customerErasure, forgetRefsOnNotices } from './customer-erasure';
export { eraseOwed } from './erasure';
export { endConsents } from './revoke';
export { expireConsents } from './retention';
export { withdrawal } from './withdrawals';
export { announceNotices, noteTold } from './tell';
