import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadResult, median, quantile, runLoad } from './load';
import { shareForMany } from './many';
import { type BenchProgramme, both, makeProgramme, post, type Stage } from './stage';

/** The first of them are of a service that has only just begun, and count for nothing but what is read late. */
const FIRST_TRIALS = 20;
const TRIALS = 200;
const READERS = 8;
const READ = 500;
const CONNECTIONS = 32;
/** Requests of which each rate is taken. */
const CHUNK = 1_500;
const ROUNDS = 3;
const REVOCATIONS = 1_000;

export interface Answered {
  /** ms */
  p50: number;
  p99: number;
}

export interface WithdrawalFigures {
  /** ms, from the withdrawal being sent to its answer; of a bare INSERT over HTTP, as often and beside the same readers. */
  acknowledged: Answered;
  bareInsert: Answered;
  /** Releases that were asked for after the answer and answered with values, and those that are on record as later. */
  late: number;
  /** Consents a second, from the answer to the last value destroyed. */
  erased: number;
  /** Rates meanwhile ÷ rates without, the lowest of shares and releases of the same and of another programme. */
  meanwhile: Record<string, number>;
  /** Customers a second while others are served. */
  erasedBesideOthers: number;
  /** ms over HTTP, of as many connections. */
  p99: { revocation: number; share: number };
}

type Request = ReturnType<BenchProgramme['share']>;
const RESET = `
  UPDATE purposes SET withdrawn_at = NULL;
  UPDATE offers SET status = 'live' WHERE status = 'paused';
  DELETE FROM outbox WHERE topic = 'job';
  UPDATE jobs SET status = 'cancelled', finished_at = now() WHERE status <> 'cancelled'`;

/** A purpose is withdrawn for so many. The worker must run. */
export async function withdrawForMany(
  stage: Stage,
  customers: number,
  progress: (text: string) => void,
): Promise<WithdrawalFigures> {
  const operatorKey = stage.env['GEGENWERT_OPERATOR_KEY'] ?? '';
  const other = await makeProgramme({ port: stage.api.port, operatorKey, client: stage.client }, 'other');
  await addPurpose(stage);
  progress(`(f) withdrawals while ${READERS} connections read`);
  const { late, ...waits } = await acknowledgements(stage, other);
  const rates: number[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    progress(`(f) ${customers} consents withdrawn: round ${n + 1} of ${ROUNDS}`);
    rates.push(await erasedAlone(stage, customers));
  }
  progress('(f) shares and releases while as many are withdrawn');
  const { ratios: meanwhile, erased: erasedBesideOthers } = await besideOthers(stage, other, customers);
  progress('(f) revocations and shares of single customers');
  const p99 = await revocations(stage);
  return { ...waits, late, erased: median(rates), meanwhile, erasedBesideOthers, p99 };
}

async function addPurpose({ api, programme }: Stage): Promise<void> {
  const texts = { title: both('Campaign'), description: both('We write to you') };
  await post(api.port, '/v1/purposes', programme.adminKey, { key: 'campaign', ...texts });
  await post(api.port, '/v1/recipients', programme.adminKey, { key: 'agency', name: 'Agency', purposes: ['campaign'] });
}

const withdrawal = (programme: BenchProgramme, purpose: string): Request => ({
  method: 'POST',
  path: `/v1/purposes/${purpose}/withdrawal`,
  headers: { authorization: `Bearer ${programme.adminKey}`, 'idempotency-key': randomUUID() },
  body: '{}',
});

function load(
  stage: Stage,
  connections: number,
  requests: number,
  request: (n: number) => Request,
): Promise<LoadResult> {
  return runLoad({ port: stage.api.port, connections, requests, request });
}

async function answered(loaded: Promise<LoadResult>, status: number): Promise<LoadResult> {
  const result = await loaded;
  const wrong = Object.keys(result.statuses).some((one) => Number(one) !== status);
  if (wrong) throw new Error(`Answers other than ${status}: ${JSON.stringify(result.statuses)}`);
  return result;
}

let series = 0;
async function sharers(stage: Stage, programme: BenchProgramme, count: number): Promise<(n: number) => string> {
  const prefix = `withdrawing-${series++}-`;
  await answered(
    load(stage, CONNECTIONS, count, (n) => programme.share(`${prefix}${n}`)),
    201,
  );
  return (n) => `${prefix}${n % count}`;
}

/** With the worker standing still, so that each time all of it is still to be withdrawn. */
async function acknowledgements(
  stage: Stage,
  programme: BenchProgramme,
): Promise<Pick<WithdrawalFigures, 'acknowledged' | 'bareInsert' | 'late'>> {
  const ref = await sharers(stage, programme, READ);
  process.kill(stage.worker.pid, 'SIGSTOP');
  const times = { acknowledged: [] as number[], bareInsert: [] as number[] };
  const one = async (port: number, request: Request, status: number): Promise<number> =>
    (await answered(runLoad({ port, connections: 1, requests: 1, request: () => request }), status)).p99Ms;
  let late = 0;
  for (let trial = 0; trial < FIRST_TRIALS + TRIALS; trial++) {
    const reading = { over: false };
    const readers = Array.from({ length: READERS }, async (_, reader) => {
      while (!reading.over) await load(stage, 1, 20, (n) => programme.disclose(ref(reader * 50 + n)));
    });
    await sleep(20 + Math.random() * 20);
    times.bareInsert.push(await one(stage.ins.port, programme.share('a'), 201));
    await sleep(20 + Math.random() * 20);
    times.acknowledged.push(await one(stage.api.port, withdrawal(programme, 'greeting'), 202));
    const after = await load(stage, READERS, 5 * READERS, (n) => programme.disclose(ref(n)));
    reading.over = true;
    await Promise.all(readers);
    late += (after.statuses[200] ?? 0) + (await onRecordAsLate(stage));
    await stage.client.query(RESET);
  }
  process.kill(stage.worker.pid, 'SIGCONT');
  const of = (all: number[]): Answered => {
    const counted = all.slice(FIRST_TRIALS).sort((a, b) => a - b);
    return { p50: quantile(counted, 0.5), p99: quantile(counted, 0.99) };
  };
  return { acknowledged: of(times.acknowledged), bareInsert: of(times.bareInsert), late };
}

