import { Api, ApiFault } from './cli/api';
import { followJob } from './cli/follow-job';
import { runCommand } from './cli/run-command';

/** `npm run job -- <jobId>`: how far a job has come, until it is finished. */
runCommand(async () => {
  const [jobId, ...more] = process.argv.slice(2);
  if (jobId === undefined || more.length > 0) throw new ApiFault('Usage: npm run job -- <jobId>');
  return followJob(Api.of(process.env), jobId);
});
