export { makeCodes } from './discount-codes';
export { DiscountsModule } from './discounts.module';
