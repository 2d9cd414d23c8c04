import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, HttpCode, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../access';
import { Database } from '../platform/database';
import { hasNewestSchema } from '../platform/migrate';
import type { Fence } from '../platform/fence';
import { KeyRing } from '../platform/key-ring';
import { BELL, type Bell, FENCE } from '../platform/platform.module';

/** As long as a connection is waited for: one that stands still is not waited for any longer. */
const DATABASE_MILLISECONDS = 3_000;
/** Whoever asks waits no longer for the keys than for the queue. */
const KEYS_MILLISECONDS = 500;

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
  /** down: the database that the values' keys lie in is away. Nothing is shared or released; what is taken back is. */
  @ApiProperty({ enum: ['up', 'down'], example: 'up' })
  keys: 'up' | 'down';
  @ApiProperty({ enum: ['current', 'missing'], example: 'current' })
  migrations: 'current' | 'missing';
  /** pending: the database was restored, and serves nobody until the journal of erasures has been replayed. */
  @ApiProperty({ enum: ['none', 'pending'], example: 'none' })
  restore: 'none' | 'pending';
}

@ApiTags('Service')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly database: Database,
    @Inject(BELL) private readonly bell: Bell,
    @Inject(FENCE) private readonly fence: Fence | undefined,
    private readonly keyRing: KeyRing,
  ) {}

  @Get('live')
  @HttpCode(200)
  @ApiOperation({ operationId: 'live', summary: 'Whether the process runs' })
  @ApiOkResponse({ type: Alive })
  live(): Alive {
    return { status: 'up' };
  }

  /** Without its database, or on one that was restored, it is away (503); without its queue or its keys it serves what it can, and says so. */
  @Get('ready')
  @ApiOperation({ operationId: 'ready', summary: 'Whether it can serve' })
  @ApiOkResponse({ type: Readiness })
  @ApiServiceUnavailableResponse({ type: Readiness })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const [current, queue, keys] = await Promise.all([this.hasNewestSchema(), this.bell.healthy(), this.findsKeys()]);
    const isPending = this.fence?.closed !== undefined;
    const able = current === true && !isPending;
    if (!able) void reply.status(503);
    return {
      status: able ? (queue && keys ? 'ready' : 'degraded') : 'away',
      database: current === undefined ? 'down' : 'up',
      queue: queue ? 'up' : 'down',
      keys: keys ? 'up' : 'down',
      migrations: current === true ? 'current' : 'missing',
      restore: isPending ? 'pending' : 'none',
    };
  }

  /** Undefined: the database does not answer, which is what is asked here. */
  private hasNewestSchema(): Promise<boolean | undefined> {
    const asked = hasNewestSchema(this.database).catch(() => undefined);
    return Promise.race([asked, sleep(DATABASE_MILLISECONDS, undefined, { ref: false })]);
  }

  /** Where keys lie apart, whether they can be asked for; beside the values they are where those are. */
  private findsKeys(): Promise<boolean> {
    const { dataKeys } = this.keyRing;
    if (!dataKeys) return Promise.resolve(true);
    const asked = dataKeys.appliedMigrations().then(
      () => true,
      () => false,
    );
    return Promise.race([asked, sleep(KEYS_MILLISECONDS, false, { ref: false })]);
  }
}
