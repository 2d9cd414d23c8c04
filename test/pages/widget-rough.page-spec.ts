import type { Locator, Page } from 'playwright-core';
import { call, eventually } from '../setup/service';
import { count, type Key, text } from '../../web/widget/texts';
import { describeInBrowser, expectQuiet, type Pages, startPages, STORES_NOTHING, watchedPage } from './browser';

let pages: Pages;

const said = (key: Key, fill?: Record<string, string | number>) => text('en', key, fill);
const cards = (page: Page): Locator => page.locator('gegenwert-card');
const offer = (page: Page, title: string): Locator =>
  page.locator('gegenwert-offer').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
const lookAt = (page: Page, title: string): Promise<void> =>
  page.getByRole('button', { name: said('offer.lookAt', { title }) }).click();
const readAgain = (page: Page): Promise<unknown> =>
  page.evaluate(`(() => { const c = new BroadcastChannel('gegenwert'); c.postMessage('changed'); c.close(); })()`);
const setToken = (page: Page, token: string): Promise<unknown> =>
  page.evaluate(`document.querySelector('gegenwert-ledger').token = ${JSON.stringify(token)}`);

async function shared(customerRef: string): Promise<void> {
  expect((await pages.programme.share(customerRef)).status).toBe(201);
}

const publish = (title: string) => pages.programme.publish({ title: { de: title, en: title } });

async function end({ id }: { id: string }): Promise<void> {
  const answer = await call(pages.service.url, 'POST', `/v1/offers/${id}/end`, {
    key: pages.programme.adminKey,
    body: {},
  });
  expect(answer.status).toBeLessThan(300);
}

describeInBrowser('the customer’s page on a bad day', () => {
  beforeAll(async () => {
    pages = await startPages();
  }, 120_000);
  afterAll(() => pages.stop());

  describe('comes in', comesIn);
  describe('shares', sharing);
  describe('takes back', takesBack);
  describe('goes on', goesOn);
});

function comesIn(): void {
  // Fails when the link has gone from the address and nobody remembers it.
  it('tries the link again that could not be tried: it is good still', async () => {
    const { url } = await pages.customerLink('away');
    const page = await watchedPage(await pages.context());
    await page.route('**/v1/me/session', (route) => route.abort(), { times: 1 });
    await page.goto(url);
    await page.getByRole('heading', { name: said('state.failed') }).waitFor();
    await page.getByRole('button', { name: said('state.retry') }).click();
    await page.getByRole('heading', { name: said('balance.title') }).waitFor();
    await page.locator('main:focus').waitFor();
  });

  it('lets in who has told the browser to store nothing, and heeds a no and a sign-out', async () => {
    const { url } = await pages.customerLink('stores-nothing');
    const context = await pages.context();
    await context.addInitScript(STORES_NOTHING);
    const page = await watchedPage(context);
    await page.goto(url);
    await page.getByRole('button', { name: said('offer.noTo', { title: 'Offer' }) }).click();
    await page.getByText(said('offers.declined')).waitFor();
    await page.getByRole('button', { name: said('page.signOut') }).click();
    await page.getByRole('heading', { name: said('page.signedOut') }).waitFor();
    expectQuiet(page);
  });

  it('does not say of a new session that it ends soon, as the one before did', async () => {
    const page = await watchedPage(await pages.context());
    await page.route(
      '**/v1/me/session',
      async (route) => {
        const response = await route.fetch();
        const expiresAt = new Date(Date.now() + 60_000).toISOString();
        await route.fulfill({ response, json: { ...((await response.json()) as object), expiresAt } });
      },
      { times: 1 },
    );
    await page.goto((await pages.customerLink('soon-over')).url);
    const soon = page.getByText(/^Your session ends at/);
    await soon.waitFor();
    await page.goto((await pages.customerLink('soon-over')).url);
    await soon.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: said('balance.title') }).waitFor();
  });
}

