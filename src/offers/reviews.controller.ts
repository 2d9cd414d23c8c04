import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, personOf } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { ApiProblems } from '../platform/http/api-problems';
import { ApproveOfferDto } from './approval.dto';
import { Approvals } from './approvals';
import { OfferDto } from './offer.dto';
import { OFFER_STATE } from './offers.controller';

/** What comes between writing an offer and publishing it, where the programme wants a second person. */
@ApiTags('Offers')
@Controller('v1/offers')
export class ReviewsController {
  constructor(
    private readonly approvals: Approvals,
    private readonly idempotency: Idempotency,
  ) {}

  @Post(':id/submission')
  @Allow('marketing')
  @ApiOperation({
    operationId: 'submitOffer',
    summary: 'Hands in the draft, as it stands, for a second person’s approval',
  })
  @ApiOkResponse({ type: OfferDto })
  @ApiProblems(OFFER_STATE)
  submit(@ThisCall() call: Call, @Param('id') id: string): Promise<OfferDto> {
    return this.idempotency.onceWithEntities(call, 200, (tx) =>
      this.approvals.submit(tx, id, personOf(call.principal)),
    );
  }

  @Post(':id/approval')
  @Allow('marketing')
  @ApiOperation({
    operationId: 'approveOffer',
    summary: 'Approves the draft as it stands; by another person than those who wrote, edited or submitted it',
  })
  @ApiOkResponse({ type: OfferDto })
  @ApiBody({ type: ApproveOfferDto, required: false })
  @ApiProblems({
    409: { ...OFFER_STATE[409], 'second-person-required': 'the caller wrote, edited or submitted the draft' },
  })
  approve(@ThisCall() call: Call, @Param('id') id: string, @Body() { revision }: ApproveOfferDto): Promise<OfferDto> {
    const person = personOf(call.principal);
    return this.idempotency.onceWithEntities(call, 200, (tx) => this.approvals.approve(tx, id, revision, person));
  }
}
