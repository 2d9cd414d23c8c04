import type { Page } from 'playwright-core';
import { describeInBrowser, expectQuiet, type Pages, startPages } from './browser';

const REF = 'c-two-tabs';

describeInBrowser('two tabs, one revoking', () => {
  let pages: Pages;

  beforeAll(async () => {
    pages = await startPages();
    await pages.programme.share(REF);
    await pages.programme.disclose(REF);
  });

  afterAll(() => pages.stop());

  const marks = (page: Page, hasText: RegExp) => page.locator('gegenwert-card .mark').filter({ hasText });
  const allowed = (page: Page) => marks(page, /Allowed|Erlaubt/);
  const takenBack = (page: Page) => marks(page, /Taken back|Zurückgenommen/);

  /** As a customer does it: the consequence is read, then said yes to. */
  async function takeBackOn(page: Page): Promise<void> {
    await page
      .getByRole('button', { name: /^Take back all of/ })
      .first()
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('One recipient will be told: Newsletter.').waitFor();
    await dialog.getByRole('button', { name: 'Yes, take back' }).click();
    await dialog.getByText('Blocked: nobody is given these details any more.').first().waitFor();
  }

  // Fails without the word from tab to tab (BroadcastChannel): the next look is 20 seconds away.
  // Fails without the word from tab to tab (BroadcastChannel): the next look is 20 seconds away.
  it('shows in the other tab at once that nothing is allowed any more', async () => {
    const context = await pages.context();
    const one = await pages.customerPage({ customerRef: REF, context });
    const other = await pages.customerPage({ customerRef: REF, context });
    for (const page of [one, other]) await allowed(page).first().waitFor();
    await takeBackOn(one);
    await takenBack(other).first().waitFor({ timeout: 10_000 });
    expect(await allowed(other).count()).toBe(0);
    // With the points that the customer keeps.
    await other.locator('gegenwert-balance').getByText('120').first().waitFor();
    for (const page of [one, other]) expectQuiet(page);
    await context.close();
  });

  it('says on a telephone without a network that it does not know, and what has become of it when it is back', async () => {
    const ref = `${REF}-away`;
    await pages.programme.share(ref);
    const away = await pages.customerPage({ customerRef: ref, locale: 'de', width: 390 });
    await allowed(away).first().waitFor();
    await away.context().setOffline(true);
    await away.getByText(/^Du bist offline/).waitFor();
    expect(await allowed(away).count()).toBe(0);
    await pages.programme.revoke(ref, { everything: true });
    await away.context().setOffline(false);
    await takenBack(away).first().waitFor();
    expect(await allowed(away).count()).toBe(0);
    expectQuiet(away);
    await away.context().close();
  });

  it('says so where two tabs take back the same at once: the second finds nothing left, and nothing happens twice', async () => {
    const ref = `${REF}-again`;
    await pages.programme.share(ref);
    const [one, other] = [
      await pages.customerPage({ customerRef: ref }),
      await pages.customerPage({ customerRef: ref }),
    ];
    for (const page of [one, other]) {
      await page
        .getByRole('button', { name: /^Take back all of/ })
        .first()
        .click();
      await page.getByRole('dialog').getByText('You keep 120 points.').waitFor();
    }
    for (const page of [one, other]) {
      await page.getByRole('dialog').getByRole('button', { name: 'Yes, take back' }).click();
      await takenBack(page).first().waitFor();
    }
    const balance = await pages.programme.balance(ref);
    expect(balance).toMatchObject({ available: 120, pending: 0 });
    for (const page of [one, other]) expectQuiet(page);
  });
});
