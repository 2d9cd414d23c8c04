export { eraseOwed } from './erasure';
export { RevocationModule } from './revocation.module';
export { Revocations } from './revocation.service';
