import { Module } from '@nestjs/common';
import { ExchangeModule } from '../exchange';
import { CustomerExports } from './customer-export';
import { CustomerViewController } from './customer-view.controller';
import { CustomerView } from './customer-view.service';
import { MeController } from './me.controller';

/** What customers see of their exchange: read models, which nobody imports. */
@Module({
  imports: [ExchangeModule],
  controllers: [CustomerViewController, MeController],
  providers: [CustomerView, CustomerExports],
})
export class CustomerViewModule {}
