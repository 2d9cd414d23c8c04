export { ThisCall, type Call } from './call.decorator';
export { fingerprint, Idempotency, keyReused, markReplayed, type Fingerprint } from './idempotency';
export { IdempotencyModule } from './idempotency.module';
