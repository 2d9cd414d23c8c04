import { Body, Controller, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../platform/http/api-problems';
import { Allow } from './access.decorators';
import { NewProgrammeDto, ProgrammeDto } from './programmes.dto';
import { ProgrammesService } from './programmes.service';

@ApiTags('Programmes')
@Controller('v1/programmes')
export class ProgrammesController {
  constructor(private readonly programmes: ProgrammesService) {}

  @Post()
  @Allow('operator')
  @ApiOperation({ operationId: 'foundProgramme', summary: 'Found a programme, with a key for its first admin' })
  @ApiCreatedResponse({ type: ProgrammeDto })
  @ApiProblems({ 409: { 'slug-taken': 'another programme has this slug' } })
  found(@Body() wanted: NewProgrammeDto): Promise<ProgrammeDto> {
    return this.programmes.found(wanted);
  }
}
