import type { Locator, Page } from 'playwright-core';
import { texts as frames } from '../../web/console/texts';
import { texts } from '../../web/console/pages/offers/texts';
import { texts as signIns } from '../../web/console/session/texts';
import { call } from '../setup/service';
import {
  describeInBrowser,
  expectAccessible,
  expectNoSidewaysScroll,
  expectQuiet,
  type Pages,
  startPages,
} from './browser';

const LOCALES = ['de', 'en'] as const;
type Locale = (typeof LOCALES)[number];
const BOTH = { de: 'Dein Geburtstag', en: 'Your birthday' };
/** Nobody needs more steps than that to a field. */
const MOST_TABS = 120;

/** Goes there as somebody without a mouse does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  // A button may be waiting for the service; the keyboard passes it by until then.
  while (await target.isDisabled()) await page.waitForTimeout(100);
  for (let n = 0; n < MOST_TABS; n++) {
    if (await target.evaluate((element) => element.matches(':focus'))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${target} is not reached by keyboard`);
}

async function pressOn(page: Page, target: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

async function typeInto(page: Page, target: Locator, text: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.type(text);
}

const button = (page: Page | Locator, name: string | RegExp) => page.getByRole('button', { name, exact: true });

describeInBrowser('the console: offers', () => {
  let pages: Pages;

  beforeAll(async () => {
    pages = await startPages();
  });

  afterAll(() => pages?.stop());

  const admin = (method: string, path: string, body?: object) =>
    call(pages.service.url, method, path, { key: pages.programme.adminKey, ...(body && { body }) });

  const draft = async (key: string, change: object = {}): Promise<string> => {
    const { status, body } = await admin('POST', '/v1/offers', {
      key,
      title: BOTH,
      text: BOTH,
      asks: [{ attribute: 'birthday', purposes: ['greeting'] }],
      reward: { type: 'points', points: 50 },
      budget: { points: 5000 },
      ...change,
    });
    expect(status).toBe(201);
    return body['id'] as string;
  };

  /** From the list to a saved draft, by keyboard alone. */
  async function writeOffer(page: Page, locale: Locale, key: string): Promise<void> {
    const t = texts[locale];
    await pressOn(page, page.getByRole('link', { name: t.create }));
    const choose = page.getByRole('combobox', { name: t.addAsk }).or(page.getByRole('textbox', { name: t.addAsk }));
    await typeInto(page, choose, 'Birth');
    await page.locator('[data-combobox-selected]').filter({ hasText: 'Birthday' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Birthday' }).waitFor();
    await pressOn(page, page.getByRole('checkbox', { name: 'greeting' }), 'Space');
    await pressOn(page, button(page, t.next));
    await typeInto(page, page.getByLabel(t.offerTitle(t.german)), BOTH.de);
    await typeInto(page, page.getByLabel(t.offerText(t.german)), 'Verrate ihn uns.');
    await typeInto(page, page.getByLabel(t.offerTitle(t.english)), `${BOTH.en} ${key}`);
    await typeInto(page, page.getByLabel(t.offerText(t.english)), 'Tell us.');
    for (const step of ['reward', 'limits', 'audience', 'check'] as const) {
      await pressOn(page, button(page, t.next));
      await page.getByRole('heading', { name: t.steps[step] }).waitFor();
    }
  }

  it.each(LOCALES)('creates, publishes and pauses one by keyboard alone (%s)', async (locale) => {
    const t = texts[locale];
    const page = await pages.staffPage({ role: 'marketing', locale });
    await writeOffer(page, locale, locale);
    await pressOn(page, button(page, t.publish));
    const dialog = page.getByRole('dialog');
    await dialog.getByText(t.publishHint).waitFor();
    await pressOn(page, button(dialog, t.publish));
    const preview = page.locator('gegenwert-offer');
    expect(await preview.getByRole('heading').first().textContent()).toContain(locale === 'de' ? BOTH.de : BOTH.en);
    await pressOn(page, page.getByRole('main').getByRole('link', { name: locale === 'de' ? BOTH.de : BOTH.en }));
    await pressOn(page, button(page, t.pause));
    await dialog.getByText(t.pauseHint).waitFor();
    await pressOn(page, button(dialog, t.pause));
    await page.getByText(t.statuses.paused, { exact: true }).waitFor();
    const { body } = await admin('GET', '/v1/offers?limit=1');
    expect(body['data'][0]).toMatchObject({ status: 'paused', version: 1, key: `your-birthday-${locale}` });
    expectQuiet(page);
  });

  it('has every version with what it changed, and a copy on request', async () => {
    const id = await draft('versions');
    await admin('POST', `/v1/offers/${id}/publish`);
    await admin('PATCH', `/v1/offers/${id}`, { reward: { type: 'points', points: 70 } });
    const page = await pages.staffPage({ role: 'marketing', path: `/offers/${id}` });
    const change = page.getByRole('row').filter({ hasText: '70' });
    expect(await change.getByRole('deletion').textContent()).toContain('50');
    await button(page, texts.en.duplicate).click();
    await button(page.getByRole('dialog'), texts.en.duplicate).click();
    await page.waitForURL(/\/edit/);
    const { body } = await admin('GET', '/v1/offers?limit=1');
    expect(body['data'][0]).toMatchObject({ status: 'draft', key: 'versions-2' });
    expectQuiet(page);
  });

  it('says at its field what is wrong, goes there, and checks a rule as it is written', async () => {
    const t = texts.en;
    const page = await pages.staffPage({ role: 'marketing', path: '/offers/new' });
    await button(page, new RegExp(t.steps.check)).click();
    await page.getByRole('alert').getByText(t.correct).waitFor();
    await page.getByRole('alert').getByRole('button', { name: t.faults.key }).click();
    await page.getByRole('heading', { name: t.steps.texts }).waitFor();
    expect(await page.getByLabel(t.key).getAttribute('aria-invalid')).toBe('true');
    await expectAccessible(page);
    await button(page, new RegExp(t.steps.audience)).click();
    await page.getByLabel(t.eligibility, { exact: true }).fill('orders >= ');
    await page.getByText(/Line 1, column \d+/).waitFor();
    await page.getByLabel(t.eligibility, { exact: true }).fill('orders >= 3');
    await page.getByText(t.eligibilityFacts('orders')).waitFor();
    expectQuiet(page);
  });

  it('tries a draft on invented customers', async () => {
    const id = await draft('tried', { eligibility: 'orders >= 3' });
    const page = await pages.staffPage({ role: 'marketing', path: `/offers/${id}/edit` });
    await button(page, new RegExp(texts.en.steps.check)).click();
    await page.getByLabel(texts.en.fact('orders')).fill('2');
    await button(page, texts.en.addExample).click();
    await page.getByLabel(texts.en.fact('orders')).nth(1).fill('3');
    await button(page, texts.en.tryOut).click();
    const results = page.getByRole('status').getByRole('listitem');
    await results.filter({ hasText: texts.en.earns('50 points') }).waitFor();
    expect(await results.filter({ hasText: texts.en.earnsNot }).textContent()).toContain(texts.en.example(1));
    expectQuiet(page);
  });

  // Fails when useKept keeps in memory alone.
  it('loses nothing on reload, nor when the sign-in expires', async () => {
    const t = texts.en;
    const { body: first } = await admin('POST', '/v1/keys', { kind: 'staff', name: 'first', role: 'marketing' });
    const page = await pages.staffPage({ role: 'marketing', path: '/offers/new' });
    await button(page, new RegExp(t.steps.texts)).click();
    await page.getByLabel(t.offerTitle(t.english)).fill('Half written');
    await page.reload();
    await page.getByText(t.unsaved).waitFor();
    expect(await page.getByLabel(t.offerTitle(t.english)).inputValue()).toBe('Half written');
    const credential = JSON.stringify({ token: first['key'] });
    await page.evaluate(`sessionStorage.setItem('gegenwert.console.credential', ${JSON.stringify(credential)})`);
    await page.reload();
    await page.getByLabel(t.offerText(t.english)).fill('More of it');
    await admin('DELETE', `/v1/keys/${first['id']}`);
    await page.getByRole('link', { name: 'Offers' }).click();
    const again = page.getByRole('dialog', { name: signIns.en.expired });
    await again.getByLabel(signIns.en.key, { exact: true }).fill(await pages.staffKey('marketing'));
    await page.keyboard.press('Enter');
    await again.waitFor({ state: 'hidden' });
    await page.getByRole('link', { name: t.create }).click();
    await button(page, new RegExp(t.steps.texts)).click();
    expect(await page.getByLabel(t.offerTitle(t.english)).inputValue()).toBe('Half written');
    expect(await page.getByLabel(t.offerText(t.english)).inputValue()).toBe('More of it');
    expectQuiet(page, { statuses: [401] });
  });

  it('takes a text with tags as text, in the list, the preview and the dialogs', async () => {
    const title = '<img src=x onerror=alert(1)>"\'';
    const id = await draft('tags', { title: { de: title, en: title } });
    const page = await pages.staffPage({ role: 'marketing', path: `/offers/${id}` });
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    await page.locator('gegenwert-offer').getByRole('heading', { name: title }).waitFor();
    await button(page, texts.en.duplicate).click();
    await page.getByRole('dialog', { name: texts.en.duplicateTitle(title) }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expectQuiet(page);
  });

  it('shows each role its own pages alone', async () => {
    const page = await pages.staffPage({ role: 'dpo' });
    expect(await page.getByRole('navigation').getByRole('link', { name: 'Offers' }).count()).toBe(0);
    await page.goto(`${pages.service.url}/console/offers`);
    await page.getByRole('heading', { name: frames.en.notFound }).waitFor();
    expectQuiet(page);
  });

  it.each([
    {
      width: 320,
      dark: true,
      locale: 'en' as const,
      steps: ['asks', 'texts', 'reward', 'limits', 'audience', 'check'],
    },
    { width: 1280, dark: false, locale: 'de' as const, steps: ['texts', 'check'] },
  ] as const)('is without a finding of axe-core, and no wider than the window: %o', async ({ steps, ...look }) => {
    const t = texts[look.locale];
    const id = await draft(`axe-${look.width}-${look.locale}`);
    await admin('POST', `/v1/offers/${id}/publish`);
    await admin('PATCH', `/v1/offers/${id}`, { title: { de: 'Anders', en: 'Different' } });
    const page = await pages.staffPage({ role: 'marketing', ...look });
    const headings: [path: string, heading: string][] = [
      ['/offers', t.title],
      ['/offers/new', t.wizardNew],
      [`/offers/${id}`, BOTH[look.locale]],
      ...steps.map((step): [string, string] => [`/offers/${id}/edit?step=${step}`, t.steps[step]]),
    ];
    for (const [path, heading] of headings) {
      await page.goto(`${pages.service.url}/console${path}`);
      await page.getByRole('heading', { name: heading, exact: true }).first().waitFor();
      await page.waitForLoadState('networkidle');
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
    }
    expectQuiet(page);
  });

  it('keeps the way in accessible', async () => {
    const context = await pages.context({ width: 320, dark: true });
    const page = await context.newPage();
    await page.goto(`${pages.service.url}/console?programme=${pages.programme.slug}`);
    await page.getByLabel(signIns.en.key, { exact: true }).waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await page.getByLabel(signIns.en.key, { exact: true }).fill('gw_st_unknown');
    await page.keyboard.press('Enter');
    await page.getByText(signIns.en.unknownKey).waitFor();
  });

  // Last: from here on the programme wants two.
  it('has a second person approve what one has written', async () => {
    const locale = 'de';
    const t = texts[locale];
    await admin('PATCH', '/v1/programme', { requiresApproval: true });
    const author = await pages.staffPage({ role: 'marketing', locale });
    await writeOffer(author, locale, 'approved');
    await pressOn(author, button(author, t.submit));
    await author
      .getByText(t.approvals.awaiting)
      .or(author.getByText(t.awaiting('marketing of the test')))
      .first()
      .waitFor();
    expect(await button(author, t.publish).count()).toBe(0);
    await pressOn(author, button(author, t.approve));
    await pressOn(author, button(author.getByRole('dialog'), t.approve));
    await author.getByText(frames[locale].problems.titles['second-person-required'] ?? '').waitFor();

    const second = await pages.staffPage({ role: 'marketing', locale });
    await pressOn(second, second.getByRole('link', { name: BOTH.de }).first());
    await pressOn(second, button(second, t.approve));
    await pressOn(second, button(second.getByRole('dialog'), t.approve));
    await pressOn(second, button(second, t.publish));
    await pressOn(second, button(second.getByRole('dialog'), t.publish));
    await second.getByText(t.statuses.live, { exact: true }).waitFor();
    expectQuiet(author, { statuses: [409] });
    expectQuiet(second);
  });
});
