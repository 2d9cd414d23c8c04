import type { Page } from 'playwright-core';
import { texts as catalogue } from '../../web/console/pages/catalogue/texts';
import { texts as recipients } from '../../web/console/pages/recipients/texts';
import { texts as parts } from '../../web/console/parts/texts';
import { createProgramme } from '../builders/programme';
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
});
