import { Module } from '@nestjs/common';
import { OffersModule } from '../offers';
import { ExchangeController } from './exchange.controller';
import { Exchange } from './exchange.service';

@Module({ imports: [OffersModule], controllers: [ExchangeController], providers: [Exchange], exports: [Exchange] })
export class ExchangeModule {}
