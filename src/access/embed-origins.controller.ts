import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Database } from '../platform/database';
import { Allow, Caller } from './access.decorators';
import { EmbedOrigins } from './embed-origins';
import { EmbedOriginsDto } from './embed-origins.dto';
import type { PrincipalOf } from './principal';

@ApiTags('Customer sessions')
@Controller('v1/embed-origins')
@Allow('admin')
export class EmbedOriginsController {
  constructor(
    private readonly origins: EmbedOrigins,
    private readonly database: Database,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listEmbedOrigins', summary: 'Whose pages may hold the customer’s page' })
  @ApiOkResponse({ type: EmbedOriginsDto })
  async list(@Caller() { programmeId }: PrincipalOf<'staff'>): Promise<EmbedOriginsDto> {
    return { origins: await this.database.inProgramme(programmeId, (tx) => this.origins.list(tx)) };
  }

  @Put()
  @ApiOperation({
    operationId: 'setEmbedOrigins',
    summary: 'Say whose pages may hold the customer’s page',
    description: 'Browsers are let through for these origins, and for no others, from the next call on.',
  })
  @ApiOkResponse({ type: EmbedOriginsDto })
  async set(@Caller() caller: PrincipalOf<'staff'>, @Body() { origins }: EmbedOriginsDto): Promise<EmbedOriginsDto> {
    return { origins: await this.database.inProgramme(caller, (tx) => this.origins.replace(tx, origins)) };
  }
}
