import { Module } from '@nestjs/common';
import { FiguresController } from './figures.controller';
import { ProgrammeFiguresController } from './programme-figures.controller';

/** What marketing sees of its offers: read models, which nobody imports. */
@Module({ controllers: [FiguresController, ProgrammeFiguresController] })
export class MarketingModule {}
