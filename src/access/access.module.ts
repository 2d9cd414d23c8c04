import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard';
import { CallLimits } from './call-limits';
import { CallerIds } from './caller-id';
import { Callers } from './callers';
import { ConsoleController } from './console.controller';
import { CustomerSessions } from './customer-sessions';
import { CustomerSessionsController } from './customer-sessions.controller';
import { EmbedOrigins } from './embed-origins';
import { EmbedOriginsController } from './embed-origins.controller';
import { IssuerKeys } from './issuer-keys';
import { IssuerLookup } from './issuer-lookup';
import { IssuersController } from './issuers.controller';
import { IssuersService } from './issuers.service';
import { KeyLookup } from './key-lookup';
import { KeysController } from './keys.controller';
import { KeysService } from './keys.service';
import { MySessionController } from './my-session.controller';
import { OidcTokens } from './oidc-tokens';
import { ProgrammeController } from './programme.controller';
import { ProgrammesController } from './programmes.controller';
import { ProgrammesService } from './programmes.service';

@Module({
  controllers: [
    ProgrammesController,
    KeysController,
    IssuersController,
    CustomerSessionsController,
    MySessionController,
    EmbedOriginsController,
    ConsoleController,
    ProgrammeController,
  ],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    Callers,
    CallLimits,
    CallerIds,
    CustomerSessions,
    EmbedOrigins,
    IssuerKeys,
    IssuerLookup,
    IssuersService,
    KeyLookup,
    KeysService,
    OidcTokens,
    ProgrammesService,
  ],
})
export class AccessModule {}
