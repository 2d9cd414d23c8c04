import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { Database, type Tx } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { requireId } from '../platform/ids';
import { KeyRing, type ProgrammeKeys } from '../platform/key-ring';
import { BELL, type Bell } from '../platform/platform.module';
import { notFound } from '../platform/problem';
import { merge } from './merge';
import { findMerge, type Merge, viewOf } from './merge-rows';
import { MergeBody, MergeView } from './merges.dto';
import { undo } from './undo';

const idOf = (publicId: string): string => requireId('mrg', publicId, 'merge');

@ApiTags('Merging')
@Controller('v1')
export class MergesController {
  constructor(
    private readonly database: Database,
    private readonly idempotency: Idempotency,
    private readonly keyRing: KeyRing,
    @Inject(BELL) private readonly bell: Bell,
  ) {}

  /**
   * The points are the other's, with the expiry that they have. Nothing that the one consented to is used any more, nor what the
   * other consented to and the one refused. From here on the one's reference is an alias: what would give, award, share or spend
   * under it is answered 409 `customer-merged`; what it did before can be read, taken back and erased. For 30 days it can be
   * undone; then what was blocked ends, as by a revocation.
   */
  @Post('customers/:customerRef/merge')
  @HttpCode(201)
  @Allow('storefront')
  @ApiParam({ name: 'customerRef', example: 'customer-4711', description: 'Who is merged into the other' })
  @ApiOperation({ operationId: 'mergeCustomer', summary: 'Merge a customer into another, who is the same' })
  @ApiCreatedResponse({ type: MergeView })
  @ApiProblems({
    409: {
      'customer-merged': 'one of them has been merged into the one that mergedInto names',
      'merge-state': 'one of them is leaving',
    },
  })
  merge(@ThisCall() call: Call, @Param('customerRef') from: string, @Body() { into }: MergeBody): Promise<MergeView> {
    return this.change(call, 201, (tx, keys) => merge(tx, keys, { from, into }));
  }

  @Get('merges/:id')
  @Allow('storefront', 'dpo')
  @ApiOperation({ operationId: 'getMerge', summary: 'A merge and what became of it' })
  @ApiOkResponse({ type: MergeView })
  find(@Caller() { programmeId }: PrincipalOf<'storefront' | 'staff'>, @Param('id') id: string): Promise<MergeView> {
    return this.database.inProgramme(programmeId, async (tx) => {
      const found = await findMerge(tx, idOf(id));
      if (!found) throw notFound('merge');
      return viewOf(found);
    });
  }

  /** Within 30 days. Points go back as far as they are there; consents that the merge blocked may be used again. */
  @Post('merges/:id/undo')
  @HttpCode(200)
  @Allow('storefront')
  @ApiOperation({ operationId: 'undoMerge', summary: 'Undo a merge' })
  @ApiOkResponse({ type: MergeView })
  @ApiProblems({
    409: {
      'merge-state':
        'it was undone, is final, or what came after it (another merge, a customer who left, points that are missing and held for an order) forbids it',
    },
  })
  undo(@ThisCall() call: Call, @Param('id') id: string): Promise<MergeView> {
    return this.change(call, 200, (tx, keys) => undo(tx, keys, idOf(id)));
  }

  private async change(
    call: Call,
    status: number,
    work: (tx: Tx, keys: ProgrammeKeys) => Promise<Merge>,
  ): Promise<MergeView> {
    const { programmeId } = call.principal;
    const keys = await this.keyRing.of(programmeId);
    const run = async (tx: Tx): Promise<MergeView> => viewOf(await work(tx, keys));
    const answer = await this.idempotency.once(call, status, run, { reserved: true });
    this.bell.ring(programmeId);
    return answer;
  }
}
