import { Controller, Get, Headers, Query, StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { preferred } from '../platform/http/preferred';
import { ProcessingRecord, ProcessingRecordQuery } from './processing-record.dto';
import { ProcessingRecords } from './processing-record';
import { recordAsCsv } from './record-as-csv';

@ApiTags('Data protection')
@ApiExtraModels(ProcessingRecord)
@Controller('v1')
export class RightsController {
  constructor(private readonly records: ProcessingRecords) {}

  @Get('processing-record')
  @Allow('dpo')
  @ApiOperation({
    operationId: 'getProcessingRecord',
    summary: 'The record of processing activities, from the offers that are made and what is still used (GDPR Art. 30)',
  })
  @ApiOkResponse({
    description: 'The record; as CSV, a line for each purpose and category of data',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(ProcessingRecord) } },
      'text/csv': { schema: { type: 'string', description: 'RFC 4180, with a header in the language asked for.' } },
    },
  })
  async record(
    @Caller() { programmeId }: PrincipalOf<'staff'>,
    @Query() { locale, format }: ProcessingRecordQuery,
    @Headers('accept') accept: string | undefined,
  ): Promise<ProcessingRecord | StreamableFile> {
    const { record, language } = await this.records.record(programmeId, locale);
    if ((format ?? preferred(accept, ['json', 'csv'])) === 'json') return record;
    return new StreamableFile(Buffer.from(recordAsCsv(record, language)), {
      type: 'text/csv; charset=utf-8; header=present',
      disposition: 'attachment; filename="processing-record.csv"',
    });
  }
}
