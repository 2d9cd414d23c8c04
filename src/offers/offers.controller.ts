import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, personOf, type PrincipalOf } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { Database } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { PageQuery } from '../platform/http/page.dto';
import { AskPurposeDto } from './ask.dto';
import { CreateOfferDto, EditOfferDto, OfferDto, OfferPageDto, PublishOfferDto } from './offer.dto';
import { OffersService } from './offers.service';
import { Publishing } from './publishing';
import { DiscountRewardDto, PointsRewardDto } from './reward.dto';

export const OFFER_STATE = { 409: { 'offer-state': 'the offer is not in a state for that' } };
const MAY_NOT_BEGIN = { 409: { ...OFFER_STATE[409], 'programme-ended': 'nothing new begins in it' } };

@ApiTags('Offers')
@ApiExtraModels(AskPurposeDto, DiscountRewardDto, PointsRewardDto)
@Controller('v1/offers')
export class OffersController {
  constructor(
    private readonly offers: OffersService,
    private readonly publishing: Publishing,
    private readonly database: Database,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @Allow('marketing')
  @ApiOperation({ operationId: 'createOffer', summary: 'Writes a new offer, as a draft' })
  @ApiProblems({ 409: { 'key-taken': 'another of the programme has this key' } })
  create(@ThisCall() call: Call, @Body() body: CreateOfferDto): Promise<OfferDto> {
    return this.idempotency.onceWithEntities(call, 201, (tx) => this.offers.create(tx, body, personOf(call.principal)));
  }

  @Get()
  @Allow('marketing', 'dpo')
  @ApiOperation({ operationId: 'listOffers', summary: 'Lists the offers, newest first' })
  list(@Caller() caller: PrincipalOf<'staff'>, @Query() page: PageQuery): Promise<OfferPageDto> {
    return this.database.withEntities(caller.programmeId, (tx) => this.offers.list(tx, page));
  }

  @Get(':id')
  @Allow('marketing', 'dpo')
  @ApiOperation({ operationId: 'getOffer', summary: 'Shows one offer: the version in force and the draft of the next' })
  one(@Caller() caller: PrincipalOf<'staff'>, @Param('id') id: string): Promise<OfferDto> {
    return this.database.withEntities(caller.programmeId, (tx) => this.offers.one(tx, id));
  }

  @Patch(':id')
  @Allow('marketing')
  @ApiOperation({
    operationId: 'editOffer',
    summary: 'Edits the draft; of a published offer, which never changes, that of its next version',
  })
  @ApiProblems(OFFER_STATE)
  edit(@Caller() caller: PrincipalOf<'staff'>, @Param('id') id: string, @Body() body: EditOfferDto): Promise<OfferDto> {
    return this.database.withEntities(caller, (tx) => this.offers.edit(tx, id, body, personOf(caller)));
  }

  @Post(':id/publish')
  @Allow('marketing')
  @ApiOperation({
    operationId: 'publishOffer',
    summary: 'Puts the draft in force: its terms and notices never change again',
  })
  @ApiOkResponse({ type: OfferDto })
  @ApiBody({ type: PublishOfferDto, required: false })
  @ApiProblems({
    409: { ...MAY_NOT_BEGIN[409], 'approval-required': 'the programme wants a second person to approve it' },
  })
  publish(@ThisCall() call: Call, @Param('id') id: string, @Body() decision: PublishOfferDto): Promise<OfferDto> {
    const person = personOf(call.principal);
    return this.idempotency.onceWithEntities(call, 200, (tx) => this.publishing.publish(tx, id, decision, person));
  }

  @Post(':id/pause')
  @Allow('marketing')
  @ApiOperation({ operationId: 'pauseOffer', summary: 'Takes a live offer off; what was accepted is still paid' })
  @ApiOkResponse({ type: OfferDto })
  @ApiProblems(OFFER_STATE)
  pause(@ThisCall() call: Call, @Param('id') id: string): Promise<OfferDto> {
    return this.idempotency.onceWithEntities(call, 200, (tx) => this.offers.move(tx, id, ['live'], 'paused'));
  }

  @Post(':id/resume')
  @Allow('marketing')
  @ApiOperation({ operationId: 'resumeOffer', summary: 'Makes a paused offer live again' })
  @ApiOkResponse({ type: OfferDto })
  @ApiProblems(MAY_NOT_BEGIN)
  resume(@ThisCall() call: Call, @Param('id') id: string): Promise<OfferDto> {
    return this.idempotency.onceWithEntities(call, 200, (tx) => this.offers.move(tx, id, ['paused'], 'live'));
  }

  @Post(':id/end')
  @Allow('marketing')
  @ApiOperation({ operationId: 'endOffer', summary: 'Ends an offer for good; what was accepted is still paid' })
  @ApiOkResponse({ type: OfferDto })
  @ApiProblems(OFFER_STATE)
  end(@ThisCall() call: Call, @Param('id') id: string): Promise<OfferDto> {
    return this.idempotency.onceWithEntities(call, 200, (tx) => this.offers.move(tx, id, ['live', 'paused'], 'ended'));
  }
}
