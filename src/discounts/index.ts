export { makeCodes } from './discount-codes';
export { DiscountsModule } from './discounts.module';
export { findCode, redeemCode, releaseCode, reserveCode, type CodeUse, type DiscountCode } from './use-codes';
