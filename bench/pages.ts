import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, throttled } from './browser';
import { median } from './load';
import { post, type Stage } from './stage';

const ROUNDS = 3;
const MANY_CARDS = 1_000;
const AT_ONCE = 16;

/** What it takes to see a page for the first time. */
export interface View {
  requests: number;
  /** As they went over the wire, heads included. */
  bytes: number;
  /** From the navigation to what was looked for being there, in milliseconds. */
  ms: number;
}

export interface PagesFigures {
  /** Bytes of the component's one file. */
  widget: { gzip: number; br: number };
  /** The customer's page with three cards, and the console's sign-in and first page, on a slow telephone. */
  page: View;
  console: View;
  /** The customer's page with 1,000 cards: the first of them on a slow telephone, then all. */
  many: { firstCardMs: number; longestFrameMs: number; heapBytes: number };
}

/** Looks at the pages as who comes for the first time does. */
export async function measurePages(stage: Stage, progress: (text: string) => void): Promise<PagesFigures> {
  const base = `http://127.0.0.1:${stage.api.port}`;
  await Promise.all([shares(stage, 'few', 3), shares(stage, 'many', MANY_CARDS)]);
  const browser = await launchBrowser();
  try {
    progress(`(p) the customer's page and the console's on a slow telephone: ${ROUNDS} rounds`);
    const pages: View[] = [];
    const consoles: View[] = [];
    const firsts: number[] = [];
    for (let n = 0; n < ROUNDS; n++) {
      pages.push(await view(browser, await linkOf(stage, 'few'), CARD));
      consoles.push(await view(browser, `${base}/console?programme=bench`, 'input, button'));
      firsts.push((await view(browser, await linkOf(stage, 'many'), CARD)).ms);
    }
    progress(`(p) ${MANY_CARDS} cards`);
    const { longestFrameMs, heapBytes } = await scrollAll(browser, await linkOf(stage, 'many'));
    return {
      widget: {
        gzip: await bytesOf(`${base}/widget/gegenwert-ledger.js`, 'gzip'),
        br: await bytesOf(`${base}/widget/gegenwert-ledger.js`, 'br'),
      },
      page: middle(pages),
      console: middle(consoles),
      many: { firstCardMs: median(firsts), longestFrameMs, heapBytes },
    };
  } finally {
    await browser.close();
  }
}

const CARD = 'gegenwert-card';

const middle = (views: View[]): View => ({
  requests: median(views.map(({ requests }) => requests)),
  bytes: median(views.map(({ bytes }) => bytes)),
  ms: median(views.map(({ ms }) => ms)),
});

/** Of one customer. All after the first bring nothing, and are cards all the same. */
async function shares({ api, programme }: Stage, customerRef: string, count: number): Promise<void> {
  let left = count;
  const send = async (): Promise<void> => {
    while (left-- > 0) {
      const { path, headers, body } = programme.share(customerRef);
      const response = await fetch(`http://127.0.0.1:${api.port}${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
        body,
      });
      if (response.status !== 201) throw new Error(`A share was answered with ${response.status}`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
}

async function linkOf({ api, programme }: Stage, customerRef: string): Promise<string> {
  const body = { customerRef, locale: 'en' };
  return (await post(api.port, '/v1/customer-sessions', programme.storefrontKey, body))['url'] as string;
}

/** Of a file as it is sent to whoever takes that encoding. */
const bytesOf = (url: string, encoding: string): Promise<number> =>
  new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': encoding } }, (response) => {
      if (response.headers['content-encoding'] !== encoding) reject(new Error(`${url} is not sent as ${encoding}`));
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('end', () => resolve(bytes));
    }).on('error', reject);
  });

/** Says when something is first there, shadow roots included, looking at every frame. */
const WATCH = (selector: string): string => `
  const find = (root) => root.querySelector(${JSON.stringify(selector)}) ??
    [...root.querySelectorAll('*')].reduce((found, one) => found ?? (one.shadowRoot && find(one.shadowRoot)), null);
  window.__seenAt = new Promise((resolve) => {
    const look = () => (find(document) ? resolve(performance.now()) : requestAnimationFrame(look));
    look();
  });`;

async function view(browser: Browser, url: string, selector: string): Promise<View> {
  const context = await browser.newContext({ viewport: { width: 390, height: 800 } });
  try {
    const page = await throttled(await context.newPage());
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    let [requests, bytes] = [0, 0];
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
      requests += 1;
      bytes += encodedDataLength;
    });
    await page.addInitScript(WATCH(selector));
    await page.goto(url);
    const ms = await page.evaluate<number>('__seenAt');
    return { requests, bytes, ms };
  } finally {
    await context.close();
  }
}

/** Shows all cards and goes from the first to the last, on a processor at a quarter of ours. */
async function scrollAll(browser: Browser, url: string): Promise<{ longestFrameMs: number; heapBytes: number }> {
  const context = await browser.newContext({ viewport: { width: 390, height: 800 } });
  try {
    const page = await context.newPage();
    await page.goto(url);
    await showAll(page);
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    const longestFrameMs = (await page.evaluate(SCROLL)) as number;
    await session.send('HeapProfiler.enable');
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { usedSize: number };
    return { longestFrameMs, heapBytes: usedSize };
  } finally {
    await context.close();
  }
}

async function showAll(page: Page): Promise<void> {
  const cards = page.locator(CARD);
  await cards.first().waitFor();
  for (let shown = await cards.count(); shown < MANY_CARDS; shown = await cards.count()) {
    await page.getByRole('button', { name: 'Show earlier entries' }).click();
    await cards.nth(shown).waitFor({ state: 'attached' });
  }
}

const SCROLL = `new Promise((resolve) => {
  let [longest, last] = [0, performance.now()];
  const step = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    const before = scrollY;
    scrollBy(0, 2000);
    if (scrollY === before) resolve(longest);
    else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;
