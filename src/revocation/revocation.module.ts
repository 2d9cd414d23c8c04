import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue';
import { Corrections } from './corrections';
import { CorrectionsController } from './corrections.controller';
import { LeavingController } from './leaving.controller';
import { PausesController } from './pauses.controller';
import { ProgrammeEndController } from './programme-end.controller';
import { ProofsController } from './proofs.controller';
import { Proofs } from './proofs.service';
import { RevocationController } from './revocation.controller';
import { RevocationStops } from './stops';
import { Revocations } from './revocation.service';

@Module({
  imports: [CatalogueModule],
  controllers: [
    RevocationController,
    PausesController,
    CorrectionsController,
    LeavingController,
    ProgrammeEndController,
    ProofsController,
  ],
  providers: [Revocations, RevocationStops, Corrections, Proofs],
  exports: [Revocations],
})
export class RevocationModule {}
