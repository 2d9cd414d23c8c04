import { Module } from '@nestjs/common';
import { ExchangeModule } from '../exchange';
import { CustomerExports } from './customer-export';
import { CustomerViewController } from './customer-view.controller';
import { CustomerView } from './customer-view.service';
import { MeController } from './me.controller';
import { PointsController } from './points.controller';
import { Statements } from './statements.service';

/** What customers see of their exchange: read models, which nobody imports. */
@Module({
  imports: [ExchangeModule],
  controllers: [CustomerViewController, MeController, PointsController],
  providers: [CustomerView, CustomerExports, Statements],
})
export class CustomerViewModule {}
