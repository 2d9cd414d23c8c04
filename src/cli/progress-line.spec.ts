import { type JobProgress, percentOf, progressLine } from './progress-line';

const job: JobProgress = {
  id: 'job_1',
  kind: 'purpose-withdrawal',
  total: 100_000,
  done: 44_990,
  failed: 10,
  estimate: 12,
  status: 'running',
};

it('a line has what is done, what failed and how long it will take; the bar only where somebody watches', () => {
  expect(progressLine(job, { bar: true })).toBe(
    '[##############................]  45 %  44,990 of 100,000 customers  10 failed  12 s left',
  );
  expect(progressLine(job, { bar: false })).toBe(
    'purpose-withdrawal:  45 %  44,990 of 100,000 customers  10 failed  12 s left',
  );
});

it.each([
  [{ status: 'queued', total: 0, done: 0, failed: 0 }, 'purpose-withdrawal: queued'],
  [{ estimate: null, failed: 0 }, 'purpose-withdrawal:  44 %  44,990 of 100,000 customers'],
  [{ estimate: 61, failed: 0 }, 'purpose-withdrawal:  44 %  44,990 of 100,000 customers  2 min left'],
  [{ estimate: 5400, failed: 0 }, 'purpose-withdrawal:  44 %  44,990 of 100,000 customers  1.5 h left'],
  [{ status: 'cancelled', failed: 0 }, 'purpose-withdrawal:  44 %  44,990 of 100,000 customers  cancelled'],
  [{ status: 'done', total: 0, done: 0, failed: 0 }, 'purpose-withdrawal:  100 %  0 of 0 customers  done'],
] as [Partial<JobProgress>, string][])('%j', (changed, line) => {
  expect(progressLine({ ...job, ...changed }, { bar: false })).toBe(line);
});

it('a percent is full only when all are seen to', () => {
  expect(percentOf({ ...job, done: 99_999, failed: 0 })).toBe(99);
  expect(percentOf({ ...job, done: 99_999, failed: 1 })).toBe(100);
});
