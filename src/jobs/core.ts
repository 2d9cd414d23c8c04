export { customerMark } from './customer-mark';
export { createJob, createJobOnce, isFinished, type Job, latestJob } from './jobs';
export { type JobSteps, runJobs } from './run-jobs';
