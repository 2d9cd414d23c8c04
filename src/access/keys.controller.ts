import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { Idempotency, ThisCall, type Call } from '../idempotency';
import { Database } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { PageQuery } from '../platform/http/page.dto';
import { Allow, Caller } from './access.decorators';
import { IssuedKeyDto, KeyListDto, NewKeyDto, RotationDto } from './keys.dto';
import { KeysService } from './keys.service';
import type { PrincipalOf } from './principal';

const ID = { name: 'id', example: 'key_01kbn7p4a2f8x9d0v5q3w6y1zr' };

const NEW_KEYS = {
  storefront: { summary: 'For a storefront', value: { kind: 'storefront', name: 'Web shop', mode: 'live' } },
  staff: { summary: 'For staff', value: { kind: 'staff', name: 'Marketing', role: 'marketing' } },
};

@ApiTags('Keys')
@Controller('v1/keys')
@Allow('admin')
export class KeysController {
  constructor(
    private readonly keys: KeysService,
    private readonly database: Database,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @ApiOperation({ operationId: 'issueKey', summary: 'Issue a key to a storefront or to staff' })
  @ApiBody({ type: NewKeyDto, examples: NEW_KEYS })
  @ApiCreatedResponse({ type: IssuedKeyDto })
  issue(@ThisCall() call: Call, @Body() wanted: NewKeyDto): Promise<IssuedKeyDto> {
    return this.idempotency.once(call, 201, (tx) => this.keys.issue(tx, wanted));
  }

  @Get()
  @ApiOperation({ operationId: 'listKeys', summary: 'List the keys, ended ones too, newest first' })
  @ApiOkResponse({ type: KeyListDto })
  list(@Caller() { programmeId }: PrincipalOf<'staff'>, @Query() query: PageQuery): Promise<KeyListDto> {
    return this.database.inProgramme(programmeId, (tx) => this.keys.list(tx, query));
  }

  @Post(':id/rotate')
  @ApiOperation({
    operationId: 'rotateKey',
    summary: 'Replace a key',
    description: 'The new key has the rights of the old one, which goes on working for `overlapSeconds`.',
  })
  @ApiParam(ID)
  @ApiCreatedResponse({ type: IssuedKeyDto })
  @ApiProblems({ 409: { 'key-not-usable': 'the old key has ended already' } })
  rotate(
    @ThisCall() call: Call,
    @Param('id') id: string,
    @Body() { overlapSeconds }: RotationDto,
  ): Promise<IssuedKeyDto> {
    return this.idempotency.once(call, 201, (tx) => this.keys.rotate(tx, id, overlapSeconds));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'revokeKey',
    summary: 'Revoke a key',
    description: 'It is refused from the next call on, and with it every customer session that it opened.',
  })
  @ApiParam(ID)
  @ApiNoContentResponse()
  @ApiProblems({ 409: { 'last-admin-key': 'a programme keeps its last admin key' } })
  revoke(@Caller() caller: PrincipalOf<'staff'>, @Param('id') id: string): Promise<void> {
    return this.database.inProgramme(caller, (tx) => this.keys.revoke(tx, id));
  }
}
