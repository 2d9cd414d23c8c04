import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue';
import { BatchDisclosure } from './batch-disclosure';
import { DisclosureController } from './disclosure.controller';
import { Disclosure } from './disclosure.service';

@Module({
  imports: [CatalogueModule],
  controllers: [DisclosureController],
  providers: [Disclosure, BatchDisclosure],
  exports: [Disclosure],
})
export class DisclosureModule {}
