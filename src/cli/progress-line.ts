/** How far a job has come, as `GET /v1/jobs/{id}` says. */
export interface JobProgress {
  id: string;
  kind: string;
  total: number;
  done: number;
  failed: number;
  /** Seconds left; null where it cannot be told. */
  estimate: number | null;
  status: 'queued' | 'running' | 'done' | 'cancelled' | 'failed';
}

const BAR = 30;

export const isOver = ({ status }: JobProgress): boolean => status !== 'queued' && status !== 'running';

export function percentOf({ total, done, failed, status }: JobProgress): number {
  if (total === 0) return status === 'done' ? 100 : 0;
  return Math.floor((100 * (done + failed)) / total);
}

/** One line about a job; with a bar where somebody watches it move. */
export function progressLine(job: JobProgress, { bar }: { bar: boolean }): string {
  const { kind, status, total, done, failed } = job;
  if (status === 'queued') return `${kind}: queued`;
  const percent = percentOf(job);
  const filled = Math.round((BAR * percent) / 100);
  return [
    ...(bar ? [`[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}]`] : [`${kind}:`]),
    `${percent} %`,
    `${count(done)} of ${count(total)} customers`,
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    isOver(job) ? status : timeLeft(job.estimate),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

const count = (n: number): string => n.toLocaleString('en');

function timeLeft(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 60) return `${seconds} s left`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min left`;
  return `${(seconds / 3600).toFixed(1)} h left`;
}
