import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import type { Page } from 'playwright-core';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { call } from '../setup/service';
import { describeInBrowser, expectQuiet, type Pages, signInWithKey, startPages, watchedPage } from './browser';

/** Runs where it is taken for HTML, for a script or for the value of an attribute; else it is a text like any other. */
const ATTACK = `"><img src=/x onerror=alert(1)><script>alert(2)</script>`;
const both = (text: string) => ({ de: text, en: text });
/** What would be there if a text had been taken for HTML: in the page and in every shadow root. */
const FOREIGN = `(function count(root) {
  return [...root.querySelectorAll('*')].reduce(
    (sum, one) => sum + (one.shadowRoot ? count(one.shadowRoot) : 0) + (one.matches('img[src="/x"], script:not([src])') ? 1 : 0), 0);
})(document)`;

let pages: Pages;

const startServer = (html: () => string): Promise<{ origin: string; server: Server }> =>
  new Promise((resolve) => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html());
    });
    server.listen(0, '127.0.0.1', () => {
      resolve({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server });
    });
  });

const cards = (page: Page) => page.locator('gegenwert-card');

describeInBrowser('a page that is attacked', () => {
  beforeAll(async () => {
    pages = await startPages();
    await pages.programme.share('c-one');
  });
  afterAll(() => pages.stop());

  describe('who may see it', whoMaySee);
  describe('whose pages may hold it', whoMayHold);
  describe('what staff and shops write', whatTheyWrite);
});

function whoMaySee(): void {
  it('opens by its link once, and says so the second time', async () => {
    const { url } = await pages.customerLink('c-one');
    const page = await watchedPage(await pages.context());
    await page.goto(url);
    await cards(page).first().waitFor();
    expect(page.url()).not.toContain('link=');
    const thief = await watchedPage(await pages.context());
    await thief.goto(url);
    await thief.getByRole('heading', { name: 'This link has been used already' }).waitFor();
    expect(await cards(thief).count()).toBe(0);
    expectQuiet(page);
    expectQuiet(thief, { statuses: [410] });
  });

  it('opens by no link that is too old', async () => {
    const { url } = await pages.customerLink('c-one');
    await sql(`UPDATE session_links SET expires_at = now() - interval '1 second' WHERE used_at IS NULL`);
    const page = await watchedPage(await pages.context());
    await page.goto(url);
    await page.getByRole('heading', { name: 'This link has expired' }).waitFor();
    expectQuiet(page, { statuses: [410] });
  });

  // Fails when signing out only forgets the token.
  it('is left for good: the token opens nothing any more, nor does going back', async () => {
    const page = await watchedPage(await pages.context());
    const seen = page.waitForRequest((request) => request.url().includes('/v1/me/ledger'));
    await page.goto((await pages.customerLink('c-one')).url);
    const token = ((await (await seen).allHeaders())['authorization'] ?? '').replace('Bearer ', '');
    await cards(page).first().waitFor();
    expect((await me(token, '/ledger')).status).toBe(200);
    const ended = page.waitForResponse((response) => response.request().method() === 'DELETE');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expect((await ended).status()).toBe(204);
    expect((await me(token, '/ledger')).status).toBe(401);
    await page.reload();
    await page.getByRole('heading', { name: 'The way in is through the shop' }).waitFor();
    expect(await cards(page).count()).toBe(0);
    expectQuiet(page);
  });

  it('shows nothing any more, and says why, when the session is over', async () => {
    const programme = await createProgramme(pages.service);
    await programme.share('c-late');
    const page = await pages.customerPage({ customerRef: 'c-late', of: programme });
    await cards(page).first().waitFor();
    const { body } = await call(pages.service.url, 'GET', '/v1/keys', { key: programme.adminKey });
    const storefront = (body['data'] as Record<string, string>[]).find(({ kind }) => kind === 'storefront');
    await call(pages.service.url, 'DELETE', `/v1/keys/${storefront?.['id']}`, { key: programme.adminKey });
    // Whatever is asked next is refused.
    await page
      .getByRole('button', { name: /^Take back all of/ })
      .first()
      .click();
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    expect(await cards(page).count()).toBe(0);
    expectQuiet(page, { statuses: [401] });
  });

  it('is one customer’s: another one’s token finds nothing of it, and the next one at this screen sees their own', async () => {
    const share = (await pages.programme.share('c-private', { values: { birthday: 'of c-private' } })).body;
    const { body } = await pages.programme.revoke('c-private', { attribute: 'birthday' });
    await pages.programme.share('c-other');
    const { token } = await pages.customerLink('c-other');
    for (const path of [
      `/revocations/${body['id']}`,
      `/revocations/${body['id']}/certificate`,
      `/shares/${share['id']}`,
    ])
      expect((await me(token, path)).status).toBe(404);
    expect(JSON.stringify((await me(token, '/uses')).body)).not.toContain(share['id']);

    const page = await pages.customerPage({ customerRef: 'c-private' });
    await cards(page).first().waitFor();
    await page.goto((await pages.customerLink('c-other')).url);
    await page.locator(`gegenwert-card:not([data-share="${share['id']}"])`).first().waitFor();
    expect(await page.locator(`[data-share="${share['id']}"]`).count()).toBe(0);
    expectQuiet(page);
  });
}

