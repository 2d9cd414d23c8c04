import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { ThisCall, type Call } from '../idempotency';
import { Gpc } from '../consents';
import { ApiProblems, MERGED, type Problems } from '../platform/http/api-problems';
import { MeShareBody, ShareAnswer, ShareBody, ShareView } from './exchange.dto';
import { Exchange } from './exchange.service';

const REFUSALS: Problems = {
  404: { 'not-found': 'there is none with this id or key in this programme' },
  409: {
    'offer-not-live': 'the offer is a draft, paused, ended or outside its window',
    'offer-exhausted': 'its budget is promised; nothing was stored',
    'notice-outdated': 'the customer was shown another text than is in force',
    'not-eligible': 'the facts in context do not meet the offer’s eligibility; nothing was stored',
    'customer-merged': MERGED,
    'too-young': 'the facts in context do not meet the offer’s minimum age; nothing was stored',
  },
  422: {
    'value-invalid': 'a value does not match its attribute’s schema: see errors, which do not repeat it',
    'consent-incomplete': 'a required attribute or purpose is missing',
    'explicit-consent-required': 'a special-category attribute needs a consent of its own',
  },
};

@ApiTags('Exchange')
@Controller('v1')
export class ExchangeController {
  constructor(private readonly exchange: Exchange) {}

  /** A customer accepts an offer: consents, values and the promised award become one. */
  @Post('shares')
  @HttpCode(201)
  @Allow('storefront')
  @ApiOperation({ operationId: 'createShare', summary: 'Share values for an offer' })
  @ApiCreatedResponse({ type: ShareAnswer })
  @ApiProblems(REFUSALS)
  create(@ThisCall() call: Call, @Gpc() gpc: boolean, @Body() body: ShareBody): Promise<ShareAnswer> {
    return this.exchange.share(call, { ...body, gpc });
  }

  @Get('shares/:id')
  @Allow('storefront', 'dpo')
  @ApiOperation({ operationId: 'getShare', summary: 'A share and what became of its award' })
  @ApiOkResponse({ type: ShareView })
  find(@Caller() caller: PrincipalOf<'storefront' | 'staff'>, @Param('id') id: string): Promise<ShareView> {
    return this.exchange.find(caller.programmeId, id);
  }

  @Post('me/shares')
  @HttpCode(201)
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({ operationId: 'createMyShare', summary: 'Share values for an offer, as the customer' })
  @ApiCreatedResponse({ type: ShareAnswer })
  @ApiProblems(REFUSALS)
  createMine(
    @ThisCall() call: Call,
    @Caller() caller: PrincipalOf<'customer'>,
    @Gpc() gpc: boolean,
    @Body() body: MeShareBody,
  ): Promise<ShareAnswer> {
    // Nobody vouches for what customers say of themselves to get what others do not.
    const context = caller.session?.facts ?? {};
    return this.exchange.share(call, { ...body, gpc, customerRef: caller.customerRef, context });
  }

  @Get('me/shares/:id')
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({ operationId: 'getMyShare', summary: 'A share of the customer, and what became of its award' })
  @ApiOkResponse({ type: ShareView })
  findMine(@Caller() caller: PrincipalOf<'customer'>, @Param('id') id: string): Promise<ShareView> {
    return this.exchange.find(caller.programmeId, id, caller.customerRef);
  }
}
