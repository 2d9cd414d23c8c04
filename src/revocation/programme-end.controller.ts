import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { Allow } from '../access';
import { JobAnswer, JobView, viewOf } from '../jobs';
import { Database } from '../platform/database';
import { requireId, toPublicId } from '../platform/ids';
import { BELL, type Bell } from '../platform/platform.module';
import { endProgramme, findProgrammeEnd } from './programme-end';

class ProgrammeEndBody {
  /** The programme's own, so that no other is ended by mistake: there is no way back. */
  @ApiProperty({ example: 'rosenrot' })
  @IsString()
  @MaxLength(64)
  slug: string;
}

/** On the connections of revocations, as everything that says stop. */
@ApiTags('Programmes')
@Controller('v1/programmes')
export class ProgrammeEndController {
  constructor(
    private readonly database: Database,
    @Inject(BELL) private readonly bell: Bell,
  ) {}

  /**
   * No share and no release from here on; consents are ended by a job, values and keys destroyed, and recipients told as of any
   * revocation. Points stay, and can be spent until their dates; keys go on for that, and for customers’ rights.
   */
  @Post(':id/end')
  @HttpCode(202)
  @Allow('operator')
  @ApiOperation({ operationId: 'endProgramme', summary: 'End a programme for good' })
  @ApiAcceptedResponse({ type: JobAnswer })
  async end(@Param('id') publicId: string, @Body() { slug }: ProgrammeEndBody): Promise<JobAnswer> {
    const id = requireId('prg', publicId, 'programme');
    const operator = { programmeId: id, kind: 'operator' };
    const jobId = await this.database.inProgrammeReserved(operator, (tx) => endProgramme(tx, slug));
    this.bell.ring(id);
    return { jobId: toPublicId('job', jobId) };
  }

  @Get(':id/end')
  @Allow('operator')
  @ApiOperation({ operationId: 'getProgrammeEnd', summary: 'How far the end of a programme has come' })
  @ApiOkResponse({ type: JobView })
  async find(@Param('id') publicId: string): Promise<JobView> {
    const id = requireId('prg', publicId, 'programme');
    return viewOf(await this.database.inProgramme(id, findProgrammeEnd));
  }
}
