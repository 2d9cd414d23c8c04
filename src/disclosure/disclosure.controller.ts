import { Body, Controller, HttpCode, Post, type StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { ApiProblems } from '../platform/http/api-problems';
import { BatchDisclosureBody, DisclosedLine, RefusedLine } from './batch.dto';
import { BatchDisclosure } from './batch-disclosure';
import { DisclosureAnswer, DisclosureBody } from './disclosure.dto';
import { PredicateAnswer, PredicateBody } from './predicate.dto';
import { Disclosure } from './disclosure.service';
import { QUESTIONS_A_DAY } from './questions';

const REFUSALS = {
  403: {
    'no-active-consent': 'none of the attributes has an active consent for the purpose; nothing was released',
    'purpose-not-registered': 'the recipient is not registered for the purpose',
    'recipient-suspended': 'a revocation notice that the recipient owes an answer to is overdue',
  },
};

const { 'no-active-consent': _, ...OF_THE_CALL } = REFUSALS[403];

const LINES = {
  description: 'A line a customer, in the order asked; one that is not complete ends with a broken connection',
  content: {
    // Of each line: the media type has no other way to say so in OpenAPI 3.1.
    'application/x-ndjson': {
      schema: { oneOf: [{ $ref: getSchemaPath(DisclosedLine) }, { $ref: getSchemaPath(RefusedLine) }] },
    },
  },
};

@ApiTags('Recipient')
@ApiExtraModels(DisclosedLine, RefusedLine)
@Controller('v1')
export class DisclosureController {
  constructor(
    private readonly disclosure: Disclosure,
    private readonly batches: BatchDisclosure,
  ) {}

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

  /** Each line is a disclosure of its own, with its own record, under the same rules as a call for one customer. */
  @Post('disclosures/batch')
  @HttpCode(200)
  @Allow('recipient')
  @ApiOperation({
    operationId: 'discloseBatch',
    summary: 'Read values of up to 1000 customers for a consented purpose',
  })
  @ApiOkResponse(LINES)
  @ApiProblems({ 403: OF_THE_CALL })
  discloseBatch(
    @Caller() caller: PrincipalOf<'recipient'>,
    @Body() body: BatchDisclosureBody,
  ): Promise<StreamableFile> {
    return this.batches.disclose(caller, body);
  }

  /** The answer leaves, the values do not. Recorded as every other use; every call is one of its own. */
  @Post('predicates')
  @HttpCode(200)
  @Allow('recipient')
  @ApiOperation({ operationId: 'askPredicate', summary: 'Ask a question about values, for a consented purpose' })
  @ApiOkResponse({ type: PredicateAnswer })
  @ApiProblems({
    ...REFUSALS,
    429: {
      'too-many-questions': `this recipient has asked ${QUESTIONS_A_DAY} questions about an attribute of this customer in 24 hours`,
    },
  })
  ask(@Caller() caller: PrincipalOf<'recipient'>, @Body() body: PredicateBody): Promise<PredicateAnswer> {
    return this.disclosure.answer(caller, body);
  }
}
