import { Module } from '@nestjs/common';
import { DisclosureController } from './disclosure.controller';
import { Disclosure } from './disclosure.service';

@Module({ controllers: [DisclosureController], providers: [Disclosure], exports: [Disclosure] })
export class DisclosureModule {}
