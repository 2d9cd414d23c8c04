import { DynamicModule, Module } from '@nestjs/common';
import { AccessModule } from './access';
import { AccountingModule } from './accounting';
import { AwardsModule } from './awards';
import { CatalogueModule, catalogueEntities } from './catalogue';
import { ChainModule } from './chain';
import { ConsentsModule } from './consents';
import { CustomerViewModule } from './customer-view';
import { DisclosureModule } from './disclosure';
import { DiscountsModule } from './discounts';
import { ExchangeModule } from './exchange';
import { HealthModule } from './health';
import { IdempotencyModule } from './idempotency';
import { JobsModule } from './jobs';
import { MarketingModule } from './marketing';
import { MergingModule } from './merging';
import { OffersModule, offerEntities } from './offers';
import { OversightModule } from './oversight';
import { type Platform, PlatformModule } from './platform/platform.module';
import { RedemptionModule } from './redemption';
import { RevocationModule } from './revocation';
import { RightsModule } from './rights';
import { WebhooksModule } from './webhooks';

export const entities = [...catalogueEntities, ...offerEntities];

/** The API process. */
@Module({})
export class AppModule {
  static of(platform: Platform): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.of(platform),
        HealthModule,
        AccessModule,
        IdempotencyModule,
        CatalogueModule,
        OffersModule,
        ConsentsModule,
        ExchangeModule,
        AwardsModule,
        DiscountsModule,
        DisclosureModule,
        RevocationModule,
        RedemptionModule,
        MergingModule,
        WebhooksModule,
        JobsModule,
        ChainModule,
        CustomerViewModule,
        MarketingModule,
        RightsModule,
        OversightModule,
        AccountingModule,
      ],
    };
  }
}
