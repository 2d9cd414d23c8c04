import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { ApiProblems } from '../platform/http/api-problems';
import { DisclosureAnswer, DisclosureBody } from './disclosure.dto';
import { PredicateAnswer, PredicateBody } from './predicate.dto';
import { Disclosure } from './disclosure.service';

const REFUSALS = {
  403: {
    'no-active-consent': 'none of the attributes has an active consent for the purpose; nothing was released',
    'purpose-not-registered': 'the recipient is not registered for the purpose',
    'recipient-suspended': 'a revocation notice that the recipient owes an answer to is overdue',
  },
};

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
  @ApiProblems(REFUSALS)
  disclose(@Caller() caller: PrincipalOf<'recipient'>, @Body() body: DisclosureBody): Promise<DisclosureAnswer> {
    return this.disclosure.disclose(caller, body);
  }

  /** The answer leaves, the values do not. Recorded as every other use; every call is one of its own. */
  @Post('predicates')
  @HttpCode(200)
  @Allow('recipient')
  @ApiOperation({ operationId: 'askPredicate', summary: 'Ask a question about values, for a consented purpose' })
  @ApiOkResponse({ type: PredicateAnswer })
  @ApiProblems(REFUSALS)
  ask(@Caller() caller: PrincipalOf<'recipient'>, @Body() body: PredicateBody): Promise<PredicateAnswer> {
    return this.disclosure.answer(caller, body);
  }
}