function whoMayHold(): void {
  let shops: { origin: string; server: Server }[];
  let html = '';

  beforeAll(async () => {
    shops = [await startServer(() => html), await startServer(() => html)];
    const body = { origins: [shops[0]?.origin] };
    const { status } = await call(pages.service.url, 'PUT', '/v1/embed-origins', {
      key: pages.programme.adminKey,
      body,
    });
    if (status !== 200) throw new Error(`PUT /v1/embed-origins: ${status}`);
  });

  afterAll(() => {
    for (const { server } of shops) server.close();
  });

  async function openShop(which: 0 | 1): Promise<Page> {
    const { token } = await pages.customerLink('c-one');
    const script = `${pages.service.url}/widget/gegenwert-ledger.js`;
    html = `<!doctype html><html lang="en"><title>Shop</title><script type="module" src="${script}"></script>
      <gegenwert-ledger token="${token}" locale="en"></gegenwert-ledger>`;
    const page = await watchedPage(await pages.context());
    await page.goto(shops[which]?.origin ?? '');
    return page;
  }

  it('works on the page of a shop that is on the list', async () => {
    const page = await openShop(0);
    await cards(page).first().waitFor();
    expectQuiet(page);
  });

  it('shows nothing on that of any other', async () => {
    const page = await openShop(1);
    await page.getByText('We could not load this just now.').waitFor();
    expect(await cards(page).count()).toBe(0);
  });

  it('is shown in nobody’s frame', async () => {
    html = `<!doctype html><title>Frame</title>${['/me', '/console'].map((path) => `<iframe src="${pages.service.url}${path}"></iframe>`).join('')}`;
    const page = await (await pages.context()).newPage();
    const refused: string[] = [];
    page.on('console', (message) => refused.push(message.text()));
    await page.goto(shops[0]?.origin ?? '');
    await page.waitForTimeout(500);
    expect(refused.filter((text) => text.includes('frame-ancestors'))).toHaveLength(2);
    for (const frame of page.frames().slice(1))
      expect(await frame.locator('gegenwert-page, #root > *').count()).toBe(0);
  });
}

