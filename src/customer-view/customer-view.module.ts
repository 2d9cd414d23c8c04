import { Module } from '@nestjs/common';
import { ExchangeModule } from '../exchange';
import { CustomerViewController } from './customer-view.controller';
import { CustomerView } from './customer-view.service';
import { CustomerExports } from './export-contents';
import { ExportController } from './export.controller';
import { MeController } from './me.controller';
import { MyValuesReader } from './my-values';
import { PointsController } from './points.controller';
import { Statements } from './statements.service';

/** What customers see of their exchange: read models, which nobody imports. */
@Module({
  imports: [ExchangeModule],
  controllers: [CustomerViewController, MeController, PointsController, ExportController],
  providers: [CustomerView, CustomerExports, MyValuesReader, Statements],
})
export class CustomerViewModule {}
