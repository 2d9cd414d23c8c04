export { customerMark } from './customer-mark';
export { createJob, isFinished, type Job, latestJob } from './jobs';
export { type JobSteps, runJobs } from './run-jobs';
