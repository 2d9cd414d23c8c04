export * from './core';
export { JobAnswer, JobView } from './job.dto';
export { JobsModule } from './jobs.module';
export { viewOf } from './jobs.service';
