import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { Database } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { PageQuery } from '../platform/http/page.dto';
import { AttributeDto, AttributePageDto, CreateAttributeDto } from './attribute.dto';
import { AttributesService } from './attributes.service';

@ApiTags('Catalogue')
@Controller('v1/attributes')
export class AttributesController {
  constructor(
    private readonly attributes: AttributesService,
    private readonly database: Database,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @Allow('marketing')
  @ApiOperation({ operationId: 'createAttribute', summary: 'Adds an attribute to the catalogue' })
  @ApiProblems({ 409: { 'key-taken': 'another of the programme has this key' } })
  create(@ThisCall() call: Call, @Body() body: CreateAttributeDto): Promise<AttributeDto> {
    return this.idempotency.onceWithEntities(call, 201, (tx) => this.attributes.create(tx, body));
  }

  @Get()
  @Allow('marketing', 'dpo')
  @ApiOperation({ operationId: 'listAttributes', summary: 'Lists the catalogue’s attributes by key' })
  list(@Caller() caller: PrincipalOf<'staff'>, @Query() page: PageQuery): Promise<AttributePageDto> {
    return this.database.withEntities(caller.programmeId, (tx) => this.attributes.list(tx, page));
  }

  @Get(':key')
  @Allow('marketing', 'dpo')
  @ApiOperation({ operationId: 'getAttribute', summary: 'Shows one attribute' })
  one(@Caller() caller: PrincipalOf<'staff'>, @Param('key') key: string): Promise<AttributeDto> {
    return this.database.withEntities(caller.programmeId, (tx) => this.attributes.one(tx, key));
  }
}
