import { setTimeout as sleep } from 'node:timers/promises';
import { balancesAmong } from './balance';
import { batchReleaseRate } from './batch-release';
import { redemptionWhileExpiring } from './expiry';
import { median, quantile, runLoad, type LoadResult } from './load';
import { chromiumPath } from './browser';
import { measurePages } from './pages';
import { insertRate, ormRate, postingRate } from './posting';
import { brokenBooks, fillAccounts, redemptionRate } from './redemption';
import { setTheStage, type Stage } from './stage';
import { webhookRates } from './webhooks';
import { withdrawForMany } from './withdrawal';

/**
 * The figures, each beside its limit or rival in the same run, medians of interleaved rounds. Only the ratios travel from
 * machine to machine. `npm run bench` runs all of them; `npm run bench -- a g` only those.
 */
const ROUNDS = 3;
const REQUESTS = 12_000;
const CONNECTIONS = 128;

interface Figure {
  what: string;
  ours: string;
  beside: string;
  ratio: number;
  goal: { atLeast: number } | { atMost: number };
}

const round = (value: number, digits = 0): string => value.toLocaleString('en', { maximumFractionDigits: digits });
const progress = (text: string): void => void process.stderr.write(`${text}\n`);

let customers = 0;
const fresh = (label: string): ((n: number) => string) => {
  const series = customers++;
  return (n) => `${label}-${series}-${n}`;
};

function load(
  port: number,
  request: Parameters<typeof runLoad>[0]['request'],
  requests = REQUESTS,
): Promise<LoadResult> {
  return runLoad({ port, connections: CONNECTIONS, requests, request });
}

function allAnswered(result: LoadResult, status: number): LoadResult {
  const other = Object.keys(result.statuses).filter((one) => Number(one) !== status);
  if (other.length > 0) throw new Error(`Answers other than ${status}: ${JSON.stringify(result.statuses)}`);
  return result;
}

/** The rival gets the same bodies over the same number of connections. */
async function ins(stage: Stage): Promise<LoadResult> {
  const ref = fresh('ins');
  return allAnswered(await load(stage.ins.port, (n) => stage.programme.share(ref(n))), 201);
}

async function share(stage: Stage): Promise<LoadResult> {
  const ref = fresh('share');
  return allAnswered(await load(stage.api.port, (n) => stage.programme.share(ref(n))), 201);
}

async function nothingOwed(stage: Stage): Promise<void> {
  for (;;) {
    const { rows } = await stage.client.query<{ owed: string }>('SELECT count(*) AS owed FROM outbox');
    if (rows[0]?.owed === '0') return;
    await sleep(50);
  }
}

async function figureA(stage: Stage): Promise<Figure[]> {
  const pairs: { ours: LoadResult; rival: LoadResult }[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    progress(`(a) shares and ins over HTTP, ${CONNECTIONS} connections: round ${n + 1} of ${ROUNDS}`);
    pairs.push({ rival: await ins(stage), ours: await share(stage) });
    await nothingOwed(stage);
  }
  const rate = {
    ours: median(pairs.map(({ ours }) => ours.perSecond)),
    rival: median(pairs.map(({ rival }) => rival.perSecond)),
  };
  const p99 = {
    ours: median(pairs.map(({ ours }) => ours.p99Ms)),
    rival: median(pairs.map(({ rival }) => rival.p99Ms)),
  };
  return [
    {
      what: '(a) shares, posting on',
      ours: `${round(rate.ours)}/s`,
      beside: `ins ${round(rate.rival)}/s`,
      ratio: rate.ours / rate.rival,
      goal: { atLeast: 2 },
    },
    {
      what: '(a) p99 of a share',
      ours: `${round(p99.ours, 1)} ms`,
      beside: `ins ${round(p99.rival, 1)} ms`,
      ratio: p99.ours / p99.rival,
      goal: { atMost: 0.35 },
    },
  ];
}

async function figureB(stage: Stage): Promise<Figure[]> {
  await nothingOwed(stage);
  await stage.worker.stop();
  const rates: { posting: number; insert: number; orm: number }[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    progress(`(b) posting, durable INSERTs, TypeORM transactions: round ${n + 1} of ${ROUNDS}`);
    rates.push({
      insert: await insertRate(stage.databaseUrl, 8, 20_000),
      posting: await postingRate(stage, 100_000),
      orm: await ormRate(stage.databaseUrl, 500),
    });
  }
  const of = (which: 'posting' | 'insert' | 'orm'): number => median(rates.map((one) => one[which]));
  const ours = `${round(of('posting'))} awards/s`;
  return [
    {
      what: '(b) posting, one worker',
      ours,
      beside: `INSERTs, 8 clients: ${round(of('insert'))}/s`,
      ratio: of('posting') / of('insert'),
      goal: { atLeast: 7 },
    },
    {
      what: '(b) posting, one worker',
      ours,
      beside: `TypeORM transactions: ${round(of('orm'))}/s`,
      ratio: of('posting') / of('orm'),
      goal: { atLeast: 100 },
    },
  ];
}

