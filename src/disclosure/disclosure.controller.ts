import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { DisclosureAnswer, DisclosureBody } from './disclosure.dto';
import { Disclosure } from './disclosure.service';

@ApiTags('Recipient')
@Controller('v1')
export class DisclosureController {
  constructor(private readonly disclosure: Disclosure) {}

  /** Every call is a disclosure of its own, with its own record: there is nothing to repeat under a key. */
  @Post('disclosures')
  @HttpCode(200)
  @Allow('recipient')
  @ApiOperation({ operationId: 'disclose', summary: 'Read values for a consented purpose' })
  @ApiOkResponse({ type: DisclosureAnswer })
  disclose(@Caller() caller: PrincipalOf<'recipient'>, @Body() body: DisclosureBody): Promise<DisclosureAnswer> {
    return this.disclosure.disclose(caller, body);
  }
}
