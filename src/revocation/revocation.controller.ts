import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, type StreamableFile } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { Allow, AskStillLetIn, Caller, type PrincipalOf, type StillLetIn } from '../access';
import { ThisCall, type Call } from '../idempotency';
import { ApiProblems } from '../platform/http/api-problems';
import { PageQuery } from '../platform/http/page.dto';
import { inEitherForm, wantsEvents } from '../platform/http/server-events';
import {
  AcknowledgementBody,
  MeRevocationBody,
  NoticeList,
  NoticeView,
  RevocationAnswer,
  RevocationBody,
  RevocationView,
} from './revocation.dto';
import { Revocations } from './revocation.service';

const IN_EITHER_FORM = inEitherForm(RevocationView, 'data: {"status":"erased"}\n\n');
const NO_SUCH_SHARE = { 404: { 'not-found': 'there is none with this id or key in this programme' } };

/** A body names exactly one of them, which its schema cannot say. */
const scopes = (customer: { customerRef?: string }) => ({
  share: { summary: 'A share', value: { ...customer, share: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' } },
  purpose: { summary: 'A purpose', value: { ...customer, purpose: 'birthday-greeting' } },
  attribute: { summary: 'An attribute', value: { ...customer, attribute: 'birthday' } },
  everything: { summary: 'Everything', value: { ...customer, everything: true } },
});

class DryRun {
  /** true: say what would happen, and change nothing. */
  @ApiPropertyOptional({ enum: ['true', 'false'], example: 'false' })
  @IsOptional()
  @IsIn(['true', 'false'])
  dryRun?: 'true' | 'false';
}

class NoticePage extends PageQuery {
  @ApiPropertyOptional({ enum: ['owed', 'acknowledged'], example: 'owed' })
  @IsOptional()
  @IsIn(['owed', 'acknowledged'])
  status?: 'owed' | 'acknowledged';
}

@ApiTags('Revocation')
@ApiExtraModels(RevocationView)
@Controller('v1')
export class RevocationController {
  constructor(private readonly revocations: Revocations) {}

  /** Ends consents. When this answers, no release for them is possible any more; the points stay. */
  @Post('revocations')
  @HttpCode(201)
  @Allow('storefront')
  @ApiOperation({ operationId: 'revoke', summary: 'Take back a share, a purpose, an attribute or everything' })
  @ApiCreatedResponse({ type: RevocationAnswer })
  @ApiOkResponse({ type: RevocationAnswer, description: 'Nothing to end, or a dry run' })
  @ApiBody({ type: RevocationBody, examples: scopes({ customerRef: 'customer-4711' }) })
  @ApiProblems(NO_SUCH_SHARE)
  async revoke(
    @ThisCall() call: Call,
    @Query() { dryRun }: DryRun,
    @Body() body: RevocationBody,
  ): Promise<RevocationAnswer> {
    const { customerRef, ...scope } = body;
    return this.run(call, dryRun, customerRef, scope);
  }

  @Get('revocations/:id')
  @Allow('storefront', 'dpo')
  @ApiOperation({ operationId: 'getRevocation', summary: 'How far a revocation has come' })
  @ApiOkResponse(IN_EITHER_FORM)
  find(
    @Caller() caller: PrincipalOf<'storefront' | 'staff'>,
    @Param('id') id: string,
    @Headers('accept') accept: string | undefined,
    @AskStillLetIn() stillLetIn: StillLetIn,
  ): Promise<RevocationView | StreamableFile> {
    return wantsEvents(accept)
      ? this.revocations.watch(caller, id, stillLetIn)
      : this.revocations.find(caller.programmeId, id);
  }

  @Post('me/revocations')
  @HttpCode(201)
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({
    operationId: 'revokeMine',
    summary: 'Take back a share, a purpose, an attribute or everything, as the customer',
  })
  @ApiCreatedResponse({ type: RevocationAnswer })
  @ApiOkResponse({ type: RevocationAnswer, description: 'Nothing to end, or a dry run' })
  @ApiBody({ type: MeRevocationBody, examples: scopes({}) })
  @ApiProblems(NO_SUCH_SHARE)
  async revokeMine(
    @ThisCall() call: Call,
    @Caller() caller: PrincipalOf<'customer'>,
    @Query() { dryRun }: DryRun,
    @Body() body: MeRevocationBody,
  ): Promise<RevocationAnswer> {
    return this.run(call, dryRun, caller.customerRef, body);
  }

  @Get('me/revocations/:id')
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({ operationId: 'getMyRevocation', summary: 'How far a revocation of the customer has come' })
  @ApiOkResponse(IN_EITHER_FORM)
  findMine(
    @Caller() caller: PrincipalOf<'customer'>,
    @Param('id') id: string,
    @Headers('accept') accept: string | undefined,
    @AskStillLetIn() stillLetIn: StillLetIn,
  ): Promise<RevocationView | StreamableFile> {
    if (wantsEvents(accept)) return this.revocations.watch(caller, id, stillLetIn);
    return this.revocations.find(caller.programmeId, id, caller.customerRef);
  }

  @Get('revocation-notices')
  @Allow('recipient')
  @ApiTags('Recipient')
  @ApiOperation({ operationId: 'listRevocationNotices', summary: 'What this recipient must stop using' })
  @ApiOkResponse({ type: NoticeList })
  notices(@Caller() caller: PrincipalOf<'recipient'>, @Query() page: NoticePage): Promise<NoticeList> {
    return this.revocations.notices(caller, page);
  }

  @Post('revocation-notices/:id/acknowledgement')
  @HttpCode(200)
  @Allow('recipient')
  @ApiTags('Recipient')
  @ApiOperation({ operationId: 'acknowledgeRevocationNotice', summary: 'Confirm that the use has stopped' })
  @ApiOkResponse({ type: NoticeView })
  acknowledge(
    @ThisCall() call: Call,
    @Caller() caller: PrincipalOf<'recipient'>,
    @Param('id') id: string,
    @Body() body: AcknowledgementBody,
  ): Promise<NoticeView> {
    return this.revocations.acknowledge(call, caller, id, body);
  }

  private async run(
    call: Call,
    dryRun: string | undefined,
    customerRef: string,
    scope: MeRevocationBody,
  ): Promise<RevocationAnswer> {
    if (dryRun !== 'true') return this.revocations.revoke(call, customerRef, scope);
    const answer = await this.revocations.preview(call.principal.programmeId, customerRef, scope);
    void call.reply.status(200);
    return answer;
  }
}
