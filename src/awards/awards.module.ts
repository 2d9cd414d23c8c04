import { Module } from '@nestjs/common';
import { AwardsController } from './awards.controller';

@Module({ controllers: [AwardsController] })
export class AwardsModule {}
