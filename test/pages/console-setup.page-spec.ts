import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { texts as catalogue } from '../../web/console/pages/catalogue/texts';
import { texts as figures } from '../../web/console/pages/figures/texts';
import { texts as keys } from '../../web/console/pages/keys/texts';
import { texts as recipients } from '../../web/console/pages/recipients/texts';
import { texts as parts } from '../../web/console/parts/texts';
import { createProgramme } from '../builders/programme';
import { startReceiver } from '../setup/receiver';
import { call, eventually } from '../setup/service';
import {
  describeInBrowser,
  expectAccessible,
  expectNoSidewaysScroll,
  expectQuiet,
  type Pages,
  startPages,
} from './browser';

const PATHS = [
  '/figures',
  '/consents',
  '/revocations',
  '/customers?ref=lara',
  '/changes',
  '/chain',
  '/processing-record',
  '/attributes',
  '/purposes',
  '/recipients',
  '/webhooks',
  '/keys',
  '/issuers',
  '/settings',
];

/** Within the console, without signing in again. */
async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState(null, '', '/console${path}')`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle');
}

describeInBrowser('the console: figures, data protection and set-up', () => {
  let pages: Pages;

  beforeAll(async () => {
    pages = await startPages();
    const { programme } = pages;
    await programme.share('lara');
    await programme.disclose('lara');
    await programme.revoke('lara', { purpose: 'greeting' });
  });

  afterAll(() => pages?.stop());

  it.each([
    ['de', 1280, false],
    ['en', 320, true],
  ] as const)(
    'shows every page in %s at %i px (dark: %s)',
    async (locale, width, dark) => {
      const page = await pages.staffPage({ role: 'admin', locale, width, dark });
      for (const path of [...PATHS, `/figures?offer=${pages.programme.offer.id}`]) {
        await goTo(page, path);
        await expectAccessible(page);
        await expectNoSidewaysScroll(page);
      }
      expectQuiet(page);
      await page.context().close();
    },
    180_000,
  );

  it('shows each role its own pages, and no others', async () => {
    const seenBy = async (role: 'marketing' | 'dpo') => {
      const page = await pages.staffPage({ role, locale: 'en' });
      const links = await page.getByRole('navigation').first().getByRole('link').allTextContents();
      await page.context().close();
      return links;
    };
    const marketing = await seenBy('marketing');
    expect(marketing).toEqual(expect.arrayContaining(['Figures', 'Attributes']));
    for (const other of ['Revocations', 'Who changed what', 'Keys', 'Webhooks']) expect(marketing).not.toContain(other);
    const dpo = await seenBy('dpo');
    expect(dpo).toEqual(expect.arrayContaining(['Consents', 'Chain of evidence', 'From revocation to stop']));
    for (const other of ['Figures', 'Offers', 'Keys', 'Settings']) expect(dpo).not.toContain(other);
  });

  it('shows who got what of a customer, and the revocation with whom it was told', async () => {
    const page = await pages.staffPage({ role: 'dpo', locale: 'en' });
    await goTo(page, '/customers?ref=lara');
    await page.getByRole('region', { name: 'Disclosures' }).getByRole('cell', { name: 'Newsletter' }).first().waitFor();
    await page.getByText('Revoked').first().waitFor();
    await goTo(page, '/revocations');
    await page.getByRole('cell', { name: 'lara', exact: true }).waitFor();
    expect(await page.getByText('Newsletter:').count()).toBe(1);
    expectQuiet(page);
  });

  it('keeps what is typed across a reload, registers a recipient by keyboard, lists it also where the list of before came late, and shows its key once', async () => {
    const t = recipients.de.recipients;
    const page = await pages.staffPage({ role: 'admin', locale: 'de' });
    await goTo(page, '/recipients');
    await page.getByRole('button', { name: t.create }).press('Enter');
    await page.getByRole('textbox', { name: t.name, exact: true }).focus();
    await page.keyboard.type('Post <b>Nord</b>');
    await page.getByRole('textbox', { name: t.key, exact: true }).focus();
    await page.keyboard.type('post');
    const registered = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await page.route(
      /\/v1\/recipients\?/,
      async (route) => {
        const response = await route.fetch();
        await registered;
        await route.fulfill({ response });
      },
      { times: 1 },
    );
    await page.reload();
    expect(await page.getByRole('textbox', { name: t.name, exact: true }).inputValue()).toBe('Post <b>Nord</b>');
    await page.getByRole('checkbox', { name: 'greeting' }).press('Space');
    await page.getByRole('button', { name: t.save, exact: true }).press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/^gw_rk_/).waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    expect(await dialog.isVisible()).toBe(true);
    await dialog.getByRole('button', { name: parts.de.kept }).press('Enter');
    await page.getByRole('rowheader', { name: /Post <b>Nord<\/b>/ }).waitFor();
    expect(await page.getByText(/^gw_rk_/).count()).toBe(0);
    expectQuiet(page);
  });

  it('withdraws a purpose when its word was typed, and shows how far it has come', async () => {
    const other = await createProgramme(pages.service);
    expect((await other.share('kim')).status).toBe(201);
    const t = catalogue.en.purposes;
    const page = await pages.staffPage({ role: 'dpo', locale: 'en', of: other });
    await goTo(page, '/purposes');
    await page.getByRole('button', { name: `${t.withdraw}: greeting` }).press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText(t.withdrawKeeps).waitFor();
    const act = dialog.getByRole('button', { name: t.withdrawAct });
    expect(await act.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('greeting');
    await page.keyboard.press('Enter');
    await page
      .getByRole('region', { name: t.withdrawing('greeting') })
      .getByText(parts.en.job.done)
      .waitFor();
    expect((await other.disclose('kim')).status).toBe(403);
    expectQuiet(page);
  });

  it('sends an address a test and what was sent once more, and makes it a new secret', async () => {
    const { webhooks: t, deliveries } = recipients.en;
    const receiver = await startReceiver();
    const { adminKey: key } = pages.programme;
    const body = { url: receiver.url('/told'), events: ['award.granted'] };
    expect((await call(pages.service.url, 'POST', '/v1/webhooks', { key, body })).status).toBe(201);
    const page = await pages.staffPage({ role: 'admin', locale: 'en' });
    await goTo(page, '/webhooks');
    await page.getByRole('button', { name: `${t.test}: ${body.url}` }).click();
    await eventually(
      () => Promise.resolve(receiver.at('/told').length),
      (told) => told === 1,
      30_000,
    );
    await page.getByRole('link', { name: `${t.deliveries}: ${body.url}` }).click();
    await page.getByRole('button', { name: new RegExp(`^${deliveries.again}: `) }).click();
    await page.getByText(deliveries.sent).waitFor();
    await eventually(
      () => Promise.resolve(receiver.at('/told').length),
      (told) => told === 2,
      30_000,
    );
    await goTo(page, '/webhooks');
    await page.getByRole('button', { name: `${t.rotate}: ${body.url}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: t.rotate, exact: true }).click();
    await page.getByText(/^whsec_/).waitFor();
    expectQuiet(page);
    await receiver.stop();
  });

  it('renews a key: the new one works, and the old one as long as was chosen', async () => {
    const { keys: t } = keys.en;
    const made = await call(pages.service.url, 'POST', '/v1/keys', {
      key: pages.programme.adminKey,
      body: { kind: 'storefront', name: 'Till' },
    });
    const page = await pages.staffPage({ role: 'admin', locale: 'en' });
    await goTo(page, '/keys');
    await page.getByRole('button', { name: `${t.rotate}: Till` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: t.overlap }).selectOption('0');
    await dialog.getByRole('button', { name: t.rotate, exact: true }).click();
    const renewed = await page.getByText(/^gw_/).textContent();
    const statusOf = async (key: unknown) =>
      (await call(pages.service.url, 'GET', '/v1/customers/lara/balance', { key: String(key) })).status;
    expect([await statusOf(made.body['key']), await statusOf(renewed)]).toEqual([401, 200]);
    expectQuiet(page);
  });

  it('hands out each figure as a file of comma-separated values', async () => {
    const words = figures.de;
    const page = await pages.staffPage({ role: 'marketing', locale: 'de' });
    await goTo(page, `/figures?offer=${pages.programme.offer.id}`);
    const buttons = page.getByRole('button', { name: new RegExp(`^${words.csv}: `) });
    const files: string[] = [];
    for (const button of await buttons.all()) {
      const [file] = await Promise.all([page.waitForEvent('download'), button.click()]);
      const [titles = '', ...rows] = (await readFile(await file.path(), 'utf8')).split('\r\n');
      expect(titles.split(',').length).toBeGreaterThan(1);
      expect(rows.length).toBeGreaterThan(0);
      files.push(file.suggestedFilename());
    }
    const all = ['attribute-costs', 'burn-down', 'cohorts', 'funnel', 'liability', 'stopping-times'];
    expect(files.sort()).toEqual(all.map((name) => `${name}.csv`));
    expectQuiet(page);
  });
});
