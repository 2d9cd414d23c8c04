import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard';
import { CallLimits } from './call-limits';
import { CallerIds } from './caller-id';
import { Callers } from './callers';
import { CustomerSessions } from './customer-sessions';
import { CustomerSessionsController } from './customer-sessions.controller';
import { IssuerKeys } from './issuer-keys';
import { IssuerLookup } from './issuer-lookup';
import { IssuersController } from './issuers.controller';
import { IssuersService } from './issuers.service';
import { KeyLookup } from './key-lookup';
import { KeysController } from './keys.controller';
import { KeysService } from './keys.service';
import { OidcTokens } from './oidc-tokens';
import { ProgrammesController } from './programmes.controller';
import { ProgrammesService } from './programmes.service';

@Module({
  controllers: [ProgrammesController, KeysController, IssuersController, CustomerSessionsController],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    Callers,
    CallLimits,
    CallerIds,
    CustomerSessions,
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