/** From the POST being sent to the balance showing the points, asked over and over; and the POST alone. */
async function visible(stage: Stage, customerRef: string): Promise<{ post: number; visible: number }> {
  const { path, headers, body } = stage.programme.share(customerRef);
  const base = `http://127.0.0.1:${stage.api.port}`;
  const started = performance.now();
  const response = await fetch(base + path, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
  });
  if (response.status !== 201) throw new Error(`A share was answered with ${response.status}`);
  await response.arrayBuffer();
  const post = performance.now() - started;
  for (;;) {
    const answer = await fetch(`${base}/v1/customers/${customerRef}/balance`, { headers });
    const { available } = (await answer.json()) as { available: number };
    if (available > 0) return { post, visible: performance.now() - started };
  }
}

async function figureC(stage: Stage): Promise<Figure[]> {
  const ref = fresh('visible');
  const times: { post: number; visible: number }[] = [];
  progress('(c) from a share to its points being visible, one at a time');
  for (let n = 0; n < 300; n++) {
    times.push(await visible(stage, ref(n)));
    await sleep(10);
  }
  const sorted = (which: 'post' | 'visible'): number[] =>
    times
      .slice(20)
      .map((one) => one[which])
      .sort((a, b) => a - b);
  const [post, seen] = [sorted('post'), sorted('visible')];
  const afterKill: number[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    progress(`(c) the same while the worker is killed: ${n + 1} of ${ROUNDS}`);
    process.kill(stage.worker.pid, 'SIGKILL');
    afterKill.push((await visible(stage, ref(1000 + n))).visible);
    await sleep(1500);
  }
  const at = (list: number[], q: number): number => quantile(list, q);
  return [
    {
      what: '(c) share → visible, p50',
      ours: `${round(at(seen, 0.5), 1)} ms`,
      beside: `the POST ${round(at(post, 0.5), 1)} ms`,
      ratio: at(seen, 0.5) / at(post, 0.5),
      goal: { atMost: 2 },
    },
    {
      what: '(c) share → visible, p99',
      ours: `${round(at(seen, 0.99), 1)} ms`,
      beside: `the POST ${round(at(post, 0.99), 1)} ms`,
      ratio: at(seen, 0.99) / at(post, 0.99),
      goal: { atMost: 2.5 },
    },
    {
      what: '(c) … over the SIGKILL of the worker',
      ours: `${round(median(afterKill))} ms`,
      beside: '1 s',
      ratio: median(afterKill) / 1000,
      goal: { atMost: 1 },
    },
  ];
}

async function figureD(stage: Stage): Promise<Figure[]> {
  await fillAccounts(stage);
  const rates: { insert: number; cold: number; hot: number }[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    progress(`(d) redemptions by 256 callers, durable INSERTs with 32 clients: round ${n + 1} of ${ROUNDS}`);
    rates.push({
      insert: await insertRate(stage.databaseUrl, 32, 20_000),
      cold: await redemptionRate(stage, 'cold', 20_000),
      hot: await redemptionRate(stage, 'hot', 30_000),
    });
  }
  const broken = await brokenBooks(stage);
  if (broken > 0) throw new Error(`${broken} rows break the ledger's invariants`);
  const of = (which: 'insert' | 'cold' | 'hot'): number => median(rates.map((one) => one[which]));
  const figure = (which: 'cold' | 'hot', atLeast: number): Figure => ({
    what: `(d) redemption, 256 callers, ${which === 'cold' ? 'cold accounts' : 'one hot account'}`,
    ours: `${round(of(which))}/s`,
    beside: `INSERTs, 32 clients: ${round(of('insert'))}/s`,
    ratio: of(which) / of('insert'),
    goal: { atLeast },
  });
  return [figure('cold', 4), figure('hot', 6)];
}

async function figureG(stage: Stage): Promise<Figure[]> {
  const ref = fresh('release');
  progress('(g) shares to release from');
  allAnswered(await load(stage.api.port, (n) => stage.programme.share(ref(n))), 201);
  await nothingOwed(stage);
  const pairs: { ours: number; rival: number }[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    progress(`(g) releases and ins over HTTP: round ${n + 1} of ${ROUNDS}`);
    const rival = (await ins(stage)).perSecond;
    const ours = allAnswered(await load(stage.api.port, (m) => stage.programme.disclose(ref(m))), 200).perSecond;
    pairs.push({ rival, ours });
  }
  const ours = median(pairs.map((one) => one.ours));
  const rival = median(pairs.map((one) => one.rival));
  return [
    {
      what: '(g) release of one value',
      ours: `${round(ours)}/s`,
      beside: `ins ${round(rival)}/s`,
      ratio: ours / rival,
      goal: { atLeast: 1 },
    },
  ];
}

