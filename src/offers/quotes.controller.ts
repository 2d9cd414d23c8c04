import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, CUSTOMER_REF, type PrincipalOf } from '../access';
import { invalidField } from '../platform/problem';
import { Offered } from './offered';
import { AskForQuotesDto, QuotesDto, QuotesQuery } from './quote.dto';
import { type QuoteQuestion, QuotesService } from './quotes.service';

/** All of a programme's live offers, unless it has more. */
const MOST_QUOTES = 100;

@ApiTags('Quotes')
@Controller('v1')
export class QuotesController {
  constructor(
    private readonly service: QuotesService,
    private readonly offered: Offered,
  ) {}

  @Get('customers/:customerRef/offers')
  @Allow('storefront')
  @ApiOperation({ operationId: 'listQuotes', summary: 'What this customer would get for each offer now, and why not' })
  @ApiParam({ name: 'customerRef', schema: { type: 'string', pattern: CUSTOMER_REF.source }, example: 'customer-4711' })
  ofCustomer(
    @Caller() caller: PrincipalOf<'storefront'>,
    @Param('customerRef') customerRef: string,
    @Query() query: QuotesQuery,
  ): Promise<QuotesDto> {
    if (!CUSTOMER_REF.test(customerRef)) {
      throw invalidField('/customerRef', 'customerRef must have 1 to 128 of A–Z a–z 0–9 . _ : @ | -');
    }
    return this.quotes(caller.programmeId, { ...query, customerRef, context: {} });
  }

  @Post('quotes')
  @HttpCode(200)
  @Allow('storefront')
  @ApiOperation({
    operationId: 'askForQuotes',
    summary: 'The same, with facts about the customer that eligibility and minimum age look at; stores nothing',
  })
  withContext(@Caller() caller: PrincipalOf<'storefront'>, @Body() body: AskForQuotesDto): Promise<QuotesDto> {
    const { customerRef, locale, context } = body;
    return this.quotes(caller.programmeId, { customerRef, locale, context: context ?? {}, limit: MOST_QUOTES });
  }

  @Get('me/offers')
  @Allow('customer')
  @ApiOperation({ operationId: 'listMyQuotes', summary: 'What I would get for each offer now, and why not' })
  mine(@Caller() caller: PrincipalOf<'customer'>, @Query() query: QuotesQuery): Promise<QuotesDto> {
    const { programmeId, customerRef, session } = caller;
    return this.quotes(programmeId, { ...query, customerRef, context: session?.facts ?? {} });
  }

  private async quotes(programmeId: string, question: QuoteQuestion): Promise<QuotesDto> {
    const quotes = await this.service.quotes(programmeId, question);
    this.offered.note(programmeId, question.customerRef, quotes.data);
    return quotes;
  }
}
