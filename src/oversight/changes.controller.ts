import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { Database } from '../platform/database';
import type { Page } from '../platform/http/page.dto';
import { listChanges } from './changes';
import { type ChangeDto, ChangesPage, ChangesQuery } from './changes.dto';

@ApiTags('Data protection')
@Controller('v1/changes')
export class ChangesController {
  constructor(private readonly database: Database) {}

  /** Written by the database with each change of the configuration, and never changed or removed. */
  @Get()
  @Allow('dpo')
  @ApiOperation({ operationId: 'listChanges', summary: 'Who changed what of the configuration, newest first' })
  @ApiOkResponse({ type: ChangesPage })
  list(@Caller() { programmeId }: PrincipalOf<'staff'>, @Query() query: ChangesQuery): Promise<Page<ChangeDto>> {
    return this.database.inProgramme(programmeId, (tx) => listChanges(tx, query));
  }
}