function sharing(): void {
  // Fails where offers are told apart by their place in the list.
  it('leaves the other offers as they are when one goes: closed, or as far as they were filled in', async () => {
    const [first, second] = [await publish('First'), await publish('Second')];
    const page = await pages.customerPage({ customerRef: 'several' });
    await lookAt(page, 'Second');
    await lookAt(page, 'First');
    const birthday = (title: string) => offer(page, title).getByRole('textbox', { name: 'Birthday' });
    await birthday('Second').fill('1990');
    await end(first);
    await readAgain(page);
    await offer(page, 'First').waitFor({ state: 'detached' });
    await birthday('Second').and(page.locator(':focus')).waitFor();
    expect(await birthday('Second').inputValue()).toBe('1990');

    for (const box of await offer(page, 'Second').getByRole('checkbox').all()) await box.check();
    await offer(page, 'Second')
      .getByRole('button', { name: said('offer.yes') })
      .click();
    await page.getByText(said('offers.paid', { reward: count('en', 'points', 120) })).waitFor();
    expect(await page.getByRole('button', { name: said('offer.yes') }).count()).toBe(0);
    await end(second);
    expectQuiet(page);
  });

  // Fails when it is said only in the offer, which goes at the next reading.
  it('says why nothing was shared where the offer is gone', async () => {
    const gone = await publish('Gone');
    const page = await pages.customerPage({ customerRef: 'too-late' });
    await lookAt(page, 'Gone');
    await offer(page, 'Gone').getByRole('textbox', { name: 'Birthday' }).fill('1990');
    for (const box of await offer(page, 'Gone').getByRole('checkbox').all()) await box.check();
    await end(gone);
    await offer(page, 'Gone')
      .getByRole('button', { name: said('offer.yes') })
      .click();
    await offer(page, 'Gone').waitFor({ state: 'detached' });
    await page.locator('#said:focus').getByText(said('problem.offer-not-live')).waitFor();
    expectQuiet(page, { statuses: [409] });
  });

  it('keeps what was filled in when the shop goes on with another session, also after the last one has ended', async () => {
    const ref = 'renewed';
    const page = await pages.customerPage({ customerRef: ref });
    const birthday = offer(page, 'Offer').getByRole('textbox', { name: 'Birthday' });
    await lookAt(page, 'Offer');
    await birthday.fill('1991');
    await setToken(page, (await pages.customerLink(ref)).token);
    await page.waitForResponse('**/v1/me/offers*');
    await birthday.and(page.locator(':focus')).waitFor();

    const { token } = await pages.customerLink(ref);
    await setToken(page, token);
    await call(pages.service.url, 'DELETE', '/v1/me/session', { key: token });
    await readAgain(page);
    await page.getByRole('heading', { name: said('state.expired') }).waitFor();
    expect(await page.getByRole('textbox').count()).toBe(0);
    await setToken(page, (await pages.customerLink(ref)).token);
    await birthday.waitFor();
    expect(await birthday.inputValue()).toBe('1991');

    await setToken(page, (await pages.customerLink('somebody-else')).token);
    await page.getByRole('button', { name: said('offer.lookAt', { title: 'Offer' }) }).waitFor();
    expect(await birthday.count()).toBe(0);
  });
}

function takesBack(): void {
  const dialog = (page: Page): Locator => page.getByRole('dialog');

  async function ask(customerRef: string): Promise<Page> {
    await shared(customerRef);
    const page = await pages.customerPage({ customerRef });
    await page.getByRole('button', { name: said('card.takeBackShare', { title: 'Offer' }) }).click();
    await dialog(page)
      .getByRole('button', { name: said('take.do') })
      .waitFor();
    return page;
  }

  // Fails when who closes the window while it is being sent is never told that it did not get through.
  it('says that it did not go through, also to who has closed the window meanwhile', async () => {
    const page = await ask('closes-early');
    let fail: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (fail = resolve));
    await page.route(
      (url) => url.pathname === '/v1/me/revocations' && url.search === '',
      async (route) => {
        await closed;
        await route.abort();
      },
      { times: 1 },
    );
    await dialog(page)
      .getByRole('button', { name: said('take.do') })
      .click();
    await dialog(page).getByText(said('offer.sending')).waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    // What is asked next waits for it.
    await page.getByText(said('ledger.takeBackMore')).click();
    await page.getByRole('button', { name: said('ledger.takeBackEverything') }).click();
    await dialog(page).getByText(said('offer.sending')).waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    fail();
    await dialog(page).getByText(said('problem.unsure')).waitFor();
    await dialog(page)
      .getByRole('button', { name: said('take.do') })
      .click();
    await dialog(page).getByText(said('take.complete')).first().waitFor();
  });

  it('is not closed by a click between its edge and its text', async () => {
    const page = await ask('clicks-beside');
    const { x, y, height } = (await dialog(page).boundingBox()) ?? { x: 0, y: 0, height: 0 };
    await page.mouse.click(x + 6, y + height / 2);
    await dialog(page)
      .getByRole('button', { name: said('take.do') })
      .waitFor();
    await page.mouse.click(x - 20, y + height / 2);
    await dialog(page).waitFor({ state: 'hidden' });
    expectQuiet(page);
  });

  it('says that the session is over, with no empty window in front of it', async () => {
    const page = await ask('ended-in-between');
    const token = await page.evaluate<string>(`document.querySelector('gegenwert-ledger').token`);
    await call(pages.service.url, 'DELETE', '/v1/me/session', { key: token });
    await dialog(page)
      .getByRole('button', { name: said('take.do') })
      .click();
    await page.getByRole('heading', { name: said('state.expired') }).waitFor();
    await dialog(page).waitFor({ state: 'hidden' });
  });

  it('says why there is no proof to download', async () => {
    const page = await ask('no-proof');
    await dialog(page)
      .getByRole('button', { name: said('take.do') })
      .click();
    await dialog(page).getByText(said('take.complete')).first().waitFor();
    await page.route('**/certificate*', (route) => route.abort(), { times: 1 });
    const save = dialog(page).getByRole('button', { name: said('take.certificate') });
    await save.click();
    await dialog(page).getByText(said('problem.network')).waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
    expect(download.suggestedFilename()).toMatch(/\.json$/);
    expect(await dialog(page).getByText(said('problem.network')).count()).toBe(0);
  });

  it('names it in the marks of the language', async () => {
    const ref = 'marks';
    await shared(ref);
    await pages.programme.revoke(ref, { everything: true });
    const page = await pages.customerPage({ customerRef: ref });
    await page.getByRole('button', { name: said('card.progressOf', { title: 'Offer' }) }).click();
    await dialog(page).getByText('“Offer”', { exact: true }).waitFor();
  });

  // Fails when only the tab that takes back forgets what it has shown.
  it('shows in no other tab what has been erased', async () => {
    const ref = 'other-tab';
    await shared(ref);
    const page = await pages.customerPage({ customerRef: ref });
    await page.getByText(said('values.title'), { exact: true }).click();
    const show = page.getByRole('button', { name: said('values.show') });
    await show.click();
    const correct = page.getByRole('button', { name: said('values.correctOf', { title: 'Birthday' }) });
    await correct.waitFor();
    await pages.programme.revoke(ref, { everything: true });
    await readAgain(page);
    await show.waitFor();
    expect(await correct.count()).toBe(0);
    await show.click();
    await page.getByText(said('values.none')).and(page.locator(':focus')).waitFor();
    expectQuiet(page);
  });
}

