import { Module } from '@nestjs/common';
import { ChangesController } from './changes.controller';
import { OversightController } from './oversight.controller';

/** What the data-protection officer looks at, and who changed what: read models. */
@Module({ controllers: [OversightController, ChangesController] })
export class OversightModule {}
