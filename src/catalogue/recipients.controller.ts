import { Body, Controller, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, issueKey, type PrincipalOf } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { Database } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { PageQuery } from '../platform/http/page.dto';
import { PublicKeyDto } from './public-key';
import { CreateRecipientDto, EditRecipientDto, NewRecipientDto, RecipientDto, RecipientPageDto } from './recipient.dto';
import { RecipientsService } from './recipients.service';

@ApiTags('Catalogue')
@Controller('v1/recipients')
export class RecipientsController {
  constructor(
    private readonly recipients: RecipientsService,
    private readonly database: Database,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @Allow('marketing')
  @ApiOperation({
    operationId: 'createRecipient',
    summary: 'Registers a recipient for its purposes; its key and webhook secret are shown once',
  })
  @ApiProblems({ 409: { 'key-taken': 'another of the programme has this key' } })
  create(@ThisCall() call: Call, @Body() body: CreateRecipientDto): Promise<NewRecipientDto> {
    return this.idempotency.onceWithEntities(call, 201, async (tx) => {
      const { recipientId, recipient, webhookSecret } = await this.recipients.create(tx, body);
      const { key } = await issueKey(tx, { kind: 'recipient', recipientId, name: body.name });
      return { ...recipient, apiKey: key, webhookSecret };
    });
  }

  @Get()
  @Allow('marketing', 'dpo')
  @ApiOperation({ operationId: 'listRecipients', summary: 'Lists the recipients by key' })
  list(@Caller() caller: PrincipalOf<'staff'>, @Query() page: PageQuery): Promise<RecipientPageDto> {
    return this.database.withEntities(caller.programmeId, (tx) => this.recipients.list(tx, page));
  }

  @Get(':key')
  @Allow('marketing', 'dpo')
  @ApiOperation({ operationId: 'getRecipient', summary: 'Shows one recipient' })
  one(@Caller() caller: PrincipalOf<'staff'>, @Param('key') key: string): Promise<RecipientDto> {
    return this.database.withEntities(caller.programmeId, (tx) => this.recipients.one(tx, key));
  }

  /** What is overdue now counts at once: suspending begins, or ends, when this answers. */
  @Patch(':key')
  @Allow('marketing', 'dpo')
  @ApiOperation({ operationId: 'editRecipient', summary: 'Changes what is agreed with a recipient about revocations' })
  edit(
    @Caller() caller: PrincipalOf<'staff'>,
    @Param('key') key: string,
    @Body() body: EditRecipientDto,
  ): Promise<RecipientDto> {
    return this.database.withEntities(caller, (tx) => this.recipients.edit(tx, key, body));
  }

  /** From here on its confirmations are verified with this key; what it signed before stays verifiable with the one before. */
  @Put(':key/public-key')
  @Allow('recipient')
  @ApiTags('Recipient')
  @ApiOperation({
    operationId: 'replacePublicKey',
    summary: 'Sets or replaces the key that confirmations are signed with',
  })
  replaceKey(
    @Caller() caller: PrincipalOf<'recipient'>,
    @Param('key') key: string,
    @Body() body: PublicKeyDto,
  ): Promise<RecipientDto> {
    return this.database.withEntities(caller, (tx) => this.recipients.replaceKey(tx, key, caller.recipientId, body));
  }
}
