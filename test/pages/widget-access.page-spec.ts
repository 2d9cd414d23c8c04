import type { Page } from 'playwright-core';
import { count, text } from '../../web/widget/texts';
import { describeInBrowser, expectAccessible, expectNoSidewaysScroll, type Pages, startPages } from './browser';

let pages: Pages;

/** As with a keyboard: Tab until what has the focus is called so, however deep it lies. */
async function tabTo(page: Page, role: string, name: RegExp): Promise<void> {
  const wanted = page.getByRole(role as 'button', { name }).and(page.locator(':focus'));
  for (let n = 0; n < 80; n++) {
    if ((await wanted.count()) > 0) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never came to the ${role} ${String(name)}`);
}

/** Everything that can be opened is open, the form of the offer with its faults as well. From below, so that nothing moves what is clicked next. */
async function openAll(page: Page, locale: 'de' | 'en'): Promise<void> {
  await page.getByRole('button', { name: text(locale, 'offer.look') }).click();
  await page.getByRole('button', { name: text(locale, 'offer.yes') }).click();
  await page.getByText(text(locale, 'field.missing')).waitFor();
  for (const key of ['export.title', 'values.title', 'history.title', 'ledger.takeBackMore', 'card.uses'] as const)
    await page
      .locator('summary')
      .filter({ hasText: text(locale, key) })
      .first()
      .click();
  await page.getByRole('button', { name: text(locale, 'values.show') }).click();
  await page.getByRole('button', { name: text(locale, 'values.correctOf', { title: 'Birthday' }) }).click();
}

describeInBrowser('the customer’s page is for everyone', () => {
  beforeAll(async () => {
    pages = await startPages();
    await pages.programme.share('all');
    await pages.programme.disclose('all');
    // One more, since the first has nothing to give any more.
    await pages.programme.publish({ title: { de: 'Mehr', en: 'More' } });
  }, 120_000);
  afterAll(() => pages.stop());

  it.each([
    { locale: 'de', width: 1280, dark: false },
    { locale: 'en', width: 1280, dark: true },
    { locale: 'de', width: 320, dark: true },
    { locale: 'en', width: 320, dark: false },
  ] as const)('axe finds nothing, open as closed, and nothing is cut off: %j', async (look) => {
    const page = await pages.customerPage({ customerRef: 'all', ...look });
    const { locale } = look;
    await page.getByRole('heading', { name: text(locale, 'ledger.title') }).waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await openAll(page, locale);
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await page.getByRole('button', { name: text(locale, 'card.takeBackShare', { title: 'Offer' }) }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: text(locale, 'take.do') })
      .waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await page.context().close();
  });

  it('shares and takes back with the keyboard alone, and the focus is never lost', async () => {
    const page = await pages.customerPage({ customerRef: 'keyboard' });
    await page.getByRole('heading', { name: text('en', 'offers.title') }).waitFor();
    await page.keyboard.press('Tab');
    await page
      .getByRole('link', { name: text('en', 'page.skip') })
      .and(page.locator(':focus'))
      .waitFor();
    await page.keyboard.press('Enter');
    await tabTo(page, 'button', /^Take a look: Offer/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Offer', exact: true }).and(page.locator(':focus')).waitFor();
    await tabTo(page, 'textbox', /Birthday/);
    await page.keyboard.type('1990-04-01');
    for (const purpose of [/^greeting/, /^advice/]) {
      await tabTo(page, 'checkbox', purpose);
      await page.keyboard.press('Space');
    }
    await tabTo(page, 'button', /^Yes, share/);
    await page.keyboard.press('Enter');
    // What became of it has the focus, and is said.
    await page.locator('#said:focus').waitFor();
    await page.getByText(text('en', 'offers.paid', { reward: count('en', 'points', 120) })).waitFor();

    await tabTo(page, 'button', /^Take back all of “Offer”/);
    await page.keyboard.press('Enter');
    await page
      .getByRole('heading', { name: text('en', 'take.title') })
      .and(page.locator(':focus'))
      .waitFor();
    await tabTo(page, 'button', /^Yes, take back/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText(text('en', 'take.complete')).first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    // The button has gone with what was taken back: its card has the focus.
    await page.locator('gegenwert-card :focus').waitFor();
  });
});
