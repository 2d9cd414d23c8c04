import type { Locator, Page } from 'playwright-core';
import { texts } from '../../web/console/pages/offers/texts';
import { call } from '../setup/service';
import { describeInBrowser, expectQuiet, type Pages, startPages } from './browser';

const BOTH = { de: 'Deine Größe', en: 'Your size' };

describeInBrowser('the console: what is typed', () => {
  let pages: Pages;

  beforeAll(async () => {
    pages = await startPages();
  });

  afterAll(() => pages?.stop());

  const admin = (method: string, path: string, body?: object) =>
    call(pages.service.url, method, path, { key: pages.programme.adminKey, ...(body && { body }) });

  async function draft(key: string): Promise<string> {
    const { status, body } = await admin('POST', '/v1/offers', {
      key,
      title: BOTH,
      text: BOTH,
      asks: [{ attribute: 'birthday', purposes: ['greeting'] }],
      reward: { type: 'points', points: 50 },
    });
    expect(status).toBe(201);
    return body['id'] as string;
  }

  const button = (page: Page | Locator, name: string) => page.getByRole('button', { name, exact: true });

  // Fails when an input that is in the middle of a number counts as an empty one: 5,50 € then was 50 €.
  it.each([
    { locale: 'de', typed: '5,50', shown: '5,50', customer: /5,50\s€ Rabatt/, next: '12,05' },
    { locale: 'en', typed: '5.50', shown: '5.50', customer: /€5\.50 off/, next: '12.05' },
  ] as const)('takes an amount as it is written: %j', async ({ locale, typed, shown, customer, next }) => {
    const id = await draft(`amount-${locale}`);
    const t = texts[locale];
    const page = await pages.staffPage({ role: 'marketing', locale, path: `/offers/${id}/edit` });
    await page.getByRole('heading', { level: 2, name: t.steps.asks }).waitFor();
    await button(page, t.next).click();
    await button(page, t.next).click();
    await page.getByRole('heading', { level: 2, name: t.steps.reward }).waitFor();
    await page.getByRole('radio', { name: t.rewardDiscount }).check();
    await page.getByRole('radio', { name: t.amount }).check();
    const amount = page.getByRole('textbox', { name: t.amountLabel });
    await amount.pressSequentially(typed, { delay: 30 });
    expect(await amount.inputValue()).toBe(shown);
    await page.locator('gegenwert-offer').getByText(customer).waitFor();
    await amount.fill('');
    await amount.pressSequentially(next, { delay: 30 });
    await button(page, t.save).click();
    await page.getByText(t.saved).waitFor();
    const { body } = await admin('GET', `/v1/offers/${id}`);
    expect(body['draft'].reward.discount).toMatchObject({ kind: 'amount', amountMinor: 1205, currency: 'EUR' });
    expectQuiet(page);
  });

  // Fails when what is saved takes the place of what is in the fields by then.
  it.each(['edit', 'new'])('keeps what is typed while the draft is being saved (%s)', async (which) => {
    const t = texts.en;
    const path = which === 'new' ? '/offers/new' : `/offers/${await draft('slowly-saved')}/edit`;
    const page = await pages.staffPage({ role: 'marketing', path });
    if (which === 'new') {
      await page
        .getByRole('combobox', { name: t.addAsk })
        .or(page.getByRole('textbox', { name: t.addAsk }))
        .click();
      await page.getByRole('option', { name: 'Birthday' }).click();
      await page.getByRole('checkbox', { name: 'greeting' }).check();
    }
    await button(page, t.next).click();
    for (const [label, language] of [
      [t.offerTitle, t.german],
      [t.offerText, t.german],
      [t.offerTitle, t.english],
      [t.offerText, t.english],
    ] as const)
      await page.getByLabel(label(language)).fill('Before it is saved');
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    await page.route(/\/v1\/offers(\/\w+)?$/, async (route) => {
      if (route.request().method() !== 'GET') await held;
      await route.continue();
    });
    const sent = page.waitForRequest(
      (request) => ['POST', 'PATCH'].includes(request.method()) && /offers(\/\w+)?$/.test(request.url()),
    );
    await button(page, t.save).click();
    await sent;
    const title = page.getByLabel(t.offerTitle(t.english));
    await title.fill('While it is saved');
    goOn();
    await page.getByText(t.saved).waitFor();
    await page.waitForURL(/\/edit/);
    await page.getByText(t.unsaved).waitFor();
    expect(await title.inputValue()).toBe('While it is saved');
    await button(page, t.save).click();
    await page.getByText(t.unsaved).waitFor({ state: 'detached' });
    expect(await title.inputValue()).toBe('While it is saved');
    expectQuiet(page);
  });

  // Fails when a time that is shown no more is sent all the same: the service refuses it, and no field says so.
  it('publishes a change of words that was taken for a material one first', async () => {
    const t = texts.en;
    const id = await draft('reworded');
    expect((await admin('POST', `/v1/offers/${id}/publish`, {})).status).toBe(200);
    const title = { ...BOTH, en: 'Your size, please' };
    expect((await admin('PATCH', `/v1/offers/${id}`, { title })).status).toBe(200);
    const page = await pages.staffPage({ role: 'marketing', path: `/offers/${id}` });
    await page.getByRole('radio', { name: t.changes.material }).check();
    await page.getByRole('textbox', { name: t.graceDays }).fill('30');
    await page.getByRole('radio', { name: t.changes.compatible }).check();
    await button(page, t.publish).click();
    await button(page.getByRole('dialog'), t.publish).click();
    await page.getByText(t.published).waitFor();
    expectQuiet(page);
  });
});