async function figureR(stage: Stage): Promise<Figure[]> {
  const ref = fresh('batch');
  progress('(r) shares to release from');
  allAnswered(await load(stage.api.port, (n) => stage.programme.share(ref(n))), 201);
  await nothingOwed(stage);
  const refs = Array.from({ length: REQUESTS }, (_, n) => ref(n));
  const pairs: { ours: number; rival: number }[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    progress(`(r) batch releases and single ones over HTTP: round ${n + 1} of ${ROUNDS}`);
    const rival = allAnswered(await load(stage.api.port, (m) => stage.programme.disclose(ref(m))), 200).perSecond;
    pairs.push({ rival, ours: await batchReleaseRate(stage, refs) });
  }
  const ours = median(pairs.map((one) => one.ours));
  const rival = median(pairs.map((one) => one.rival));
  return [
    {
      what: '(r) batch release, 1,000 customers a call',
      ours: `${round(ours)} values/s`,
      beside: `single releases ${round(rival)}/s`,
      ratio: ours / rival,
      goal: { atLeast: 3 },
    },
  ];
}

const WEBHOOKS = 20_000;

async function figureW(stage: Stage): Promise<Figure[]> {
  await nothingOwed(stage);
  progress(`(w) webhooks of one worker and a bare loop of node:http, ${ROUNDS} rounds`);
  const rates = await webhookRates(stage, ROUNDS, WEBHOOKS);
  const [ours, rival] = [median(rates.map((one) => one.delivered)), median(rates.map((one) => one.bare))];
  return [
    {
      what: '(w) webhooks, one worker, 128 at once',
      ours: `${round(ours)}/s`,
      beside: `bare HTTP client ${round(rival)}/s`,
      ratio: ours / rival,
      goal: { atLeast: 0.5 },
    },
  ];
}

const WITHDRAWN = 100_000;

async function figureF(stage: Stage): Promise<Figure[]> {
  await nothingOwed(stage);
  const figures = await withdrawForMany(stage, WITHDRAWN, progress);
  const { acknowledged, bareInsert, late, erased, meanwhile, erasedBesideOthers, p99 } = figures;
  return [
    {
      what: `(f) a purpose withdrawn, acknowledged, p99`,
      ours: `${round(acknowledged.p99, 1)} ms, half ${round(acknowledged.p50, 1)}`,
      beside: `5 ms; a bare INSERT ${round(bareInsert.p99, 1)}, half ${round(bareInsert.p50, 1)}`,
      ratio: acknowledged.p99 / 5,
      goal: { atMost: 1 },
    },
    {
      what: '(f) … released after that',
      ours: String(late),
      beside: 'none',
      ratio: late,
      goal: { atMost: 0 },
    },
    {
      what: `(f) … ${round(WITHDRAWN)} consents ended and erased`,
      ours: `${round(erased)}/s`,
      beside: '60,000/s',
      ratio: erased / 60_000,
      goal: { atLeast: 1 },
    },
    ...Object.entries(meanwhile).map(([what, ratio]) => ({
      what: `(f) … ${what} meanwhile`,
      ours: `${round(100 * ratio)} %, ${round(erasedBesideOthers)} erased/s`,
      beside: 'without',
      ratio,
      goal: { atLeast: 0.8 },
    })),
    {
      what: '(f) p99 of a revocation',
      ours: `${round(p99.revocation, 1)} ms`,
      beside: `a share ${round(p99.share, 1)} ms`,
      ratio: p99.revocation / p99.share,
      goal: { atMost: 2 },
    },
  ];
}

/** What a page may take: of the component, and of all that is needed for a first view on a slow telephone. */
const WIDGET_KB = 60;
const FIRST_VIEW_KB = 170;
/** What Lighthouse calls good: of the largest thing being there, and of an answer to what somebody does. */
const SEEN_MS = 2_500;
const ANSWERED_MS = 200;
const HEAP_MB = 50;

