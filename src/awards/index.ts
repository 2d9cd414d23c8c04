export { AwardsModule } from './awards.module';
export { reasonsOf } from './awards';
export { REVERSAL_REASONS, reversalsBehind, type ReversalReason } from './reversals';
