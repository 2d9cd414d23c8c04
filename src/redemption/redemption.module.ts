import { Module } from '@nestjs/common';
import { RatesController } from './rates.controller';
import { PointRates } from './rates.service';
import { RedemptionsController } from './redemptions.controller';
import { Redemptions } from './redemptions.service';

@Module({
  controllers: [RedemptionsController, RatesController],
  providers: [Redemptions, PointRates],
  exports: [Redemptions],
})
export class RedemptionModule {}
