export { ThisCall, type Call } from './call.decorator';
export {
  findRemembered,
  fingerprint,
  Idempotency,
  keyReused,
  markReplayed,
  rememberAll,
  type Fingerprint,
} from './idempotency';
export { IdempotencyModule } from './idempotency.module';
