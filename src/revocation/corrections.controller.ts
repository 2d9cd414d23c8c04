import { Body, Controller, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { ApiProblems } from '../platform/http/api-problems';
import { CorrectionAnswer, CorrectionBody } from './correction.dto';
import { Corrections } from './corrections';

const VALUE_INVALID = {
  422: { 'value-invalid': 'a value does not match its attribute’s schema: see errors, which do not repeat it' },
};

@ApiTags('Exchange')
@Controller('v1')
export class CorrectionsController {
  constructor(private readonly corrections: Corrections) {}

  /** The new value counts under the consents that cover the old one. It earns nothing and costs nothing. */
  @Put('customers/:customerRef/values/:attribute')
  @Allow('storefront')
  @ApiOperation({ operationId: 'correctValue', summary: 'Correct a shared value' })
  @ApiOkResponse({ type: CorrectionAnswer })
  @ApiProblems(VALUE_INVALID)
  correct(
    @Caller() { programmeId }: PrincipalOf<'storefront'>,
    @Param('customerRef') customerRef: string,
    @Param('attribute') attribute: string,
    @Body() { value }: CorrectionBody,
  ): Promise<CorrectionAnswer> {
    return this.corrections.correct(programmeId, customerRef, { attribute, value, by: 'storefront' });
  }

  @Put('me/values/:attribute')
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({ operationId: 'correctMyValue', summary: 'Correct a shared value, as the customer' })
  @ApiOkResponse({ type: CorrectionAnswer })
  @ApiProblems(VALUE_INVALID)
  correctMine(
    @Caller() { programmeId, customerRef }: PrincipalOf<'customer'>,
    @Param('attribute') attribute: string,
    @Body() { value }: CorrectionBody,
  ): Promise<CorrectionAnswer> {
    return this.corrections.correct(programmeId, customerRef, { attribute, value, by: 'customer' });
  }
}
