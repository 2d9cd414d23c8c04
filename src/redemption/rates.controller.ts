import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { ThisCall, type Call } from '../idempotency';
import { PageQuery } from '../platform/http/page.dto';
import { RateBody, RatePage, RateView } from './rates.dto';
import { PointRates } from './rates.service';

@ApiTags('Redemption')
@Controller('v1/point-rates')
export class RatesController {
  constructor(private readonly rates: PointRates) {}

  /** What points are worth from now on. A version never changes; what was redeemed before keeps its value. */
  @Post()
  @HttpCode(201)
  @Allow('marketing')
  @ApiOperation({ operationId: 'setPointRate', summary: 'Set what points are worth' })
  @ApiCreatedResponse({ type: RateView })
  add(@ThisCall() call: Call, @Body() body: RateBody): Promise<RateView> {
    return this.rates.add(call, body);
  }

  @Get()
  @Allow('marketing')
  @ApiOperation({ operationId: 'listPointRates', summary: 'What points are worth, and were: newest first' })
  @ApiOkResponse({ type: RatePage })
  list(@Caller() { programmeId }: PrincipalOf<'staff'>, @Query() page: PageQuery): Promise<RatePage> {
    return this.rates.list(programmeId, page);
  }
}
