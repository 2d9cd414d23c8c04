import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { Database, type Tx } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { toPublicId } from '../platform/ids';
import { DiscountCodeView, ReleaseCodeBody, UseCodeBody } from './discounts.dto';
import { type CodeUse, type DiscountCode, findCode, redeemCode, releaseCode, reserveCode } from './use-codes';

const USED = { 'code-used': 'the code is redeemed, or reserved for another order' };
const REFUSALS = {
  409: {
    ...USED,
    'code-expired': 'the time of the code is over',
    'order-too-small': 'the order’s total is below the minimum of the code',
    'currency-mismatch': 'the order is in another currency than the code',
  },
};

/** Codes are read in any case, with hyphens, and with look-alikes: I and L for 1, O for 0. */
@ApiTags('Discounts')
@Controller('v1/discounts/:code')
export class DiscountsController {
  constructor(
    private readonly database: Database,
    private readonly idempotency: Idempotency,
  ) {}

  @Get()
  @Allow('storefront')
  @ApiOperation({ operationId: 'getDiscountCode', summary: 'A discount code, and where it stands' })
  @ApiOkResponse({ type: DiscountCodeView })
  async find(
    @Caller() { programmeId }: PrincipalOf<'storefront'>,
    @Param('code') code: string,
  ): Promise<DiscountCodeView> {
    return viewOf(await this.database.inProgramme(programmeId, (tx) => findCode(tx, code)));
  }

  /** For 15 minutes no other order gets it. Again for the same order: the same reservation, not a longer one. */
  @Post('reserve')
  @HttpCode(200)
  @Allow('storefront')
  @ApiOperation({ operationId: 'reserveDiscountCode', summary: 'Keep a discount code for an order' })
  @ApiOkResponse({ type: DiscountCodeView })
  @ApiProblems(REFUSALS)
  reserve(@ThisCall() call: Call, @Param('code') code: string, @Body() body: UseCodeBody): Promise<DiscountCodeView> {
    return this.once(call, { ...body, code }, reserveCode);
  }

  /** Reserved for this order before, or at once. Again for the same order: 200, as the first time. */
  @Post('redeem')
  @HttpCode(200)
  @Allow('storefront')
  @ApiOperation({ operationId: 'redeemDiscountCode', summary: 'Use up a discount code for an order' })
  @ApiOkResponse({ type: DiscountCodeView })
  @ApiProblems(REFUSALS)
  redeem(@ThisCall() call: Call, @Param('code') code: string, @Body() body: UseCodeBody): Promise<DiscountCodeView> {
    return this.once(call, { ...body, code }, redeemCode);
  }

  /** The code is open again. Also 200 when nothing was reserved any more; a redeemed code never comes back. */
  @Post('release')
  @HttpCode(200)
  @Allow('storefront')
  @ApiOperation({ operationId: 'releaseDiscountCode', summary: 'Give the reservation of a discount code back' })
  @ApiOkResponse({ type: DiscountCodeView })
  @ApiProblems({ 409: USED })
  release(
    @ThisCall() call: Call,
    @Param('code') code: string,
    @Body() body: ReleaseCodeBody,
  ): Promise<DiscountCodeView> {
    return this.once(call, { ...body, code }, releaseCode);
  }

  private once(
    call: Call,
    use: CodeUse,
    step: (tx: Tx, use: CodeUse) => Promise<DiscountCode>,
  ): Promise<DiscountCodeView> {
    return this.idempotency.once(call, 200, async (tx) => viewOf(await step(tx, use)));
  }
}

const viewOf = ({ terms, awardId, issuedAt, expiresAt, reservedUntil, redeemedAt, ...code }: DiscountCode) => ({
  ...code,
  discount: terms,
  award: toPublicId('awd', awardId),
  issuedAt: issuedAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
  ...(reservedUntil === undefined ? {} : { reservedUntil: reservedUntil.toISOString() }),
  ...(redeemedAt === undefined ? {} : { redeemedAt: redeemedAt.toISOString() }),
});
