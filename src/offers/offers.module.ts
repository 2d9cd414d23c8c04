import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue';
import { Approvals } from './approvals';
import { Offered } from './offered';
import { OfferBook } from './offer-book';
import { OffersController } from './offers.controller';
import { OffersService } from './offers.service';
import { Publishing } from './publishing';
import { QuotesController } from './quotes.controller';
import { QuotesService } from './quotes.service';
import { ReviewsController } from './reviews.controller';
import { Snapshots } from './snapshots';

/** What is asked, and for which reward; what a customer would get for it now. */
@Module({
  imports: [CatalogueModule],
  controllers: [OffersController, QuotesController, ReviewsController],
  providers: [Approvals, OfferBook, Offered, OffersService, Publishing, QuotesService, Snapshots],
  exports: [OfferBook],
})
export class OffersModule {}
