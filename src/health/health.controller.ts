import { Controller, Get, HttpCode, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../access';
import { Database, Statement } from '../platform/database';
import { knownMigrations } from '../platform/migrate';
import { BELL, type Bell } from '../platform/platform.module';

const COUNT_MIGRATIONS: Statement = { name: 'count_migrations', text: 'SELECT applied_migrations() AS applied' };

class Alive {
  @ApiProperty({ enum: ['up'], example: 'up' })
  status: 'up';
}

class Readiness {
  @ApiProperty({ enum: ['ready', 'degraded', 'away'], example: 'ready' })
  status: 'ready' | 'degraded' | 'away';
  @ApiProperty({ enum: ['up', 'down'], example: 'up' })
  database: 'up' | 'down';
  /** down: shares are accepted all the same; the worker's sweep finds what is owed. */
  @ApiProperty({ enum: ['up', 'down'], example: 'up' })
  queue: 'up' | 'down';
  @ApiProperty({ enum: ['current', 'missing'], example: 'current' })
  migrations: 'current' | 'missing';
}

@ApiTags('Service')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly database: Database,
    @Inject(BELL) private readonly bell: Bell,
  ) {}

  @Get('live')
  @HttpCode(200)
  @ApiOperation({ operationId: 'live', summary: 'Whether the process runs' })
  @ApiOkResponse({ type: Alive })
  live(): Alive {
    return { status: 'up' };
  }

  /** Without its database it is away (503); without its queue it serves, and says so. */
  @Get('ready')
  @ApiOperation({ operationId: 'ready', summary: 'Whether it can serve' })
  @ApiOkResponse({ type: Readiness })
  @ApiServiceUnavailableResponse({ type: Readiness })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const [applied, queue] = await Promise.all([this.applied(), this.bell.healthy()]);
    const migrations = applied !== undefined && applied >= knownMigrations ? 'current' : 'missing';
    const able = migrations === 'current';
    if (!able) void reply.status(503);
    return {
      status: able ? (queue ? 'ready' : 'degraded') : 'away',
      database: applied === undefined ? 'down' : 'up',
      queue: queue ? 'up' : 'down',
      migrations,
    };
  }

  /** Undefined: the database does not answer, which is what is asked here. */
  private async applied(): Promise<number | undefined> {
    try {
      return (await this.database.query<{ applied: number }>(COUNT_MIGRATIONS))[0]?.applied;
    } catch {
      return undefined;
    }
  }
}
