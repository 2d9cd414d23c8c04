import { Controller, Get, Headers, Param, Query, type StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiParam, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { Database } from '../platform/database';
import { languageOf } from './language';
import { LocaleQuery } from './ledger.dto';
import { lineageOf } from './lineage';
import { LineageView } from './lineage.dto';
import { StatementQuery, StatementView } from './statement.dto';
import { Statements } from './statements.service';

type Shop = PrincipalOf<'storefront'>;
type Customer = PrincipalOf<'customer'>;

const IN_EITHER_FORM = {
  description: 'The statement, sent as it is read; one that is not complete ends with a broken connection',
  content: {
    'application/json': { schema: { $ref: getSchemaPath(StatementView) } },
    'text/csv': {
      schema: {
        type: 'string',
        description: 'RFC 4180, with a header. The first record is the opening balance, the last the closing one.',
      },
    },
  },
};
const ApiRedemption = () => ApiParam({ name: 'id', example: 'red_01k9v5m3c8e1p9r2t4y6u8i0ag' });

/** Where points came from and went, for whoever has to account for them. */
@ApiTags('Customer view')
@ApiExtraModels(StatementView)
@Controller('v1')
export class PointsController {
  constructor(
    private readonly database: Database,
    private readonly statements: Statements,
  ) {}

  @Get('customers/:customerRef/statement')
  @Allow('storefront')
  @ApiParam({ name: 'customerRef', example: 'customer-4711', description: 'The storefront’s own reference' })
  @ApiOperation({
    operationId: 'getStatement',
    summary: 'A customer’s points over a time, oldest first, as JSON or CSV',
  })
  @ApiOkResponse(IN_EITHER_FORM)
  statement(
    @Caller() { programmeId }: Shop,
    @Param('customerRef') customerRef: string,
    @Query() query: StatementQuery,
    @Headers('accept') accept: string | undefined,
  ): Promise<StreamableFile> {
    return this.statements.statement({ programmeId, customerRef, isCustomer: false }, query, accept);
  }

  @Get('me/statement')
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({ operationId: 'getMyStatement', summary: 'My points over a time, oldest first, as JSON or CSV' })
  @ApiOkResponse(IN_EITHER_FORM)
  myStatement(
    @Caller() { programmeId, customerRef }: Customer,
    @Query() query: StatementQuery,
    @Headers('accept') accept: string | undefined,
  ): Promise<StreamableFile> {
    return this.statements.statement({ programmeId, customerRef, isCustomer: true }, query, accept);
  }

  @Get('redemptions/:id/lineage')
  @Allow('storefront')
  @ApiRedemption()
  @ApiOperation({ operationId: 'getLineage', summary: 'Which shares and awards earned the points of a redemption' })
  @ApiOkResponse({ type: LineageView })
  lineage(
    @Caller() { programmeId }: Shop,
    @Param('id') id: string,
    @Query() { locale }: LocaleQuery,
  ): Promise<LineageView> {
    return this.database.inProgramme(programmeId, async (tx) =>
      lineageOf(tx, id, { language: await languageOf(tx, locale) }),
    );
  }

  @Get('me/redemptions/:id/lineage')
  @Allow('customer')
  @ApiTags('Customer')
  @ApiRedemption()
  @ApiOperation({ operationId: 'getMyLineage', summary: 'Which shares and awards earned the points that I spent' })
  @ApiOkResponse({ type: LineageView })
  myLineage(
    @Caller() { programmeId, customerRef }: Customer,
    @Param('id') id: string,
    @Query() { locale }: LocaleQuery,
  ): Promise<LineageView> {
    return this.database.inProgramme(programmeId, async (tx) =>
      lineageOf(tx, id, { language: await languageOf(tx, locale), customerRef }),
    );
  }
}
