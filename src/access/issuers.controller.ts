import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
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
import { IssuerDto, IssuerListDto, NewIssuerDto } from './issuers.dto';
import { IssuersService } from './issuers.service';
import type { PrincipalOf } from './principal';

@ApiTags('Token issuers')
@Controller('v1/issuers')
@Allow('admin')
export class IssuersController {
  constructor(
    private readonly issuers: IssuersService,
    private readonly database: Database,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @ApiOperation({
    operationId: 'registerIssuer',
    summary: 'Accept the tokens of an OpenID Connect issuer',
    description:
      'Signed with RS256, PS256, ES256 or EdDSA, for exactly this audience. Customers are known by a claim that holds ' +
      'their customerRef, staff by a claim that holds their role.',
  })
  @ApiCreatedResponse({ type: IssuerDto })
  @ApiProblems({ 409: { 'issuer-taken': 'the issuer is registered for this audience already' } })
  register(@ThisCall() call: Call, @Body() wanted: NewIssuerDto): Promise<IssuerDto> {
    return this.idempotency.once(call, 201, (tx) => this.issuers.register(tx, wanted));
  }

  @Get()
  @ApiOperation({ operationId: 'listIssuers', summary: 'List the issuers whose tokens are accepted, newest first' })
  @ApiOkResponse({ type: IssuerListDto })
  list(@Caller() { programmeId }: PrincipalOf<'staff'>, @Query() query: PageQuery): Promise<IssuerListDto> {
    return this.database.inProgramme(programmeId, (tx) => this.issuers.list(tx, query));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'removeIssuer',
    summary: 'Accept its tokens no more',
    description: 'They are refused from the next call on.',
  })
  @ApiParam({ name: 'id', example: 'iss_01kbn7p4a2f8x9d0v5q3w6y1zr' })
  @ApiNoContentResponse()
  remove(@Caller() caller: PrincipalOf<'staff'>, @Param('id') id: string): Promise<void> {
    return this.database.inProgramme(caller, (tx) => this.issuers.remove(tx, id));
  }
}
