export * from './core';
export { JobAnswer } from './job.dto';
export { JobsModule } from './jobs.module';