function whatTheyWrite(): void {
  let programme: TestProgramme;

  beforeAll(async () => {
    programme = await hostileProgramme(pages);
  });

  async function expectUnharmed(page: Page, statuses: number[] = []): Promise<void> {
    expect(await page.evaluate(FOREIGN)).toBe(0);
    expectQuiet(page, { statuses });
  }

  it('is text on the customer’s page, wherever it stands', async () => {
    const page = await pages.customerPage({ customerRef: 'c-hostile', of: programme });
    await cards(page).first().waitFor();
    expect(await page.getByText(ATTACK).count()).toBeGreaterThan(3);
    for (const summary of await page.locator('summary').all()) await summary.click();
    for (const button of await page.getByRole('button', { name: /^(Take a look|Show )/ }).all())
      if (await button.isVisible()) await button.click();
    await page.getByText('order-1', { exact: false }).first().waitFor();
    await page
      .getByRole('button', { name: /^Take back all of/ })
      .first()
      .click();
    await page.getByRole('dialog').getByText('You keep').waitFor();
    await expectUnharmed(page);
  });

  it('is text on every page of the console', async () => {
    const page = await watchedPage(await pages.context());
    await page.goto(`${pages.service.url}/console?programme=${programme.slug}`);
    await signInWithKey(page, programme.adminKey);
    const entries = page.getByRole('navigation').getByRole('link');
    const names = await entries.allTextContents();
    expect(names.length).toBeGreaterThan(8);
    let seen = 0;
    for (const name of names) {
      await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
      await page.getByRole('main').getByRole('heading').first().waitFor();
      await page.waitForLoadState('networkidle');
      seen += await page.getByText('<img src=/x', { exact: false }).count();
      expect(await page.evaluate(FOREIGN)).toBe(0);
    }
    expect(seen).toBeGreaterThan(8);
    await expectUnharmed(page);
  });
}

async function me(token: string, path: string) {
  return call(pages.service.url, 'GET', `/v1/me${path}`, { key: token });
}

async function sql(text: string): Promise<void> {
  const client = new Client(pages.database.url);
  await client.connect();
  await client.query(text);
  await client.end();
}

/** A programme all of whose words are attacks, with a customer who shared, spent and took back. */
async function hostileProgramme({ service }: Pages): Promise<TestProgramme> {
  const made = await createProgramme(service, {
    title: both(ATTACK),
    text: both(ATTACK),
    asks: [{ attribute: 'birthday', purposes: ['greeting', 'advice'], required: true }],
  });
  const admin = async (method: string, path: string, body: object) => {
    const answer = await call(service.url, method, path, { key: made.adminKey, body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await admin('POST', '/v1/attributes', {
    key: 'hostile',
    title: both(ATTACK),
    schema: { type: 'string', enum: [ATTACK, 'b'], title: ATTACK, description: ATTACK },
    sensitivity: 'ordinary',
    retentionDays: 30,
  });
  await admin('POST', '/v1/purposes', { key: 'hostile', title: both(ATTACK), description: both(ATTACK) });
  const reader = await admin('POST', '/v1/recipients', {
    key: 'hostile',
    name: ATTACK,
    purposes: ['hostile'],
    webhookUrl: `http://127.0.0.1:9/${encodeURI(ATTACK)}?${ATTACK.replaceAll(/[<>" ]/g, (one) => encodeURIComponent(one))}`,
  });
  await admin('POST', '/v1/keys', { kind: 'storefront', name: ATTACK });
  const offer = await made.publish({
    title: both(ATTACK),
    text: both(ATTACK),
    asks: [{ attribute: 'hostile', purposes: ['hostile'], required: true }],
    reward: { type: 'points', points: 70 },
  });
  await made.publish({
    title: both(ATTACK),
    text: both(ATTACK),
    asks: [{ attribute: 'hostile', purposes: ['hostile'], required: true }],
    reward: { type: 'discount', discount: { kind: 'percent', percent: 10, validDays: 9 } },
  });
  const ref = 'c-hostile';
  const hostile = { values: { hostile: ATTACK }, consents: [{ attribute: 'hostile', purposes: ['hostile'] }] };
  const shared = await made.share(ref, { offer, ...hostile });
  if (shared.status !== 201) throw new Error(JSON.stringify(shared.body));
  await call(service.url, 'POST', '/v1/disclosures', {
    key: reader['apiKey'] as string,
    body: { customerRef: ref, purpose: 'hostile', attributes: ['hostile'], reason: ATTACK },
  });
  await made.share(ref);
  const shop = (path: string, body: object) => call(service.url, 'POST', path, { key: made.storefrontKey, body });
  await shop('/v1/awards', { customerRef: ref, points: 100, reason: ATTACK, reference: ATTACK });
  for (let n = 0; n < 100 && (await made.balance(ref)).available < 290; n++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  await shop('/v1/redemptions', { customerRef: ref, points: 5, orderRef: `order-1${ATTACK}`, capture: true });
  await made.revoke(ref, { attribute: 'birthday' });
  return made;
}
