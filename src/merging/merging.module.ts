import { Module } from '@nestjs/common';
import { MergesController } from './merges.controller';

@Module({ controllers: [MergesController] })
export class MergingModule {}
