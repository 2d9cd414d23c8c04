import { Body, Controller, Delete, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { Database } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { requireId } from '../platform/ids';
import { invalidField } from '../platform/problem';
import { MePauseBody, PauseAnswer, PauseBody } from './pause.dto';
import { endPause, pause, type PauseScope } from './pauses';

const UNTIL = { until: '2099-01-01T00:00:00Z' };
/** A body names exactly one of them, which its schema cannot say. */
const scopes = (customer: { customerRef?: string }) => ({
  share: { summary: 'A share', value: { ...customer, share: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad', ...UNTIL } },
  purpose: { summary: 'A purpose', value: { ...customer, purpose: 'birthday-greeting', ...UNTIL } },
  everything: { summary: 'Everything', value: { ...customer, everything: true, ...UNTIL } },
});

const NO_SUCH_THING = { 404: { 'not-found': 'there is none with this id or key in this programme' } };

/** On the connections of revocations: a customer who says stop never waits for a pool that readers have emptied. */
@ApiTags('Revocation')
@Controller('v1')
export class PausesController {
  constructor(
    private readonly database: Database,
    private readonly idempotency: Idempotency,
  ) {}

  /** Blocks use without ending a consent. When this answers, no release for it is possible until then. */
  @Post('pauses')
  @HttpCode(201)
  @Allow('storefront')
  @ApiOperation({ operationId: 'pause', summary: 'Pause the use of a share, a purpose or everything' })
  @ApiCreatedResponse({ type: PauseAnswer })
  @ApiBody({ type: PauseBody, examples: scopes({ customerRef: 'customer-4711' }) })
  @ApiProblems(NO_SUCH_THING)
  async pause(@ThisCall() call: Call, @Body() { customerRef, ...body }: PauseBody): Promise<PauseAnswer> {
    return this.begin(call, customerRef, body);
  }

  @Delete('pauses/:id')
  @HttpCode(204)
  @Allow('storefront')
  @ApiOperation({ operationId: 'endPause', summary: 'End a pause before its time' })
  @ApiNoContentResponse()
  end(@Caller() { programmeId }: PrincipalOf<'storefront'>, @Param('id') id: string): Promise<void> {
    return this.stop(programmeId, id);
  }

  @Post('me/pauses')
  @HttpCode(201)
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({
    operationId: 'pauseMine',
    summary: 'Pause the use of a share, a purpose or everything, as the customer',
  })
  @ApiCreatedResponse({ type: PauseAnswer })
  @ApiBody({ type: MePauseBody, examples: scopes({}) })
  @ApiProblems(NO_SUCH_THING)
  async pauseMine(
    @ThisCall() call: Call,
    @Caller() { customerRef }: PrincipalOf<'customer'>,
    @Body() body: MePauseBody,
  ): Promise<PauseAnswer> {
    return this.begin(call, customerRef, body);
  }

  @Delete('me/pauses/:id')
  @HttpCode(204)
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({ operationId: 'endMyPause', summary: 'End a pause of the customer before its time' })
  @ApiNoContentResponse()
  endMine(@Caller() { programmeId, customerRef }: PrincipalOf<'customer'>, @Param('id') id: string): Promise<void> {
    return this.stop(programmeId, id, customerRef);
  }

  private begin(call: Call, customerRef: string, body: MePauseBody): Promise<PauseAnswer> {
    const scope = scopeOf(body);
    const until = new Date(body.until);
    return this.idempotency.once(call, 201, (tx) => pause(tx, customerRef, scope, until), { reserved: true });
  }

  private stop(programmeId: string, publicId: string, customerRef?: string): Promise<void> {
    const id = requireId('pau', publicId, 'pause');
    return this.database.inProgrammeReserved(programmeId, (tx) => endPause(tx, id, customerRef));
  }
}

/** @throws 422 unless exactly one is given, 404 for a share that cannot be. */
function scopeOf({ share, purpose, everything }: MePauseBody): PauseScope {
  if ([share, purpose, everything].filter((one) => one !== undefined && one !== null).length === 1) {
    if (share) return { share: requireId('shr', share, 'share') };
    if (purpose) return { purpose };
    if (everything) return { everything };
  }
  throw invalidField('', 'Give exactly one of share, purpose and everything: true');
}
