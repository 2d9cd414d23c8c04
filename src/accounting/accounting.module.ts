import { Module } from '@nestjs/common';
import { AccountingController } from './accounting.controller';

/** What all points of a programme come to: read models, which nobody imports. */
@Module({ controllers: [AccountingController] })
export class AccountingModule {}
