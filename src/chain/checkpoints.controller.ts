import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { Database, type Statement } from '../platform/database';
import { type Page, PageQuery, pageOf } from '../platform/http/page.dto';
import { invalidField } from '../platform/problem';
import { CheckpointDto, CheckpointPageDto } from './checkpoint.dto';

const LIST: Statement = {
  name: 'list_checkpoints',
  text: `SELECT number, hash, rows, sealed_at, checkpoint FROM chain_blocks
          WHERE programme_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3`,
};

interface Row {
  number: string;
  hash: Buffer;
  rows: number;
  sealed_at: Date;
  checkpoint: string;
}

@ApiTags('History')
@Controller('v1/checkpoints')
export class CheckpointsController {
  constructor(private readonly database: Database) {}

  /** Whoever keeps some of them elsewhere can show later that the history before is the same still (`npm run verify`). */
  @Get()
  @Allow('dpo')
  @ApiOperation({ operationId: 'listCheckpoints', summary: 'Signed hashes of the history, newest first' })
  @ApiOkResponse({ type: CheckpointPageDto })
  list(
    @Caller() { programmeId }: PrincipalOf<'staff'>,
    @Query() { limit, after }: PageQuery,
  ): Promise<Page<CheckpointDto>> {
    return this.database.inProgramme(programmeId, async (tx) => {
      const rows = await tx.query<Row>(LIST, [programmeId, before(after), limit + 1]);
      return pageOf(rows, limit, toDto, ({ number }) => number);
    });
  }
}

/** The cursor is a block's number. */
function before(after: string | undefined): string {
  if (after === undefined) return '9223372036854775807';
  if (!/^[1-9]\d{0,17}$/.test(after)) throw invalidField('/after', 'after is no cursor of this list');
  return after;
}

const toDto = ({ number, hash, rows, sealed_at: sealedAt, checkpoint }: Row): CheckpointDto => ({
  block: Number(number),
  hash: hash.toString('hex'),
  rows,
  sealedAt: sealedAt.toISOString(),
  checkpoint,
});
