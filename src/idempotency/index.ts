export { ThisCall, type Call } from './call.decorator';
export {
  findRemembered,
  fingerprint,
  Idempotency,
  keyReused,
  markReplayed,
  openAnswer,
  rememberAll,
  sealAnswer,
  type Fingerprint,
  type IdempotencyKeys,
  type SealedAnswer,
} from './idempotency';
export { IdempotencyModule } from './idempotency.module';
