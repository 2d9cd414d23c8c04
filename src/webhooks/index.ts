export * from './core';
export { WebhooksModule } from './webhooks.module';
