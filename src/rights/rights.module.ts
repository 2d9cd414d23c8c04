import { Module } from '@nestjs/common';
import { OffersModule } from '../offers';
import { ProcessingRecords } from './processing-record';
import { RightsController } from './rights.controller';

@Module({ imports: [OffersModule], controllers: [RightsController], providers: [ProcessingRecords] })
export class RightsModule {}
