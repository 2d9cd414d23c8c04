import { NoticeEntity } from './notice.entity';
import { OfferEntity } from './offer.entity';
import { OfferVersionEntity } from './offer-version.entity';

export { type Need, remaining, reserve, type SetAside, setAside } from './budgets';
export { earnsNow, type EarningRule, markOf, rememberEarned } from './earned-marks';
export { holdFormerConsents } from './former-consents';
export { IsLocale, localeOf } from './locale';
export { OfferBook } from './offer-book';
export { countOffered } from './offered-days';
export { costOf } from './offer-terms';
export { OffersModule } from './offers.module';
export type {
  Ask,
  AskedPurpose,
  Context,
  DiscountTerms,
  Locale,
  PublishedOffer,
  Reward,
  Texts,
} from './published-offer';
export { ApiReward, DiscountRewardDto, DiscountTermsDto, PointsRewardDto, type RewardDto } from './reward.dto';

/** What the database must know of this module. */
export const offerEntities = [OfferEntity, OfferVersionEntity, NoticeEntity];
