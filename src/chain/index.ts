export { ChainModule } from './chain.module';
export * from './core';
