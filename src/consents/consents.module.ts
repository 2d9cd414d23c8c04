import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwksController } from './jwks.controller';
import { PrivacySignalGuard } from './privacy-signal.guard';

@Module({
  controllers: [JwksController],
  providers: [{ provide: APP_GUARD, useClass: PrivacySignalGuard }],
})
export class ConsentsModule {}
