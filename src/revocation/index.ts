export { customerErasure, forgetRefsOnNotices } from './customer-erasure';
export { eraseOwed } from './erasure';
export { expireConsents } from './retention';
export { RevocationModule } from './revocation.module';
export { Revocations } from './revocation.service';
export { withdrawal } from './withdrawals';
