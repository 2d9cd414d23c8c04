export { ConsentsModule } from './consents.module';
export * from './core';
export { Gpc } from './privacy-signal';
