import { Module } from '@nestjs/common';
import { RevocationController } from './revocation.controller';
import { Revocations } from './revocation.service';

@Module({ controllers: [RevocationController], providers: [Revocations], exports: [Revocations] })
export class RevocationModule {}
