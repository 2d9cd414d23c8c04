import { Injectable, type StreamableFile } from '@nestjs/common';
import type { PrincipalOf, StillLetIn } from '../access';
import { type Call, Idempotency } from '../idempotency';
import { Database } from '../platform/database';
import { ServerEvents } from '../platform/http/server-events';
import { requireId, toPublicId } from '../platform/ids';
import { KeyRing } from '../platform/key-ring';
import { conflict, forbidden, notFound } from '../platform/problem';
import { customerMark } from './customer-mark';
import type { JobView } from './job.dto';
import { cancelJob, findJob, isFinished, type Job, lockJob } from './jobs';

type Watcher = PrincipalOf<'staff' | 'storefront' | 'customer'>;

@Injectable()
export class Jobs {
  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    private readonly idempotency: Idempotency,
    private readonly events: ServerEvents,
  ) {}

  /** @throws 404, to a customer also for what is not their own. */
  async find(caller: Watcher, publicId: string): Promise<JobView> {
    const id = requireId('job', publicId, 'job');
    const job = await this.database.inProgramme(caller.programmeId, (tx) => findJob(tx, id));
    if (!job) throw notFound('job');
    if (caller.kind === 'customer') {
      const mark = customerMark(this.keyRing, caller.programmeId, caller.customerRef);
      if (!job.customerMark?.equals(mark)) throw notFound('job');
    }
    return viewOf(job);
  }

  /** How it goes on, as server-sent events, until it is finished. @throws as find; 429. */
  async watch(caller: Watcher, publicId: string, stillLetIn: StillLetIn): Promise<StreamableFile> {
    const first = await this.find(caller, publicId);
    return this.events.of(caller, {
      first,
      look: () => this.find(caller, publicId),
      isFinished: ({ status }) => status !== 'queued' && status !== 'running',
      stillLetIn,
    });
  }

  /**
   * Stops a job before its next batch; what was done stays done, and what was withdrawn stays withdrawn.
   * @throws 404; 403 to a storefront for what staff began, to anyone for a programme's end; 409 `job-finished`.
   */
  cancel(call: Call, caller: PrincipalOf<'staff' | 'storefront'>, publicId: string): Promise<JobView> {
    const id = requireId('job', publicId, 'job');
    return this.idempotency.once(call, 200, async (tx) => {
      const job = await lockJob(tx, id);
      if (!job) throw notFound('job');
      if (caller.kind === 'storefront' && job.kind !== 'customer-erasure') {
        throw forbidden('Only staff may cancel what staff began.');
      }
      if (job.kind === 'programme-end') throw forbidden('A programme that has ended does not go on.');
      if (isFinished(job)) throw conflict('job-finished', 'The job is finished', `It is ${job.status}.`);
      return viewOf((await cancelJob(tx, id)) ?? job);
    });
  }
}

export function viewOf(job: Job): JobView {
  const { kind, total, done, failed, status } = job;
  return { id: toPublicId('job', job.id), kind, total, done, failed, estimate: secondsLeft(job), status };
}

function secondsLeft({ status, total, done, failed, startedAt, now }: Job): number | null {
  const seen = done + failed;
  if (status !== 'running' || seen === 0 || startedAt === null) return null;
  return Math.ceil(((now.getTime() - startedAt.getTime()) / 1000 / seen) * (total - seen));
}
