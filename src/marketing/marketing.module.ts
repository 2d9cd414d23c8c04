import { Module } from '@nestjs/common';
import { FiguresController } from './figures.controller';

/** What marketing sees of its offers: read models, which nobody imports. */
@Module({ controllers: [FiguresController] })
export class MarketingModule {}
