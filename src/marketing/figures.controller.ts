import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { Database } from '../platform/database';
import { figuresOf } from './figures';
import { OfferFigures } from './figures.dto';

@ApiTags('Marketing')
@Controller('v1/offers')
export class FiguresController {
  constructor(private readonly database: Database) {}

  @Get(':id/figures')
  @Allow('marketing')
  @ApiParam({ name: 'id', example: 'off_01k9v5m3c8e1p9r2t4y6u8i0aa' })
  @ApiOperation({ operationId: 'getOfferFigures', summary: 'What came of an offer' })
  @ApiOkResponse({ type: OfferFigures })
  figures(@Caller() { programmeId }: PrincipalOf<'staff'>, @Param('id') id: string): Promise<OfferFigures> {
    return this.database.inProgramme(programmeId, (tx) => figuresOf(tx, id));
  }
}
