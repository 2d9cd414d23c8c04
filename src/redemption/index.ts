export { commitSteps, type PreparedStep, type SettledStep } from './redemption-batch';
export type { NextStep, Redeem, Redemption, Step } from './decide';
export { RedemptionModule } from './redemption.module';
export { Redemptions } from './redemptions.service';
