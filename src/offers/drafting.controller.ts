import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, personOf, type PrincipalOf } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { Database } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { PageQuery } from '../platform/http/page.dto';
import { ChecksQuery, OfferChecksDto } from './check.dto';
import { Checks } from './checks';
import {
  DryRunAnswerDto,
  DryRunDto,
  DuplicateOfferDto,
  EligibilityAnswerDto,
  EligibilityCheckDto,
  OfferPreviewDto,
  PreviewOfferDto,
} from './drafting.dto';
import { DryRuns } from './dry-runs';
import { checkEligibility, factsOf } from './eligibility';
import { OfferDto } from './offer.dto';
import { OffersService } from './offers.service';
import { Previews } from './previews';
import { OfferVersionPageDto } from './version.dto';
import { Versions } from './versions';

/** What helps whoever writes an offer. Nothing here puts one in force. */
@ApiTags('Offers')
@Controller('v1')
export class DraftingController {
  constructor(
    private readonly offers: OffersService,
    private readonly versions: Versions,
    private readonly checks: Checks,
    private readonly dryRuns: DryRuns,
    private readonly previews: Previews,
    private readonly database: Database,
    private readonly idempotency: Idempotency,
  ) {}

  @Get('offers/:id/versions')
  @Allow('marketing', 'dpo')
  @ApiOperation({
    operationId: 'listOfferVersions',
    summary: 'Lists an offer’s versions, newest first, with differences',
  })
  listVersions(
    @Caller() { programmeId }: PrincipalOf<'staff'>,
    @Param('id') id: string,
    @Query() page: PageQuery,
  ): Promise<OfferVersionPageDto> {
    return this.database.withEntities(programmeId, (tx) => this.versions.list(tx, id, page));
  }

  @Post('offers/:id/duplicate')
  @Allow('marketing')
  @ApiOperation({ operationId: 'duplicateOffer', summary: 'Makes a new draft with an offer’s terms' })
  @ApiCreatedResponse({ type: OfferDto })
  @ApiProblems({ 409: { 'key-taken': 'another of the programme has this key' } })
  duplicate(@ThisCall() call: Call, @Param('id') id: string, @Body() { key }: DuplicateOfferDto): Promise<OfferDto> {
    const person = personOf(call.principal);
    return this.idempotency.onceWithEntities(call, 201, (tx) => this.offers.duplicate(tx, id, key, person));
  }

  @Get('offers/:id/checks')
  @Allow('marketing')
  @ApiOperation({ operationId: 'checkOffer', summary: 'Says in words what there is to know before it is published' })
  check(
    @Caller() { programmeId }: PrincipalOf<'staff'>,
    @Param('id') id: string,
    @Query() { locale }: ChecksQuery,
  ): Promise<OfferChecksDto> {
    return this.database.withEntities(programmeId, (tx) => this.checks.of(tx, id, locale));
  }

  @Post('offers/:id/dry-run')
  @HttpCode(200)
  @Allow('marketing')
  @ApiOperation({ operationId: 'tryOffer', summary: 'Tries an offer on invented customers; stores nothing' })
  @ApiOkResponse({ type: DryRunAnswerDto })
  dryRun(
    @Caller() { programmeId }: PrincipalOf<'staff'>,
    @Param('id') id: string,
    @Body() { examples }: DryRunDto,
  ): Promise<DryRunAnswerDto> {
    return this.database.withEntities(programmeId, (tx) => this.dryRuns.run(tx, id, examples));
  }

  @Post('eligibility-checks')
  @HttpCode(200)
  @Allow('marketing')
  @ApiOperation({ operationId: 'checkEligibility', summary: 'Says what is wrong with an eligibility rule, and where' })
  @ApiOkResponse({ type: EligibilityAnswerDto })
  eligibility(@Body() { eligibility }: EligibilityCheckDto): EligibilityAnswerDto {
    const fault = checkEligibility(eligibility);
    return fault
      ? { valid: false, errors: [fault], facts: [] }
      : { valid: true, errors: [], facts: factsOf(eligibility) };
  }

  @Post('offer-previews')
  @HttpCode(200)
  @Allow('marketing')
  @ApiOperation({ operationId: 'previewOffer', summary: 'Shows what customers would see of an offer; stores nothing' })
  @ApiOkResponse({ type: OfferPreviewDto })
  preview(@Caller() { programmeId }: PrincipalOf<'staff'>, @Body() body: PreviewOfferDto): Promise<OfferPreviewDto> {
    return this.database.withEntities(programmeId, (tx) => this.previews.preview(tx, body));
  }
}
