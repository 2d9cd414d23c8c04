import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { Database } from '../platform/database';
import { ApiProblems, MERGED } from '../platform/http/api-problems';
import { parsePublicId, toPublicId } from '../platform/ids';
import { BELL, type Bell } from '../platform/platform.module';
import { notFound } from '../platform/problem';
import { AwardBody, AwardGiven, AwardView, ReversalAnswer, ReversalBody, type ReversalView } from './awards.dto';
import { award, findAward, type Award } from './awards';
import { reversalsOf, reverse, type Reversal } from './reversals';

@ApiTags('Awards')
@Controller('v1/awards')
export class AwardsController {
  constructor(
    private readonly database: Database,
    private readonly idempotency: Idempotency,
    @Inject(BELL) private readonly bell: Bell,
  ) {}

  /** For an order, or out of goodwill. The same reference again: the same award, never a second one. */
  @Post()
  @HttpCode(201)
  @Allow('storefront')
  @ApiOperation({ operationId: 'createAward', summary: 'Award points for something else than data' })
  @ApiCreatedResponse({ type: AwardGiven })
  @ApiProblems({
    409: {
      'reference-used': 'the reference is that of an award to another customer, or of another number of points',
      'customer-merged': MERGED,
      'programme-ended': 'nothing new begins in it',
    },
  })
  async create(@ThisCall() call: Call, @Body() body: AwardBody): Promise<AwardGiven> {
    const { id, status } = await this.idempotency.once(call, 201, async (tx) => {
      const given = await award(tx, body);
      return { id: toPublicId('awd', given.id), status: given.status };
    });
    this.bell.ring(call.principal.programmeId);
    return { id, status };
  }

  @Get(':id')
  @Allow('storefront', 'marketing')
  @ApiOperation({ operationId: 'getAward', summary: 'An award and what became of it' })
  @ApiOkResponse({ type: AwardView })
  find(@Caller() caller: PrincipalOf<'storefront' | 'staff'>, @Param('id') publicId: string): Promise<AwardView> {
    const id = idOf(publicId);
    return this.database.inProgramme(caller.programmeId, async (tx) => {
      const found = await findAward(tx, id);
      if (!found) throw notFound('award');
      if (caller.kind === 'storefront') return viewOf(found);
      return { ...viewOf(found), reversals: (await reversalsOf(tx, id)).map(reversalViewOf) };
    });
  }

  /** Points of a wrong award are taken back, also of a share's; never below zero, and never because consent was withdrawn. */
  @Post(':id/reversals')
  @HttpCode(201)
  @Allow('marketing')
  @ApiOperation({ operationId: 'reverseAward', summary: 'Reverse a wrong award' })
  @ApiCreatedResponse({ type: ReversalAnswer })
  @ApiProblems({
    409: {
      'award-pending': 'the award is not booked yet, or on its way after a merge: it is there a moment later',
      'reversal-exceeds-award': 'that many points are not left of the award: others were reversed, or ended unused',
    },
  })
  reverse(
    @ThisCall() call: Call,
    @Caller() staff: PrincipalOf<'staff'>,
    @Param('id') publicId: string,
    @Body() body: ReversalBody,
  ): Promise<ReversalAnswer> {
    const awardId = idOf(publicId);
    return this.idempotency.once(call, 201, async (tx) => {
      const { id, ...made } = await reverse(tx, { ...body, awardId, staff });
      return { id: toPublicId('rvs', id), ...made };
    });
  }
}

/** An award of a share is called by either id. */
function idOf(publicId: string): string {
  const id = parsePublicId('awd', publicId) ?? parsePublicId('shr', publicId);
  if (id === undefined) throw notFound('award');
  return id;
}

const viewOf = ({ id, kind, status, ofShare, promisedAt, ...rest }: Award): AwardView => ({
  id: toPublicId('awd', id),
  status,
  type: kind,
  share: ofShare ? toPublicId('shr', id) : undefined,
  promisedAt: promisedAt.toISOString(),
  ...rest,
});

const reversalViewOf = ({ id, reason, evidence, points, reversed, staff, at }: Reversal): ReversalView => ({
  id: toPublicId('rvs', id),
  reversed,
  uncovered: points - reversed,
  reason,
  evidence,
  by: toPublicId('key', staff.callerId),
  role: staff.role,
  at: at.toISOString(),
});
