import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { Database } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { PageQuery } from '../platform/http/page.dto';
import { PurposeDto, PurposePageDto, CreatePurposeDto } from './purpose.dto';
import { PurposesService } from './purposes.service';

@ApiTags('Catalogue')
@Controller('v1/purposes')
export class PurposesController {
  constructor(
    private readonly purposes: PurposesService,
    private readonly database: Database,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @Allow('marketing')
  @ApiOperation({ operationId: 'createPurpose', summary: 'Adds a purpose to the catalogue' })
  @ApiProblems({ 409: { 'key-taken': 'another of the programme has this key' } })
  create(@ThisCall() call: Call, @Body() body: CreatePurposeDto): Promise<PurposeDto> {
    return this.idempotency.onceWithEntities(call, 201, (tx) => this.purposes.create(tx, body));
  }

  @Get()
  @Allow('marketing', 'dpo')
  @ApiOperation({ operationId: 'listPurposes', summary: 'Lists the catalogue’s purposes by key' })
  list(@Caller() caller: PrincipalOf<'staff'>, @Query() page: PageQuery): Promise<PurposePageDto> {
    return this.database.withEntities(caller.programmeId, (tx) => this.purposes.list(tx, page));
  }

  @Get(':key')
  @Allow('marketing', 'dpo')
  @ApiOperation({ operationId: 'getPurpose', summary: 'Shows one purpose' })
  one(@Caller() caller: PrincipalOf<'staff'>, @Param('key') key: string): Promise<PurposeDto> {
    return this.database.withEntities(caller.programmeId, (tx) => this.purposes.one(tx, key));
  }
}
