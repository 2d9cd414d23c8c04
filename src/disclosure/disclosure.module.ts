import { Module } from '@nestjs/common';
import { BatchDisclosure } from './batch-disclosure';
import { DisclosureController } from './disclosure.controller';
import { Disclosure } from './disclosure.service';

@Module({ controllers: [DisclosureController], providers: [Disclosure, BatchDisclosure], exports: [Disclosure] })
export class DisclosureModule {}
