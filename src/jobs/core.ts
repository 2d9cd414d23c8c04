export { customerMark } from './customer-mark';
export { cancelJob, createJob, createJobOnce, isFinished, type Job, latestJob, lockJob } from './jobs';
export { type JobSteps, runJobs } from './run-jobs';
