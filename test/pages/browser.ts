import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromiumPath, launchBrowser } from '../../bench/browser';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { call, type RunningService, startService } from '../setup/service';

export { throttled } from '../../bench/browser';

/** What the pages promise: WCAG 2.2, levels A and AA. */
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const VIOLATION = 'gegenwert-csp';

const open = new Set<Browser>();

/** As `describe`, and each test's tabs end with it; where there is no browser it is skipped, and its name says why. */
export function describeInBrowser(name: string, fn: () => void): void {
  if (chromiumPath() === undefined) return describe.skip(`${name} (there is no chromium on the PATH)`, fn);
  describe(name, () => {
    afterEach(async () => {
      const contexts = [...open].flatMap((browser) => browser.contexts());
      await Promise.all(contexts.map((context) => context.close()));
    });
    fn();
  });
}

export type Role = 'marketing' | 'dpo' | 'admin';

export interface Look {
  /** Of the page, and of the browser. */
  locale?: 'de' | 'en';
  /** In CSS pixels. */
  width?: number;
  dark?: boolean;
  /** One browser profile: pages in the same context are tabs beside each other. */
  context?: BrowserContext;
}

/** The real service (API and worker) with a programme, and a browser in front of it. */
export interface Pages {
  service: RunningService;
  database: TestDatabase;
  programme: TestProgramme;
  browser: Browser;
  /** A profile of its own. */
  context(look?: Look): Promise<BrowserContext>;
  /** Where the storefront sends this customer: a link that works once. */
  customerLink(customerRef: string, locale?: 'de' | 'en', of?: TestProgramme): Promise<{ url: string; token: string }>;
  customerPage(look: Look & { customerRef: string; of?: TestProgramme; path?: string }): Promise<Page>;
  staffKey(role: Role, of?: TestProgramme): Promise<string>;
  /** Signed in with a staff key, on the path under /console. */
  staffPage(look: Look & { role: Role; of?: TestProgramme; path?: string }): Promise<Page>;
  stop(): Promise<void>;
}

/** Once a spec file: everything is booted, and the browser is kept for all its pages. */
export async function startPages(
  options: { offer?: Record<string, unknown>; env?: NodeJS.ProcessEnv } = {},
): Promise<Pages> {
  const database = await createTestDatabase();
  const [service, browser] = await Promise.all([
    // Named as an embedded database is, so that staff may sign in with a key.
    startService({ databaseUrl: database.url, env: { GEGENWERT_DATABASE_FILES: database.url, ...options.env } }),
    launchBrowser(),
  ]);
  open.add(browser);
  const programme = await createProgramme(service, options.offer);
  const pages: Pages = {
    service,
    database,
    programme,
    browser,
    context: (look = {}) =>
      browser.newContext({
        locale: look.locale === 'de' ? 'de-DE' : 'en-GB',
        timezoneId: 'Europe/Berlin',
        viewport: { width: look.width ?? 1280, height: 800 },
        colorScheme: look.dark === true ? 'dark' : 'light',
        reducedMotion: 'reduce',
      }),
    customerLink: async (customerRef, locale = 'en', of = programme) => {
      const body = { customerRef, locale };
      const answer = await call(service.url, 'POST', '/v1/customer-sessions', { key: of.storefrontKey, body });
      if (answer.status !== 201) throw new Error(`No session: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body as { url: string; token: string };
    },
    customerPage: async ({ customerRef, of, path, ...look }) => {
      const { url } = await pages.customerLink(customerRef, look.locale, of);
      const page = await watchedPage(look.context ?? (await pages.context(look)));
      await page.goto(path === undefined ? url : url.replace('/me#', `/me${path}#`));
      return page;
    },
    staffKey: async (role, of = programme) => {
      const body = { kind: 'staff', name: `${role} of the test`, role };
      const answer = await call(service.url, 'POST', '/v1/keys', { key: of.adminKey, body });
      if (answer.status !== 201) throw new Error(`No key: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body['key'] as string;
    },
    staffPage: async ({ role, of = programme, path = '', ...look }) => {
      const key = await pages.staffKey(role, of);
      const page = await watchedPage(look.context ?? (await pages.context(look)));
      await page.goto(`${service.url}/console${path}?programme=${of.slug}`);
      await signInWithKey(page, key);
      return page;
    },
    stop: async () => {
      open.delete(browser);
      await browser.close();
      await service.stop();
      await database.drop();
    },
  };
  return pages;
}

/** As a member of staff does it: the key goes into the only password field. */
export async function signInWithKey(page: Page, key: string): Promise<void> {
  const field = page.locator('input[type=password]');
  await field.fill(key);
  await field.press('Enter');
  await page.getByRole('navigation').first().waitFor();
}

const heard = new WeakMap<Page, string[]>();

/** What a browser does that is told to store nothing. */
export const STORES_NOTHING = `
  const refuse = () => { throw new DOMException('The operation is insecure.', 'SecurityError'); };
  Object.defineProperty(window, 'sessionStorage', { get: refuse });
  Object.defineProperty(window, 'localStorage', { get: refuse });
  window.BroadcastChannel = class { constructor() { refuse(); } };`;

/** What a browser does with a page that has no https. */
export const HAS_NO_CLIPBOARD = 'delete Navigator.prototype.clipboard;';

/** A new tab of which everything that goes wrong is written down: errors, what the CSP refused, requests that failed. */
export async function watchedPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  const noise: string[] = [];
  heard.set(page, noise);
  page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.text().includes(VIOLATION)) noise.push(`console: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('response', (response) => {
    if (response.status() >= 400)
      noise.push(`answer: ${response.status()} ${response.request().method()} ${response.url()}`);
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    // A page that is left, or a stream that is closed, ends its requests.
    if (why !== 'net::ERR_ABORTED') noise.push(`request: ${why} ${request.method()} ${request.url()}`);
  });
  await page.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
    console.warn('${VIOLATION}', event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber))`);
  return page;
}

/** Nothing went wrong in this tab; but for what is expected to, which a test names by status: what Chromium says of it is left out as well. */
export function expectQuiet(page: Page, { statuses = [] }: { statuses?: number[] } = {}): void {
  const isExpected = (line: string) =>
    statuses.some(
      (status) =>
        line.startsWith(`answer: ${status} `) || line.includes(`the server responded with a status of ${status} `),
    );
  expect((heard.get(page) ?? []).filter((line) => !isExpected(line))).toEqual([]);
}

/** axe-core finds nothing, shadow roots included. */
export async function expectAccessible(page: Page): Promise<void> {
  // By the protocol of the browser's debugger, so that no Content-Security-Policy stands in the way.
  await page.evaluate(axe.source);
  const options = JSON.stringify({ runOnly: { type: 'tag', values: WCAG }, resultTypes: ['violations'] });
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${options})`);
  expect(
    violations.map(({ id, help, nodes }) => ({
      id,
      help,
      nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => ({ html: html.slice(0, 200), failureSummary })),
    })),
  ).toEqual([]);
}

/** Nothing is wider than the window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate<[number, number]>(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  );
  expect(content).toBeLessThanOrEqual(window);
}
