import { Controller, Get, Header, Headers, Inject, Param, Query, type StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiParam, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { preferred } from '../platform/http/preferred';
import { streamed } from '../platform/http/streamed';
import type { Logger } from '../platform/logging';
import { LOGGER } from '../platform/platform.module';
import { exportAsArchive } from './export-archive';
import { CustomerExports, type ExportContents } from './export-contents';
import { CustomerExport, type ExportFormat, ExportQuery } from './export.dto';
import { exportAsJson, valuesAsCsv } from './export-text';

const IN_ANY_FORM = {
  description: 'The export, sent as it is read; one that is not complete ends with a broken connection',
  content: {
    'application/json': { schema: { $ref: getSchemaPath(CustomerExport) } },
    'text/csv': { schema: { type: 'string', description: 'The values alone: RFC 4180, with a header.' } },
    'application/zip': {
      schema: {
        type: 'string',
        format: 'binary',
        description:
          'export.json, values, consents, disclosures and points as CSV, and a signed receipt of each share.',
      },
    },
  },
};

const FORMS: Record<
  ExportFormat,
  { type: string; of: (contents: ExportContents) => AsyncIterable<string | Uint8Array> }
> = {
  json: { type: 'application/json; charset=utf-8', of: exportAsJson },
  csv: { type: 'text/csv; charset=utf-8; header=present', of: ({ head }) => single(valuesAsCsv(head.values)) },
  zip: { type: 'application/zip', of: exportAsArchive },
};

async function* single(text: string): AsyncGenerator<string> {
  yield text;
}

const formatOf = ({ format }: ExportQuery, accept: string | undefined): ExportFormat =>
  format ?? preferred(accept, ['json', 'csv', 'zip']);

/** Access and portability (GDPR Art. 15 and 20), for customers themselves and for a storefront that they ask. */
@ApiTags('Customer view')
@ApiExtraModels(CustomerExport)
@Controller('v1')
export class ExportController {
  constructor(
    private readonly exports: CustomerExports,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get('me/export')
  @Allow('customer')
  @ApiTags('Customer')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'exportMine',
    summary: 'Everything that is held about me, values included, as JSON or an archive (GDPR Art. 15 and 20)',
  })
  @ApiOkResponse(IN_ANY_FORM)
  exportMine(
    @Caller() caller: PrincipalOf<'customer'>,
    @Query() query: ExportQuery,
    @Headers('accept') accept: string | undefined,
  ): Promise<StreamableFile> {
    return this.send(caller, caller.customerRef, query, formatOf(query, accept));
  }

  /** For a customer who asked the shop, not the page. It is on record, and the customer sees that record. */
  @Get('customers/:customerRef/export')
  @Allow('storefront')
  @Header('Cache-Control', 'no-store')
  @ApiParam({ name: 'customerRef', example: 'customer-4711', description: 'The storefront’s own reference' })
  @ApiOperation({
    operationId: 'exportCustomer',
    summary: 'Everything that is held about a customer, values included, to be handed to them (GDPR Art. 15 and 20)',
  })
  @ApiOkResponse(IN_ANY_FORM)
  exportCustomer(
    @Caller() caller: PrincipalOf<'storefront'>,
    @Param('customerRef') customerRef: string,
    @Query() query: ExportQuery,
    @Headers('accept') accept: string | undefined,
  ): Promise<StreamableFile> {
    return this.send(caller, customerRef, query, formatOf(query, accept));
  }

  private async send(
    { programmeId, callerId, kind }: PrincipalOf<'customer' | 'storefront'>,
    customerRef: string,
    { locale }: ExportQuery,
    format: ExportFormat,
  ): Promise<StreamableFile> {
    const contents = await this.exports.open({ programmeId, customerRef, locale, askedBy: kind, callerId, format });
    const { type, of } = FORMS[format];
    return streamed(of(contents), {
      logger: this.logger,
      what: 'export',
      type,
      ...(format === 'json' ? {} : { disposition: `attachment; filename="export.${format}"` }),
    });
  }
}
