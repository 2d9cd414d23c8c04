import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { Database } from '../platform/database';
import { type Page, PageQuery } from '../platform/http/page.dto';
import { chainState } from './chain-state';
import { consentsByPurpose } from './consents-by-purpose';
import { consentsOf } from './customer-consents';
import { disclosuresOf } from './customer-disclosures';
import {
  ChainStateDto,
  type ConsentOfCustomerDto,
  ConsentsByPurposeDto,
  ConsentsOfCustomerPage,
  type DisclosureOfCustomerDto,
  DisclosuresOfCustomerPage,
  type RevocationInListDto,
  RevocationsPage,
  RevocationsQuery,
} from './oversight.dto';
import { listRevocations } from './revocations-list';

type Staff = PrincipalOf<'staff'>;

const ApiCustomerRef = () =>
  ApiParam({ name: 'customerRef', example: 'customer-4711', description: 'The storefront’s own reference' });

@ApiTags('Data protection')
@Controller('v1')
@Allow('dpo')
export class OversightController {
  constructor(private readonly database: Database) {}

  @Get('consents/by-purpose')
  @ApiOperation({ operationId: 'getConsentsByPurpose', summary: 'How many persons consent to each purpose' })
  @ApiOkResponse({ type: ConsentsByPurposeDto })
  async byPurpose(@Caller() { programmeId }: Staff): Promise<ConsentsByPurposeDto> {
    return { data: await this.database.inProgramme(programmeId, consentsByPurpose) };
  }

  /** Those of a customer who was merged into another are under the reference that they had. */
  @Get('customers/:customerRef/disclosures')
  @ApiCustomerRef()
  @ApiOperation({ operationId: 'listCustomerDisclosures', summary: 'What was released of a customer, newest first' })
  @ApiOkResponse({ type: DisclosuresOfCustomerPage })
  disclosures(
    @Caller() { programmeId }: Staff,
    @Param('customerRef') customerRef: string,
    @Query() page: PageQuery,
  ): Promise<Page<DisclosureOfCustomerDto>> {
    return this.database.inProgramme(programmeId, (tx) => disclosuresOf(tx, customerRef, page));
  }

  /** Those of a customer who was merged into another are under the reference that they had. */
  @Get('customers/:customerRef/consents')
  @ApiCustomerRef()
  @ApiOperation({
    operationId: 'listCustomerConsents',
    summary: 'What a customer consented to, and what became of it; newest first',
  })
  @ApiOkResponse({ type: ConsentsOfCustomerPage })
  consents(
    @Caller() { programmeId }: Staff,
    @Param('customerRef') customerRef: string,
    @Query() page: PageQuery,
  ): Promise<Page<ConsentOfCustomerDto>> {
    return this.database.inProgramme(programmeId, (tx) => consentsOf(tx, customerRef, page));
  }

  @Get('revocations')
  @ApiOperation({
    operationId: 'listRevocations',
    summary: 'What was taken back or ended, newest first, with the recipients and by when they are to answer',
  })
  @ApiOkResponse({ type: RevocationsPage })
  revocations(@Caller() { programmeId }: Staff, @Query() query: RevocationsQuery): Promise<Page<RevocationInListDto>> {
    return this.database.inProgramme(programmeId, (tx) => listRevocations(tx, query));
  }

  /** Whether it holds is for whoever verifies it: `npm run verify`, with checkpoints that were kept elsewhere. */
  @Get('chain')
  @ApiTags('History')
  @ApiOperation({ operationId: 'getChainState', summary: 'How far the history is sealed' })
  @ApiOkResponse({ type: ChainStateDto })
  chain(@Caller() { programmeId }: Staff): Promise<ChainStateDto> {
    return chainState(this.database, programmeId);
  }
}
