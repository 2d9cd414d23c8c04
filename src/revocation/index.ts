export * from './core';
export { RevocationModule } from './revocation.module';
export { Revocations } from './revocation.service';
