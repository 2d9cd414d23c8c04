import { Body, Controller, Delete, Get, HttpCode, Post, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Database, type Statement, type Tx } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { TOO_MANY_REQUESTS } from '../platform/http/openapi-problems';
import { conflict } from '../platform/problem';
import { Allow, Caller, Public, type RequestWithPrincipal } from './access.decorators';
import { CustomerSessions } from './customer-sessions';
import { ORIGIN_NOT_ALLOWED, requireEmbedder } from './embed-origins';
import { endSession } from './ended-sessions';
import { EnteredSessionDto, MySessionDto, SessionLinkDto, type SessionProgrammeDto } from './my-session.dto';
import type { PrincipalOf } from './principal';
import { programmeOf, takeLink } from './session-links';

const PROGRAMME: Statement = {
  name: 'programme_of_session',
  text: 'SELECT name, slug, locale FROM programmes WHERE id = $1',
};
const UNAVAILABLE = { unavailable: 'a store that this needs is away, or too many requests are waiting' };

type ProgrammeRow = SessionProgrammeDto & { locale: 'de' | 'en' };

async function programmeAtHand(tx: Tx): Promise<ProgrammeRow> {
  const [row] = await tx.query<ProgrammeRow>(PROGRAMME, [tx.programmeId]);
  if (!row) throw new Error('The programme of this transaction is not there');
  return row;
}

@ApiTags('Customer')
@Controller('v1/me/session')
export class MySessionController {
  constructor(
    private readonly sessions: CustomerSessions,
    private readonly database: Database,
  ) {}

  @Post()
  @Public()
  @ApiOperation({
    operationId: 'enterMySession',
    summary: 'Begin a session with the link that the shop gave',
    description: 'A link works once. The session is one of its own, of 15 minutes from now.',
  })
  @ApiCreatedResponse({ type: EnteredSessionDto })
  @ApiProblems({
    403: ORIGIN_NOT_ALLOWED,
    410: { 'link-used': 'the link was used before', 'link-expired': 'the link is over, or never was one' },
    429: TOO_MANY_REQUESTS,
    503: UNAVAILABLE,
  })
  async enter(@Req() request: RequestWithPrincipal, @Body() { link }: SessionLinkDto): Promise<EnteredSessionDto> {
    const programmeId = programmeOf(link);
    requireEmbedder(request, programmeId);
    const { whose, programme } = await this.database.inProgramme(programmeId, async (tx) => ({
      whose: await takeLink(tx, link),
      programme: await programmeAtHand(tx),
    }));
    const { name, slug } = programme;
    return { ...(await this.sessions.begin(whose)), locale: whose.locale, programme: { name, slug } };
  }

  @Get()
  @Allow('customer')
  @ApiOperation({ operationId: 'getMySession', summary: 'How long I am in, and where' })
  @ApiOkResponse({ type: MySessionDto })
  async find(@Caller() { programmeId, endsAt, session }: PrincipalOf<'customer'>): Promise<MySessionDto> {
    const { name, slug, locale } = await this.database.inProgramme(programmeId, programmeAtHand);
    return { expiresAt: endsAt, locale: session?.locale ?? locale, programme: { name, slug } };
  }

  @Delete()
  @HttpCode(204)
  @Allow('customer')
  @ApiOperation({
    operationId: 'endMySession',
    summary: 'Sign out',
    description: 'The token is refused from the next call on. Other sessions of the same customer go on.',
  })
  @ApiNoContentResponse()
  @ApiProblems({ 409: { 'not-a-session': 'the token is of the programme’s own issuer, which is where to sign out' } })
  async end(@Caller() { programmeId, endsAt, session }: PrincipalOf<'customer'>): Promise<void> {
    if (!session) {
      throw conflict('not-a-session', 'The token is not of a session', 'Sign out where you signed in.');
    }
    await this.database.inProgramme(programmeId, (tx) => endSession(tx, session.id, endsAt));
  }
}
