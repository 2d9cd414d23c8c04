import { Module } from '@nestjs/common';
import { DeliveriesController } from './deliveries.controller';
import { WebhookEndpoints } from './endpoints';
import { WebhooksController } from './webhooks.controller';

@Module({
  controllers: [WebhooksController, DeliveriesController],
  providers: [WebhookEndpoints],
})
export class WebhooksModule {}
