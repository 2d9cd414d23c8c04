import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue';
import { Approvals } from './approvals';
import { Offered } from './offered';
import { Checks } from './checks';
import { DraftingController } from './drafting.controller';
import { DryRuns } from './dry-runs';
import { OfferBook } from './offer-book';
import { OffersController } from './offers.controller';
import { OffersService } from './offers.service';
import { Previews } from './previews';
import { Publishing } from './publishing';
import { QuotesController } from './quotes.controller';
import { QuotesService } from './quotes.service';
import { ReviewsController } from './reviews.controller';
import { Snapshots } from './snapshots';
import { Versions } from './versions';

/** What is asked, and for which reward; what a customer would get for it now. */
@Module({
  imports: [CatalogueModule],
  controllers: [OffersController, DraftingController, QuotesController, ReviewsController],
  providers: [
    Approvals,
    Checks,
    DryRuns,
    OfferBook,
    Offered,
    OffersService,
    Previews,
    Publishing,
    QuotesService,
    Snapshots,
    Versions,
  ],
  exports: [OfferBook],
})
export class OffersModule {}
