import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Allow, Caller } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { Database } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { BELL, type Bell } from '../platform/platform.module';
import { deliverAgain, findDelivery } from './deliveries';
import type { WebhookCaller } from './owner';
import { DeliveryView } from './webhook.dto';

const ID = { name: 'id', example: 'dlv_01kbn7p4a2f8x9d0v5q3w6y1zr' };

@ApiTags('Webhooks')
@Controller('v1/webhook-deliveries')
export class DeliveriesController {
  constructor(
    private readonly database: Database,
    private readonly idempotency: Idempotency,
    @Inject(BELL) private readonly bell: Bell,
  ) {}

  @Get(':id')
  @Allow('storefront', 'recipient', 'admin')
  @ApiOperation({ operationId: 'getWebhookDelivery', summary: 'What became of one message' })
  @ApiParam(ID)
  @ApiOkResponse({ type: DeliveryView })
  one(@Caller() caller: WebhookCaller, @Param('id') id: string): Promise<DeliveryView> {
    return this.database.inProgramme(caller.programmeId, (tx) => findDelivery(tx, caller, id));
  }

  /** With the same `webhook-id`, so that whoever has it already knows; whatever became of it, and with all its tries. */
  @Post(':id/redelivery')
  @HttpCode(201)
  @Allow('storefront', 'recipient', 'admin')
  @ApiOperation({ operationId: 'redeliverWebhook', summary: 'Send a message once more' })
  @ApiParam(ID)
  @ApiCreatedResponse({ type: DeliveryView })
  @ApiProblems({ 409: { 'webhook-disabled': 'nothing is sent to a disabled one' } })
  async again(@ThisCall() call: Call, @Caller() caller: WebhookCaller, @Param('id') id: string): Promise<DeliveryView> {
    const delivery = await this.idempotency.once(call, 201, (tx) => deliverAgain(tx, caller, id));
    this.bell.ring(caller.programmeId);
    return delivery;
  }
}
