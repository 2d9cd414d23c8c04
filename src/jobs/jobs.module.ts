import { Module } from '@nestjs/common';
import { JobsController } from './jobs.controller';
import { Jobs } from './jobs.service';

/** Long work that is seen to customer by customer, and can be watched and stopped. */
@Module({ controllers: [JobsController], providers: [Jobs] })
export class JobsModule {}
