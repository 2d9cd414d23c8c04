export { customerErasure, forgetRefsOnNotices } from './customer-erasure';
export { endings } from './endings';
export { eraseOwed } from './erasure';
export { beginEndsOfGraces, withDueGraces } from './graces';
export { countOverdue, markOverdue, withDueNotices } from './overdue';
export { endConsents } from './revoke';
export { expireConsents } from './retention';
export { announceNotices, noteTold } from './tell';
