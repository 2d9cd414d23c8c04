export { ConsentsModule } from './consents.module';
export * from './core';
export { Gpc, keepSignal } from './privacy-signal';
