import type { Page } from 'playwright-core';
import { call, eventually } from '../setup/service';
import { type Key, text } from '../../web/widget/texts';
import {
  describeInBrowser,
  expectAccessible,
  expectQuiet,
  HAS_NO_CLIPBOARD,
  type Pages,
  startPages,
  watchedPage,
} from './browser';

const LOCALES = ['de', 'en'] as const;
const DISCOUNT = { type: 'discount', discount: { kind: 'percent', percent: 10, validDays: 30 } };

describeInBrowser('what the customer is told', () => {
  let pages: Pages;
  beforeAll(async () => {
    pages = await startPages({ offer: { reward: DISCOUNT } });
  }, 120_000);
  afterAll(() => pages.stop());

  const said = (key: Key, fill?: Record<string, string | number>) => text('en', key, fill);
  const post = (path: string, body: object) =>
    call(pages.service.url, 'POST', `/v1${path}`, { key: pages.programme.storefrontKey, body });
  const readAgain = (page: Page): Promise<unknown> =>
    page.evaluate(`(() => { const c = new BroadcastChannel('gegenwert'); c.postMessage('changed'); c.close(); })()`);

  it.each(LOCALES)('speaks of a code as a code, not as of something that is credited (%s)', async (locale) => {
    const page = await pages.customerPage({ customerRef: `code-${locale}`, locale });
    const offer = page.locator('gegenwert-offer');
    await offer.getByRole('button', { name: text(locale, 'offer.lookAt', { title: 'Offer' }) }).click();
    await offer.getByRole('textbox', { name: 'Birthday' }).fill('1990');
    for (const box of await offer.getByRole('checkbox').all()) await box.check();
    const reward = text(locale, 'reward.percent', { percent: locale === 'de' ? '10\u00a0%' : '10%' });
    let isPending = true;
    await page.route('**/v1/me/ledger*', async (route) => {
      const response = await route.fetch();
      const body = await response.text();
      await route.fulfill({ response, body: isPending ? body.replaceAll('"granted"', '"pending"') : body });
    });
    await offer.getByRole('button', { name: text(locale, 'offer.yes') }).click();
    await page.getByText(text(locale, 'offers.codePending', { reward })).waitFor();
    await page.locator('gegenwert-card').getByText(text(locale, 'card.readying')).waitFor();
    isPending = false;
    await page.getByText(text(locale, 'offers.codeReady', { reward })).waitFor();
    await page.locator('gegenwert-card').getByText(text(locale, 'card.ready'), { exact: true }).waitFor();
    expectQuiet(page);
  });

  // Fails when only a browser with a clipboard is thought of.
  it.each([
    ['there is no clipboard', HAS_NO_CLIPBOARD],
    [
      'the browser refuses it',
      `navigator.clipboard.writeText = () => Promise.reject(new DOMException('No.', 'NotAllowedError'));`,
    ],
  ])('leaves the code selected, and says so, where %s', async (_, missing) => {
    const ref = `by-hand-${missing.length}`;
    expect((await pages.programme.share(ref)).status).toBe(201);
    const context = await pages.context();
    await context.addInitScript(missing);
    const page = await pages.customerPage({ customerRef: ref, context });
    const code = (await page.locator('gegenwert-card #code').textContent()) ?? '';
    expect(code).toMatch(/^[A-Z0-9-]{8,}$/);
    await page.getByRole('button', { name: said('card.copy') }).press('Enter');
    await page.getByRole('alert').getByText(said('card.copyByHand')).waitFor();
    expect(await page.evaluate('getSelection().toString()')).toBe(code);
    await expectAccessible(page);
    expectQuiet(page);
  });

  it('tells of a merge as it is, and of no lost connection; what was shared before can be taken back', async () => {
    const ref = 'merged-away';
    expect((await pages.programme.share(ref)).status).toBe(201);
    const page = await pages.customerPage({ customerRef: ref });
    await page.getByRole('heading', { name: said('balance.title') }).waitFor();
    expect((await post(`/customers/${ref}/merge`, { into: 'who-they-are' })).status).toBe(201);
    await readAgain(page);
    await page
      .getByRole('alert')
      .getByRole('heading', { name: said('state.merged') })
      .waitFor();
    expect(await page.getByText(/cannot reach|could not load/i).count()).toBe(0);
    expect(await page.locator('gegenwert-balance, gegenwert-offers').count()).toBe(0);
    const card = page.locator('gegenwert-card');
    await card
      .getByText(/Paused until/)
      .first()
      .waitFor();
    expect(await card.getByText(said('card.active'), { exact: true }).count()).toBe(0);
    await expectAccessible(page);

    await page.getByRole('button', { name: said('card.takeBackShare', { title: 'Offer' }) }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: said('take.do') }).click();
    await dialog.getByText(said('take.complete')).first().waitFor();
    expectQuiet(page, { statuses: [409] });
  });

  it('shows the points again when the merge is undone', async () => {
    const ref = 'merged-by-mistake';
    expect((await pages.programme.share(ref)).status).toBe(201);
    const { body: merge } = await post(`/customers/${ref}/merge`, { into: 'somebody-else' });
    const { url } = await pages.customerLink(ref);
    const page = await watchedPage(await pages.context());
    await page.goto(url);
    await page.getByRole('heading', { name: said('state.merged') }).waitFor();
    await eventually(
      () => post(`/merges/${merge['id']}/undo`, {}),
      ({ status }) => status === 200,
    );
    await readAgain(page);
    await page.getByRole('heading', { name: said('balance.title') }).waitFor();
    expect(await page.getByRole('heading', { name: said('state.merged') }).count()).toBe(0);
    expectQuiet(page, { statuses: [409] });
  });
});
