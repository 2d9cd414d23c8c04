import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { ThisCall, type Call } from '../idempotency';
import { ApiProblems, MERGED } from '../platform/http/api-problems';
import { RedeemBody, RedemptionView, RefundBody } from './redemption.dto';
import { Redemptions } from './redemptions.service';

const WRONG_STATE = { 409: { 'redemption-state': 'the redemption is in a state that does not allow this step' } };

/**
 * Only storefronts spend points, customers not by their own token: points pay for an order, and whether there is one, what
 * it comes to and whether it was paid for otherwise is what the storefront knows.
 */
@ApiTags('Redemption')
@Controller('v1/redemptions')
export class RedemptionsController {
  constructor(private readonly redemptions: Redemptions) {}

  /** Spends points of a customer on an order, or holds them for it: those that expire first are taken first. */
  @Post()
  @HttpCode(201)
  @Allow('storefront')
  @ApiOperation({ operationId: 'redeem', summary: 'Spend or hold points' })
  @ApiCreatedResponse({ type: RedemptionView })
  @ApiProblems({
    409: {
      'insufficient-points': 'the customer has fewer points; nothing was redeemed',
      'customer-merged': MERGED,
      'redemption-limit':
        'fewer points than the programme redeems at once, or a larger share of the order than it allows',
    },
  })
  redeem(@ThisCall() call: Call, @Body() body: RedeemBody): Promise<RedemptionView> {
    return this.redemptions.redeem(call, body);
  }

  @Get(':id')
  @Allow('storefront', 'marketing')
  @ApiOperation({ operationId: 'getRedemption', summary: 'A redemption and what became of it' })
  @ApiOkResponse({ type: RedemptionView })
  find(@Caller() caller: PrincipalOf<'storefront' | 'staff'>, @Param('id') id: string): Promise<RedemptionView> {
    return this.redemptions.find(caller.programmeId, id);
  }

  @Post(':id/capture')
  @HttpCode(200)
  @Allow('storefront')
  @ApiOperation({ operationId: 'captureRedemption', summary: 'Spend what is held' })
  @ApiOkResponse({ type: RedemptionView })
  @ApiProblems(WRONG_STATE)
  capture(@ThisCall() call: Call, @Param('id') id: string): Promise<RedemptionView> {
    return this.redemptions.capture(call, id);
  }

  @Post(':id/release')
  @HttpCode(200)
  @Allow('storefront')
  @ApiOperation({ operationId: 'releaseRedemption', summary: 'Give back what is held' })
  @ApiOkResponse({ type: RedemptionView })
  @ApiProblems(WRONG_STATE)
  release(@ThisCall() call: Call, @Param('id') id: string): Promise<RedemptionView> {
    return this.redemptions.release(call, id);
  }

  /** Points go back where they came from, with the expiry they had; where that is past, they can be spent for 30 more days. */
  @Post(':id/refund')
  @HttpCode(200)
  @Allow('storefront')
  @ApiOperation({ operationId: 'refundRedemption', summary: 'Give back points that were spent, or some of them' })
  @ApiOkResponse({ type: RedemptionView })
  @ApiProblems(WRONG_STATE)
  refund(@ThisCall() call: Call, @Param('id') id: string, @Body() { points }: RefundBody): Promise<RedemptionView> {
    return this.redemptions.refund(call, id, points);
  }
}
