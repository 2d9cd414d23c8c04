import { Module } from '@nestjs/common';
import { CheckpointsController } from './checkpoints.controller';

/** The history as a chain of hashes, and its signed checkpoints. */
@Module({ controllers: [CheckpointsController] })
export class ChainModule {}
