import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { ApiProblems, MERGED } from '../platform/http/api-problems';
import { CustomerView } from './customer-view.service';
import { BalanceView, EntryPage } from './entries.dto';
import { LedgerPage, LocalePage, LocaleQuery } from './ledger.dto';
import { MyValuesReader } from './my-values';
import { MyValues } from './my-values.dto';
import { CustomerRecipients } from './recipients.dto';
import { UsePage, UsesQuery } from './uses.dto';

type Customer = PrincipalOf<'customer'>;

/** The same for the customers themselves: whose it is, the token says. */
@ApiTags('Customer')
@Controller('v1/me')
@Allow('customer')
export class MeController {
  constructor(
    private readonly view: CustomerView,
    private readonly ownValues: MyValuesReader,
  ) {}

  @Get('balance')
  @ApiOperation({ operationId: 'getMyBalance', summary: 'My points' })
  @ApiOkResponse({ type: BalanceView })
  @ApiProblems({ 409: { 'customer-merged': MERGED } })
  balance(@Caller() { programmeId, customerRef }: Customer): Promise<BalanceView> {
    return this.view.balance(programmeId, customerRef);
  }

  @Get('entries')
  @ApiOperation({ operationId: 'listMyEntries', summary: 'Every change of my points and why, newest first' })
  @ApiOkResponse({ type: EntryPage })
  entries(@Caller() { programmeId, customerRef }: Customer, @Query() page: LocalePage): Promise<EntryPage> {
    return this.view.entries({ programmeId, customerRef, isCustomer: true }, page);
  }

  @Get('ledger')
  @ApiOperation({
    operationId: 'getMyLedger',
    summary: 'What I shared, what for, what I got, who used it: newest first',
  })
  @ApiOkResponse({ type: LedgerPage })
  ledger(@Caller() { programmeId, customerRef }: Customer, @Query() page: LocalePage): Promise<LedgerPage> {
    return this.view.ledger(programmeId, customerRef, page);
  }

  @Get('recipients')
  @ApiOperation({
    operationId: 'listMyRecipients',
    summary: 'Who may use what I shared, and who last did (GDPR Art. 15(1)(c))',
  })
  @ApiOkResponse({ type: CustomerRecipients })
  recipients(
    @Caller() { programmeId, customerRef }: Customer,
    @Query() { locale }: LocaleQuery,
  ): Promise<CustomerRecipients> {
    return this.view.recipients(programmeId, customerRef, locale);
  }

  @Get('uses')
  @ApiOperation({ operationId: 'listMyUses', summary: 'Each time that somebody used what I shared, newest first' })
  @ApiOkResponse({ type: UsePage })
  @ApiProblems({ 404: { 'not-found': 'there is none with this id or key in this programme' } })
  uses(@Caller() { programmeId, customerRef }: Customer, @Query() query: UsesQuery): Promise<UsePage> {
    return this.view.uses(programmeId, customerRef, query);
  }

  @Get('values')
  @ApiOperation({
    operationId: 'listMyValues',
    summary: 'What I shared, to look at and to correct (GDPR Art. 15 and 16)',
    description: 'Each time is on record, and stands in the export.',
  })
  @ApiOkResponse({ type: MyValues })
  async values(@Caller() caller: Customer, @Query() { locale }: LocaleQuery): Promise<MyValues> {
    return { data: await this.ownValues.read(caller, locale) };
  }
}
