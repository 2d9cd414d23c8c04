export { customerMark } from './customer-mark';
export { JobAnswer } from './job.dto';
export { createJob, isFinished, type Job, latestJob } from './jobs';
export { JobsModule } from './jobs.module';
export { type JobSteps, runJobs } from './run-jobs';
