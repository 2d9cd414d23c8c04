import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { ApiProblems, MERGED } from '../platform/http/api-problems';
import { CustomerView } from './customer-view.service';
import { BalanceView, EntryPage } from './entries.dto';
import { LedgerPage, LocalePage, LocaleQuery } from './ledger.dto';
import { CustomerRecipients } from './recipients.dto';

type Asking = PrincipalOf<'storefront' | 'staff'>;

const ApiCustomerRef = () =>
  ApiParam({ name: 'customerRef', example: 'customer-4711', description: 'The storefront’s own reference' });

@ApiTags('Customer view')
@Controller('v1/customers/:customerRef')
export class CustomerViewController {
  constructor(private readonly view: CustomerView) {}

  @Get('balance')
  @Allow('storefront')
  @ApiCustomerRef()
  @ApiOperation({ operationId: 'getBalance', summary: 'Points of a customer; 0 for one never seen' })
  @ApiOkResponse({ type: BalanceView })
  @ApiProblems({ 409: { 'customer-merged': MERGED } })
  balance(@Caller() { programmeId }: Asking, @Param('customerRef') customerRef: string): Promise<BalanceView> {
    return this.view.balance(programmeId, customerRef);
  }

  @Get('entries')
  @Allow('storefront')
  @ApiCustomerRef()
  @ApiOperation({ operationId: 'listEntries', summary: 'Every change of a customer’s points and why, newest first' })
  @ApiOkResponse({ type: EntryPage })
  entries(
    @Caller() { programmeId }: Asking,
    @Param('customerRef') customerRef: string,
    @Query() page: LocalePage,
  ): Promise<EntryPage> {
    return this.view.entries({ programmeId, customerRef, isCustomer: false }, page);
  }

  @Get('ledger')
  @Allow('storefront', 'dpo')
  @ApiCustomerRef()
  @ApiOperation({
    operationId: 'getCustomerLedger',
    summary: 'What a customer shared, what for, what they got, who used it: newest first',
  })
  @ApiOkResponse({ type: LedgerPage })
  ledger(
    @Caller() { programmeId }: Asking,
    @Param('customerRef') customerRef: string,
    @Query() page: LocalePage,
  ): Promise<LedgerPage> {
    return this.view.ledger(programmeId, customerRef, page);
  }

  @Get('recipients')
  @Allow('storefront', 'dpo')
  @ApiCustomerRef()
  @ApiOperation({
    operationId: 'listCustomerRecipients',
    summary: 'Who may use what a customer shared, and who last did (GDPR Art. 15(1)(c))',
  })
  @ApiOkResponse({ type: CustomerRecipients })
  recipients(
    @Caller() { programmeId }: Asking,
    @Param('customerRef') customerRef: string,
    @Query() { locale }: LocaleQuery,
  ): Promise<CustomerRecipients> {
    return this.view.recipients(programmeId, customerRef, locale);
  }
}
