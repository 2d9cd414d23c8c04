import { createInterface } from 'node:readline/promises';
import { type Api, ApiFault } from './api';
import { isOver, type JobProgress, progressLine } from './progress-line';

/** Ended as it should; failed or cancelled; watched no longer, while it goes on. */
export type Ending = 'done' | 'not done' | 'left';

const PLAIN_EVERY_MS = 1_000;
const ASK = 'Cancel the job? y: cancel it, n: leave it running, Enter: go on watching  ';

/**
 * Shows how a job goes on until it is finished: a bar on a terminal, where Ctrl-C asks whether to cancel it; otherwise a line
 * a second. @throws ApiFault
 */
export async function followJob(api: Api, jobId: string): Promise<Ending> {
  const watching = new AbortController();
  const shown = process.stdout.isTTY ? new Bar() : new Lines();
  const interrupted = process.stdin.isTTY ? () => void ask(api, jobId, shown, watching) : () => watching.abort();
  process.on('SIGINT', interrupted);
  try {
    for await (const job of api.watch(jobId, watching.signal)) {
      shown.show(job);
      if (isOver(job)) return job.status === 'done' ? 'done' : 'not done';
    }
    throw new ApiFault('The job was not watched to its end.');
  } catch (error) {
    if (!watching.signal.aborted) throw error;
    shown.say('The job goes on; watch it again with: npm run job -- ' + jobId);
    return 'left';
  } finally {
    process.off('SIGINT', interrupted);
  }
}

async function ask(api: Api, jobId: string, shown: Shown, watching: AbortController): Promise<void> {
  if (shown.isPaused) return watching.abort();
  shown.isPaused = true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // A second Ctrl-C is an answer, too.
  terminal.once('SIGINT', () => watching.abort());
  const answer = await terminal.question(`\n${ASK}`, { signal: watching.signal }).catch(() => 'n');
  terminal.close();
  shown.isPaused = false;
  if (answer.startsWith('n')) watching.abort();
  if (answer.startsWith('y')) {
    await api.post(`/v1/jobs/${jobId}/cancel`).catch((error: unknown) => shown.say((error as Error).message));
  }
}

abstract class Shown {
  /** While something is asked, nothing is written over it. */
  isPaused = false;

  show(job: JobProgress): void {
    if (!this.isPaused || isOver(job)) this.write(job);
  }

  say(text: string): void {
    process.stdout.write(`\n${text}\n`);
  }

  protected abstract write(job: JobProgress): void;
}

class Bar extends Shown {
  protected write(job: JobProgress): void {
    process.stdout.write(`\r\x1b[K${progressLine(job, { bar: true })}${isOver(job) ? '\n' : ''}`);
  }
}

class Lines extends Shown {
  private last = -Infinity;

  protected write(job: JobProgress): void {
    if (!isOver(job) && performance.now() - this.last < PLAIN_EVERY_MS) return;
    this.last = performance.now();
    process.stdout.write(`${progressLine(job, { bar: false })}\n`);
  }
}
