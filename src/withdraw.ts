import { Api, ApiFault } from './cli/api';
import { followJob } from './cli/follow-job';
import { runCommand } from './cli/run-command';

const PATHS: Readonly<Record<string, string>> = { purpose: 'purposes', recipient: 'recipients' };

/** `npm run withdraw -- purpose|recipient <key>`: ends it for everyone, and shows how its consents are ended. */
runCommand(async () => {
  const [what = '', key, ...more] = process.argv.slice(2);
  const path = PATHS[what];
  if (path === undefined || key === undefined || more.length > 0) {
    throw new ApiFault('Usage: npm run withdraw -- purpose|recipient <key>');
  }
  const api = Api.of(process.env);
  const { jobId } = await api.post<{ jobId: string }>(`/v1/${path}/${encodeURIComponent(key)}/withdrawal`);
  console.log(`Blocked from now on. Its consents are ended by ${jobId}.`);
  return followJob(api, jobId);
});
