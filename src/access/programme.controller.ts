import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Database } from '../platform/database';
import { Allow, Caller } from './access.decorators';
import type { PrincipalOf } from './principal';
import { EditProgrammeDto, ProgrammeSettingsDto } from './programmes.dto';
import { ProgrammesService } from './programmes.service';

/** A programme as its own staff see it. */
@ApiTags('Programmes')
@Controller('v1/programme')
export class ProgrammeController {
  constructor(
    private readonly programmes: ProgrammesService,
    private readonly database: Database,
  ) {}

  @Get()
  @Allow('marketing', 'dpo')
  @ApiOperation({ operationId: 'getProgramme', summary: 'Shows the programme and what it has decided about itself' })
  @ApiOkResponse({ type: ProgrammeSettingsDto })
  one(@Caller() { programmeId }: PrincipalOf<'staff'>): Promise<ProgrammeSettingsDto> {
    return this.database.inProgramme(programmeId, (tx) => this.programmes.settings(tx));
  }

  @Patch()
  @Allow('admin')
  @ApiOperation({ operationId: 'editProgramme', summary: 'Says whether offers need a second person’s approval' })
  @ApiOkResponse({ type: ProgrammeSettingsDto })
  edit(@Caller() caller: PrincipalOf<'staff'>, @Body() body: EditProgrammeDto): Promise<ProgrammeSettingsDto> {
    return this.database.inProgramme(caller, (tx) => this.programmes.edit(tx, body));
  }
}
