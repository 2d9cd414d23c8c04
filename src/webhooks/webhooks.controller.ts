import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { Allow, Caller } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { Database } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { PageQuery } from '../platform/http/page.dto';
import { BELL, type Bell } from '../platform/platform.module';
import { listDeliveries, ping } from './deliveries';
import { WebhookEndpoints } from './endpoints';
import type { WebhookCaller } from './owner';
import {
  DeliveryPage,
  DeliveryQuery,
  DeliveryView,
  NewWebhookBody,
  NewWebhookView,
  WebhookChangeBody,
  WebhookPage,
  WebhookRotationBody,
  WebhookSecretView,
  WebhookView,
} from './webhook.dto';

const ID = { name: 'id', example: 'whe_01kbn7p4a2f8x9d0v5q3w6y1zr' };

/** Staff see all endpoints, a storefront those of the programme, a recipient its own. */
@ApiTags('Webhooks')
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(
    private readonly endpoints: WebhookEndpoints,
    private readonly database: Database,
    private readonly idempotency: Idempotency,
    @Inject(BELL) private readonly bell: Bell,
  ) {}

  /** A recipient's is made with the recipient. */
  @Post()
  @Allow('storefront', 'admin')
  @ApiOperation({ operationId: 'addWebhook', summary: 'Be told of what happens; the secret is shown once' })
  @ApiCreatedResponse({ type: NewWebhookView })
  add(@ThisCall() call: Call, @Body() body: NewWebhookBody): Promise<NewWebhookView> {
    return this.idempotency.once(call, 201, (tx) => this.endpoints.add(tx, body));
  }

  @Get()
  @Allow('storefront', 'recipient', 'admin')
  @ApiOperation({ operationId: 'listWebhooks', summary: 'Who is told, where and of what; newest first' })
  @ApiOkResponse({ type: WebhookPage })
  list(@Caller() caller: WebhookCaller, @Query() page: PageQuery): Promise<WebhookPage> {
    return this.database.inProgramme(caller.programmeId, (tx) => this.endpoints.list(tx, caller, page));
  }

  @Get(':id')
  @Allow('storefront', 'recipient', 'admin')
  @ApiOperation({ operationId: 'getWebhook', summary: 'Show one' })
  @ApiParam(ID)
  @ApiOkResponse({ type: WebhookView })
  one(@Caller() caller: WebhookCaller, @Param('id') id: string): Promise<WebhookView> {
    return this.database.inProgramme(caller.programmeId, (tx) => this.endpoints.one(tx, caller, id));
  }

  /** One that answered 410 is disabled; enabled again, it gets what has waited. */
  @Patch(':id')
  @Allow('storefront', 'admin')
  @ApiOperation({ operationId: 'changeWebhook', summary: 'Change where or of what it is told, disable or enable it' })
  @ApiParam(ID)
  @ApiOkResponse({ type: WebhookView })
  async change(
    @Caller() caller: WebhookCaller,
    @Param('id') id: string,
    @Body() body: WebhookChangeBody,
  ): Promise<WebhookView> {
    const view = await this.database.inProgramme(caller, (tx) => this.endpoints.change(tx, caller, id, body));
    this.bell.ring(caller.programmeId);
    return view;
  }

  /** What it was sent, and was still to be, is forgotten with it. */
  @Delete(':id')
  @HttpCode(204)
  @Allow('storefront', 'admin')
  @ApiOperation({ operationId: 'removeWebhook', summary: 'Be told no more' })
  @ApiParam(ID)
  @ApiNoContentResponse()
  @ApiProblems({ 409: { 'webhook-of-recipient': 'it is a recipient’s, which is told as long as it is one' } })
  remove(@Caller() caller: WebhookCaller, @Param('id') id: string): Promise<void> {
    return this.database.inProgramme(caller, (tx) => this.endpoints.remove(tx, caller, id));
  }

  @Post(':id/rotate')
  @HttpCode(201)
  @Allow('storefront', 'recipient', 'admin')
  @ApiOperation({
    operationId: 'rotateWebhookSecret',
    summary: 'Replace its secret',
    description: 'For `overlapSeconds` each message has two signatures, those that are tried again as well.',
  })
  @ApiParam(ID)
  @ApiCreatedResponse({ type: WebhookSecretView })
  rotate(
    @ThisCall() call: Call,
    @Caller() caller: WebhookCaller,
    @Param('id') id: string,
    @Body() { overlapSeconds }: WebhookRotationBody,
  ): Promise<WebhookSecretView> {
    return this.idempotency.once(call, 201, (tx) => this.endpoints.rotate(tx, caller, id, overlapSeconds));
  }

  @Post(':id/test')
  @HttpCode(201)
  @Allow('storefront', 'recipient', 'admin')
  @ApiOperation({ operationId: 'testWebhook', summary: 'Send it the test event, ping' })
  @ApiParam(ID)
  @ApiCreatedResponse({ type: DeliveryView })
  @ApiProblems({ 409: { 'webhook-disabled': 'nothing is sent to a disabled one' } })
  async test(@ThisCall() call: Call, @Caller() caller: WebhookCaller, @Param('id') id: string): Promise<DeliveryView> {
    const delivery = await this.idempotency.once(call, 201, (tx) => ping(tx, caller, id));
    this.bell.ring(caller.programmeId);
    return delivery;
  }

  @Get(':id/deliveries')
  @Allow('storefront', 'recipient', 'admin')
  @ApiOperation({ operationId: 'listWebhookDeliveries', summary: 'What it was sent and is still to be, newest first' })
  @ApiParam(ID)
  @ApiOkResponse({ type: DeliveryPage })
  deliveries(
    @Caller() caller: WebhookCaller,
    @Param('id') id: string,
    @Query() query: DeliveryQuery,
  ): Promise<DeliveryPage> {
    return this.database.inProgramme(caller.programmeId, (tx) => listDeliveries(tx, caller, id, query));
  }
}
