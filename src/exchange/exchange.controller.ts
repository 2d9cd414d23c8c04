import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { ThisCall, type Call } from '../idempotency';
import { MeShareBody, ShareAnswer, ShareBody, ShareView } from './exchange.dto';
import { Exchange } from './exchange.service';

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
  create(@ThisCall() call: Call, @Body() body: ShareBody): Promise<ShareAnswer> {
    return this.exchange.share(call, body);
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
  createMine(
    @ThisCall() call: Call,
    @Caller() caller: PrincipalOf<'customer'>,
    @Body() body: MeShareBody,
  ): Promise<ShareAnswer> {
    return this.exchange.share(call, { ...body, customerRef: caller.customerRef });
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