function goesOn(): void {
  it('pauses and ends the pause by the same button, which keeps the focus; a second click is not heeded', async () => {
    const ref = 'pauses-by-key';
    await shared(ref);
    const page = await pages.customerPage({ customerRef: ref });
    const focused = (key: Key) =>
      page.getByRole('button', { name: said(key, { title: 'Offer' }) }).and(page.locator(':focus'));
    await page.getByRole('button', { name: said('card.pauseOf', { title: 'Offer' }) }).dblclick();
    await focused('card.resumeOf').waitFor();
    // One that comes when the first has been answered.
    await focused('card.resumeOf').dispatchEvent('click', { detail: 2 });
    await page.waitForTimeout(300);
    expect(await focused('card.resumeOf').isVisible()).toBe(true);
    await page.keyboard.press('Enter');
    await focused('card.pauseOf').waitFor();
    expectQuiet(page);
  });

  it('goes to the first of the entries that were fetched when the button goes with the last', async () => {
    const ref = 'many';
    for (let n = 0; n < 21; n++) await shared(ref);
    const page = await pages.customerPage({ customerRef: ref });
    await page.getByRole('button', { name: said('ledger.more') }).press('Enter');
    await cards(page).nth(20).locator('h3:focus').waitFor();
    expect(await cards(page).count()).toBe(21);
    expectQuiet(page);
  });

  it('speaks one language: what was read in the other is read again', async () => {
    const ref = 'both-languages';
    const two = await pages.programme.publish({ title: { de: 'Geburtstagsgruß', en: 'Birthday greeting' } });
    await pages.programme.share(ref, { offer: two });
    await eventually(
      () => pages.programme.balance(ref),
      ({ available }) => available === 120,
    );
    const page = await pages.customerPage({ customerRef: ref });
    await page.getByText(said('history.title'), { exact: true }).click();
    await page.getByRole('row', { name: /Thank-you: Birthday greeting/ }).waitFor();
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await page.getByRole('row', { name: /Dankeschön: Geburtstagsgruß/ }).waitFor();
    await end(two);
    expectQuiet(page);
  });

  it('does not send anybody to the shop with a number that there is not', async () => {
    const page = await pages.customerPage({ customerRef: 'proxy' });
    await page.route('**/v1/me/export*', (route) => route.fulfill({ status: 502, body: 'Bad Gateway' }));
    await page.getByText(said('export.title'), { exact: true }).click();
    await page.getByRole('button', { name: said('export.json') }).click();
    await page.getByRole('alert').getByText(said('problem.unavailable')).waitFor();
  });
}
