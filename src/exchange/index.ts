export { ExchangeModule } from './exchange.module';
export { Exchange } from './exchange.service';
export { AwardAnswer, DiscountView, RewardView, ShareAnswer } from './exchange.dto';
