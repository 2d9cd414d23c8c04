import type { Locator } from 'playwright-core';
import { texts as signIns } from '../../web/console/session/texts';
import { text } from '../../web/widget/texts';
import { call } from '../setup/service';
import { describeInBrowser, expectNoSidewaysScroll, expectQuiet, type Pages, startPages, watchedPage } from './browser';

/** As German as it gets; nowhere to break it. */
const LONG = 'Geburtstagsgrußkarte';
const MANY_WORDS = 'Was du am Morgen gern auf dem Teller und in der Tasse hast';
/** Seen beside a button on the smallest of phones. */
const WIDTH = 320;

/** On how many lines a text stands. */
const linesOf = (words: Locator): Promise<number> =>
  words.evaluate((element) => {
    const range = element.ownerDocument.createRange();
    range.selectNodeContents(element);
    return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
  });

describeInBrowser('the pages on a narrow screen', () => {
  let pages: Pages;
  beforeAll(async () => {
    pages = await startPages();
  }, 120_000);
  afterAll(() => pages.stop());

  const admin = (path: string, body: object) =>
    call(pages.service.url, 'POST', `/v1${path}`, { key: pages.programme.adminKey, body });

  it('break no word, and no day, of the customer’s page', async () => {
    const long = { de: LONG, en: LONG };
    expect((await admin('/purposes', { key: 'card', title: long, description: long })).status).toBe(201);
    expect((await admin('/recipients', { key: 'post', name: 'Post', purposes: ['card'] })).status).toBe(201);
    const asks = [{ attribute: 'birthday', purposes: ['card'], required: true }];
    const offer = await pages.programme.publish({ asks, title: { de: MANY_WORDS, en: MANY_WORDS } });
    const consents = [{ attribute: 'birthday', purposes: ['card'] }];
    expect((await pages.programme.share('narrow', { offer, consents })).status).toBe(201);
    const page = await pages.customerPage({ customerRef: 'narrow', locale: 'de', width: WIDTH });
    const purpose = page.locator('gegenwert-card').getByText(LONG, { exact: true });
    await purpose.waitFor();
    expect(await linesOf(purpose)).toBe(1);
    await page.getByText(text('de', 'history.title'), { exact: true }).click();
    const day = page.locator('gegenwert-history time').first();
    await day.waitFor();
    expect(await linesOf(day)).toBe(1);
    await expectNoSidewaysScroll(page);
    expectQuiet(page);
  });

  it('squeeze nothing in the console’s tables, which scroll, and cut off no way in', async () => {
    const issuer = 'https://login.accounts.microsoftonline.example';
    const body = { issuer, audience: 'console', clientId: 'console', subjects: 'staff' };
    expect((await admin('/issuers', body)).status).toBe(201);
    const page = await watchedPage(await pages.context({ width: WIDTH }));
    await page.goto(`${pages.service.url}/console?programme=${pages.programme.slug}`);
    const label = page
      .getByRole('button', { name: signIns.en.withIssuer(new URL(issuer).host) })
      .locator('.mantine-Button-label');
    const [content, seen] = await label.evaluate((element) => [element.scrollWidth, element.clientWidth] as const);
    expect(content).toBeLessThanOrEqual(seen);
    await expectNoSidewaysScroll(page);

    const table = await pages.staffPage({ role: 'admin', width: WIDTH, path: '/attributes' });
    const schema = table.getByRole('cell').locator('code').first();
    await schema.waitFor();
    expect((await schema.boundingBox())?.width).toBeGreaterThan(200);
    await expectNoSidewaysScroll(table);
    expectQuiet(table);
  });
});
