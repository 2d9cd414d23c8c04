export { ConsentsModule } from './consents.module';
export * from './core';