async function onRecordAsLate({ client }: Stage): Promise<number> {
  const { rowCount } = await client.query(
    `SELECT FROM disclosures d JOIN purposes p ON p.programme_id = d.programme_id AND p.key = d.purpose WHERE d.at > p.withdrawn_at`,
  );
  return rowCount ?? 0;
}

async function fill({ client, programme }: Stage, customers: number): Promise<void> {
  await client.query(RESET);
  const prefix = `many-${series++}-`;
  await shareForMany(client, { programmeId: programme.id, prefix, customers, purposes: ['campaign'], readEvery: 5 });
  await client.query('VACUUM (ANALYZE)');
  await client.query('CHECKPOINT');
}

interface Job {
  status: string;
  done: number;
  seconds: number;
}

/** From when it was decided; its end is that of the last batch. */
async function lookAtJob({ client }: Stage): Promise<Job> {
  const { rows } = await client.query<Job>(
    `SELECT j.status, p.done::int, extract(epoch FROM j.finished_at - j.created_at)::float8 AS seconds FROM jobs j
       CROSS JOIN LATERAL (SELECT coalesce(sum(done), 0) AS done FROM job_parts WHERE job_id = j.id) p ORDER BY j.id DESC LIMIT 1`,
  );
  const [job] = rows;
  if (!job) throw new Error('There is no job');
  return job;
}

async function erasedAlone(stage: Stage, customers: number): Promise<number> {
  await fill(stage, customers);
  await answered(
    load(stage, 1, 1, () => withdrawal(stage.programme, 'campaign')),
    202,
  );
  let job = await lookAtJob(stage);
  while (job.status !== 'done') {
    await sleep(50);
    job = await lookAtJob(stage);
  }
  if (job.done !== customers) throw new Error(`${job.done} of ${customers} customers were seen to`);
  return customers / job.seconds;
}

/** Chunks of each kind in turn, without the job and with it. */
async function besideOthers(
  stage: Stage,
  other: BenchProgramme,
  customers: number,
): Promise<{ ratios: Record<string, number>; erased: number }> {
  const kinds: [name: string, run: () => Promise<LoadResult>][] = [];
  for (const [whose, programme] of [['same', stage.programme] as const, ['other', other] as const]) {
    const read = await sharers(stage, programme, READ);
    const share = async (): Promise<LoadResult> => {
      const prefix = `beside-${series++}-`;
      return answered(
        load(stage, CONNECTIONS, CHUNK, (n) => programme.share(`${prefix}${n}`)),
        201,
      );
    };
    const release = () =>
      answered(
        load(stage, CONNECTIONS, CHUNK, (n) => programme.disclose(read(n))),
        200,
      );
    kinds.push([`shares, ${whose} programme`, share], [`releases, ${whose} programme`, release]);
  }
  const rates = kinds.map(() => ({ without: [] as number[], beside: [] as number[] }));
  const round = async (which: 'without' | 'beside', isOn: () => Promise<boolean>): Promise<void> => {
    for (const [n, [, run]] of kinds.entries()) {
      const { perSecond } = await run();
      if (await isOn()) rates[n]![which].push(perSecond);
    }
  };
  const always = () => Promise.resolve(true);
  await fill(stage, customers);
  for (let n = 0; n < ROUNDS; n++) await round('without', always);
  await answered(
    load(stage, 1, 1, () => withdrawal(stage.programme, 'campaign')),
    202,
  );
  const isOn = async (): Promise<boolean> => (await lookAtJob(stage)).status !== 'done';
  while (await isOn()) await round('beside', isOn);
  const { seconds } = await lookAtJob(stage);
  for (let n = 0; n < ROUNDS; n++) await round('without', always);
  const ratios = kinds.map(([name], n): [string, number] => [
    name,
    median(rates[n]!.beside) / median(rates[n]!.without),
  ]);
  return { ratios: Object.fromEntries(ratios), erased: customers / seconds };
}

/** Each as often and over as many connections, in turn. */
async function revocations(stage: Stage): Promise<WithdrawalFigures['p99']> {
  await stage.client.query(RESET);
  const p99s: { revocation: number; share: number }[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    const prefix = `revoking-${series++}-`;
    const share = await answered(
      load(stage, READERS, REVOCATIONS, (m) => stage.programme.share(`${prefix}${m}`)),
      201,
    );
    const revocation = await answered(
      load(stage, READERS, REVOCATIONS, (m) => ({
        method: 'POST',
        path: '/v1/revocations',
        headers: { authorization: `Bearer ${stage.programme.storefrontKey}`, 'idempotency-key': `${prefix}${m}` },
        body: JSON.stringify({ customerRef: `${prefix}${m}`, everything: true }),
      })),
      201,
    );
    p99s.push({ share: share.p99Ms, revocation: revocation.p99Ms });
  }
  return { share: median(p99s.map((one) => one.share)), revocation: median(p99s.map((one) => one.revocation)) };
}