async function figureP(stage: Stage): Promise<Figure[]> {
  if (chromiumPath() === undefined) {
    progress('(p) is left out: there is no chromium on the PATH');
    return [];
  }
  await nothingOwed(stage);
  const { widget, page, console: desk, many } = await measurePages(stage, progress);
  const [kB, MB] = [(bytes: number) => bytes / 1e3, (bytes: number) => bytes / 1e6];
  const upTo = (what: string, value: number, limit: number, unit: string, more = ''): Figure => ({
    what,
    ours: `${round(value, 1)} ${unit}${more}`,
    beside: `${round(limit)} ${unit}`,
    ratio: value / limit,
    goal: { atMost: 1 },
  });
  const requests = (count: number): string => `, ${count} requests`;
  return [
    upTo('(p) the widget, gzip', kB(widget.gzip), WIDGET_KB, 'kB', `, br ${round(kB(widget.br), 1)} kB`),
    upTo("(p) the customer's page, first view", kB(page.bytes), FIRST_VIEW_KB, 'kB', requests(page.requests)),
    upTo("(p) the console's, first view", kB(desk.bytes), FIRST_VIEW_KB, 'kB', requests(desk.requests)),
    upTo('(p) to the first card, slow telephone', page.ms, SEEN_MS, 'ms'),
    upTo('(p) … of 1,000 cards', many.firstCardMs, SEEN_MS, 'ms'),
    upTo('(p) to the console, slow telephone', desk.ms, SEEN_MS, 'ms'),
    upTo('(p) longest frame while 1,000 cards go by', many.longestFrameMs, ANSWERED_MS, 'ms'),
    upTo('(p) memory of 1,000 cards', MB(many.heapBytes), HEAP_MB, 'MB'),
  ];
}

/** Lots that end while redemptions run, and entries that balances are asked for among. */
const DUE_LOTS = 1_000_000;
const ENTRIES = 10_000_000;

async function figureX(stage: Stage): Promise<Figure[]> {
  await nothingOwed(stage);
  await stage.worker.stop();
  progress(`(x) ${round(DUE_LOTS)} lots end while their customers redeem`);
  const { before, during, seconds } = await redemptionWhileExpiring(stage, DUE_LOTS);
  return [
    {
      what: `(x) p99 of a redemption while ${round(DUE_LOTS)} lots end`,
      ours: `${round(during, 1)} ms, ${round(DUE_LOTS / seconds)} lots/s`,
      beside: `before it ${round(before, 1)} ms`,
      ratio: during / before,
      goal: { atMost: 2 },
    },
  ];
}

async function figureE(stage: Stage): Promise<Figure[]> {
  await nothingOwed(stage);
  await stage.worker.stop();
  const { p99, drain } = await balancesAmong(stage, ENTRIES, progress);
  const p99Of = (ms: number): string => `${round(ms, 2)} ms`;
  return [
    {
      what: `(e) p99 of a balance among ${round(ENTRIES)} entries`,
      ours: p99Of(p99.many),
      beside: `among few ${p99Of(p99.few)}`,
      ratio: p99.many / p99.few,
      goal: { atMost: 1.25 },
    },
    {
      what: '(e) … while awards are booked',
      ours: p99Of(p99.draining),
      beside: `among few ${p99Of(p99.few)}`,
      ratio: p99.draining / p99.few,
      goal: { atMost: 1.5 },
    },
    {
      what: `(e) posting among ${round(ENTRIES)} entries`,
      ours: `${round(drain.many)} awards/s`,
      beside: `among few ${round(drain.few)}/s`,
      ratio: drain.many / drain.few,
      goal: { atLeast: 0.9 },
    },
  ];
}

// From (x) on there is no worker but those that a figure starts.
const FIGURES: Record<string, (stage: Stage) => Promise<Figure[]>> = {
  a: figureA,
  c: figureC,
  d: figureD,
  g: figureG,
  r: figureR,
  w: figureW,
  f: figureF,
  p: figureP,
  x: figureX,
  b: figureB,
  e: figureE,
};

function print(figures: Figure[]): void {
  console.log('\n| figure | ours | beside | ratio | goal | |\n|---|---|---|---|---|---|');
  for (const { what, ours, beside, ratio, goal } of figures) {
    const [met, text] =
      'atLeast' in goal ? [ratio >= goal.atLeast, `≥ ${goal.atLeast}`] : [ratio <= goal.atMost, `≤ ${goal.atMost}`];
    console.log(`| ${what} | ${ours} | ${beside} | ${round(ratio, 2)} | ${text} | ${met ? '✓' : '✗'} |`);
  }
}

async function main(): Promise<void> {
  const chosen = process.argv.slice(2);
  progress('Starting PostgreSQL (full durability), API, worker and ins…');
  const stage = await setTheStage();
  try {
    const warm = fresh('warm');
    await load(stage.api.port, (n) => stage.programme.share(warm(n)), 3000);
    await load(stage.ins.port, (n) => stage.programme.share(warm(n)), 3000);
    const figures: Figure[] = [];
    for (const [name, measure] of Object.entries(FIGURES)) {
      if (chosen.length === 0 || chosen.includes(name)) figures.push(...(await measure(stage)));
    }
    print(figures);
  } finally {
    await stage.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
