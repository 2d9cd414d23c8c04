import { Module } from '@nestjs/common';
import { AttributesController } from './attributes.controller';
import { AttributesService } from './attributes.service';
import { Gates } from './gates';
import { PurposesController } from './purposes.controller';
import { PurposesService } from './purposes.service';
import { RecipientsController } from './recipients.controller';
import { RecipientsService } from './recipients.service';

/** What may be asked, for what, and by whom it may be used. */
@Module({
  controllers: [AttributesController, PurposesController, RecipientsController],
  providers: [Gates, AttributesService, PurposesService, RecipientsService],
  exports: [Gates, AttributesService, PurposesService, RecipientsService],
})
export class CatalogueModule {}
