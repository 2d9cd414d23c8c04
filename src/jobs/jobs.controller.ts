import { Controller, Get, Headers, HttpCode, Param, Post, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, AskStillLetIn, Caller, type PrincipalOf, type StillLetIn } from '../access';
import { type Call, ThisCall } from '../idempotency';
import { ApiProblems } from '../platform/http/api-problems';
import { inEitherForm, wantsEvents } from '../platform/http/server-events';
import { JobView } from './job.dto';
import { Jobs } from './jobs.service';

const IN_EITHER_FORM = inEitherForm(JobView, 'data: {"status":"done"}\n\n');

@ApiTags('Jobs')
@Controller('v1')
export class JobsController {
  constructor(private readonly jobs: Jobs) {}

  @Get('jobs/:id')
  @Allow('storefront', 'marketing', 'dpo')
  @ApiOperation({ operationId: 'getJob', summary: 'How far long work has come' })
  @ApiOkResponse(IN_EITHER_FORM)
  find(
    @Caller() caller: PrincipalOf<'storefront' | 'staff'>,
    @Param('id') id: string,
    @Headers('accept') accept: string | undefined,
    @AskStillLetIn() stillLetIn: StillLetIn,
  ): Promise<JobView | StreamableFile> {
    return wantsEvents(accept) ? this.jobs.watch(caller, id, stillLetIn) : this.jobs.find(caller, id);
  }

  @Get('me/jobs/:id')
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({ operationId: 'getMyJob', summary: 'How far my erasure has come' })
  @ApiOkResponse(IN_EITHER_FORM)
  findMine(
    @Caller() caller: PrincipalOf<'customer'>,
    @Param('id') id: string,
    @Headers('accept') accept: string | undefined,
    @AskStillLetIn() stillLetIn: StillLetIn,
  ): Promise<JobView | StreamableFile> {
    return wantsEvents(accept) ? this.jobs.watch(caller, id, stillLetIn) : this.jobs.find(caller, id);
  }

  /** What was done stays done. */
  @Post('jobs/:id/cancel')
  @HttpCode(200)
  @Allow('storefront', 'dpo')
  @ApiOperation({ operationId: 'cancelJob', summary: 'Stop long work before its next step' })
  @ApiOkResponse({ type: JobView })
  @ApiProblems({ 409: { 'job-finished': 'the job is done, failed or was cancelled before' } })
  cancel(
    @ThisCall() call: Call,
    @Caller() caller: PrincipalOf<'storefront' | 'staff'>,
    @Param('id') id: string,
  ): Promise<JobView> {
    return this.jobs.cancel(call, caller, id);
  }
}
