import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Config } from '../platform/config';
import { Database, type Statement } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { TOO_MANY_REQUESTS } from '../platform/http/openapi-problems';
import { toPublicId } from '../platform/ids';
import { CONFIG } from '../platform/platform.module';
import { notFound } from '../platform/problem';
import { Allow, Caller, Public } from './access.decorators';
import { ConsoleConfigDto, type ConsoleIssuerDto, ConsoleQuery, StaffMeDto } from './console.dto';
import type { PrincipalOf } from './principal';

const BY_SLUG: Statement = { name: 'programme_by_slug', text: 'SELECT id, name FROM programme_by_slug($1)' };
const ISSUERS: Statement = {
  name: 'issuers_of_console',
  text: `SELECT issuer, client_id AS "clientId", audience FROM token_issuers
          WHERE programme_id = $1 AND client_id IS NOT NULL ORDER BY issuer, client_id`,
};
const STAFF: Statement = {
  name: 'staff_at_hand',
  text: `SELECT p.name, p.slug, p.locale, p.requires_approval AS "requiresApproval", (SELECT k.name FROM access_keys k WHERE k.programme_id = $1 AND k.id = $2) AS key
           FROM programmes p WHERE p.id = $1`,
};

/** What the console asks first: where to sign in, and who has. */
@ApiTags('Staff')
@Controller('v1')
export class ConsoleController {
  private readonly staffKey: boolean;

  constructor(
    @Inject(CONFIG) { databaseUrl, databaseFiles }: Config,
    private readonly database: Database,
  ) {
    this.staffKey = databaseUrl === undefined || databaseFiles !== undefined;
  }

  @Get('console-config')
  @Public()
  @ApiOperation({ operationId: 'getConsoleConfig', summary: 'How a programme’s staff sign in to the console' })
  @ApiOkResponse({ type: ConsoleConfigDto })
  @ApiProblems({
    404: { 'not-found': 'there is none with this id or key in this programme' },
    429: TOO_MANY_REQUESTS,
    503: { unavailable: 'a store that this needs is away, or too many requests are waiting' },
  })
  async config(@Query() { programme: slug }: ConsoleQuery): Promise<ConsoleConfigDto> {
    const [programme] = await this.database.query<{ id: string; name: string }>(BY_SLUG, [slug]);
    if (!programme) throw notFound('programme');
    const { id, name } = programme;
    const issuers = await this.database.inProgramme(id, (tx) => tx.query<ConsoleIssuerDto>(ISSUERS, [id]));
    return { programme: { name, slug }, issuers, staffKey: this.staffKey };
  }

  @Get('staff/me')
  @Allow('marketing', 'dpo', 'admin')
  @ApiOperation({ operationId: 'getStaffMe', summary: 'Who I am to this programme' })
  @ApiOkResponse({ type: StaffMeDto })
  async me(@Caller() { programmeId, callerId, role, name: person }: PrincipalOf<'staff'>): Promise<StaffMeDto> {
    const [row] = await this.database.inProgramme(programmeId, (tx) =>
      tx.query<StaffRow>(STAFF, [programmeId, callerId]),
    );
    if (!row) throw new Error('The programme of this transaction is not there');
    const { name, slug, locale, requiresApproval, key } = row;
    const programme = { id: toPublicId('prg', programmeId), name, slug, locale, requiresApproval };
    return { programme, role, name: person ?? key ?? '' };
  }
}

interface StaffRow {
  name: string;
  slug: string;
  locale: 'de' | 'en';
  requiresApproval: boolean;
  /** Name of the key; null where the caller came with a token. */
  key: string | null;
}
