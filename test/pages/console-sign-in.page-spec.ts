import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { texts as offers } from '../../web/console/pages/offers/texts';
import { texts as signIns } from '../../web/console/session/texts';
import { texts as frames } from '../../web/console/texts';
import { call } from '../setup/service';
import { describeInBrowser, expectAccessible, expectQuiet, type Pages, startPages, watchedPage } from './browser';

const t = signIns.en;
const HOUR_MS = 3_600_000;
const CREDENTIAL = 'gegenwert.console.credential';
const CLIENT = 'console-of-the-test';
const PAGES = {
  mara: ['Offers', 'Figures', 'Attributes', 'Purposes', 'Recipients'],
  dario: [
    'Consents',
    'Revocations',
    'From revocation to stop',
    'Look up a customer',
    'Who changed what',
    'Chain of evidence',
    'Record (Art. 30)',
    'Attributes',
    'Purposes',
    'Recipients',
  ],
};

describeInBrowser('the console: sign-in at an issuer', () => {
  let pages: Pages;
  let child: ChildProcess;
  let issuer: string;

  beforeAll(async () => {
    // As with a database of one's own: there is no way in with a key.
    pages = await startPages({ env: { GEGENWERT_DATABASE_FILES: '' } });
    child = fork(join(__dirname, 'console-sign-in.issuer.mjs'), {
      execArgv: [],
      stdio: ['ignore', 'ignore', 2, 'ipc'],
    });
    issuer = await tell({ consoleUrl: `${pages.service.url}/console`, clientId: CLIENT });
    const body = { issuer, audience: CLIENT, clientId: CLIENT, subjects: 'staff' };
    const { status } = await call(pages.service.url, 'POST', '/v1/issuers', { key: pages.programme.adminKey, body });
    if (status !== 201) throw new Error(`The issuer was not registered: ${status}`);
  });

  afterAll(async () => {
    child?.disconnect();
    await pages?.stop();
  });

  async function tell(message: object): Promise<string> {
    child.send(message);
    const [answer] = (await once(child, 'message')) as [{ issuer: string }];
    return answer.issuer;
  }

  const withIssuer = (page: Page) => page.getByRole('button', { name: t.withIssuer(new URL(issuer).host) });
  const menu = (page: Page) => page.getByRole('navigation', { name: frames.en.navigation });
  const open = async (path = '?', context?: BrowserContext): Promise<Page> => {
    const page = await watchedPage(context ?? (await pages.context()));
    await page.goto(`${pages.service.url}/console${path}programme=${pages.programme.slug}`);
    return page;
  };
  const as = async (who: string, path = '?'): Promise<Page> => {
    const page = await open(path);
    await withIssuer(page).click();
    await page.getByRole('link', { name: who }).click();
    return page;
  };

  it.each([
    ['Mara Morgen', PAGES.mara, '/chain'],
    ['Dario Danz', PAGES.dario, '/offers'],
  ])('lets %s in, to the pages of the role alone, also after a reload', async (who, own, anothers) => {
    const page = await as(who);
    await menu(page).getByText(who).waitFor();
    for (const again of [false, true]) {
      if (again) await page.reload();
      await menu(page).getByText(who).waitFor();
      expect(await menu(page).getByRole('link').allTextContents()).toEqual(own);
    }
    await page.goto(`${pages.service.url}/console${anothers}`);
    await page.getByRole('heading', { name: frames.en.notFound }).waitFor();
    expectQuiet(page);
  });

  it('signs out here and at the issuer', async () => {
    const page = await as('Dario Danz');
    await page.getByRole('button', { name: frames.en.signOut }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await withIssuer(page).click();
    // Asked again who it is: nobody gets in with the sign-in of who was there before.
    await page.getByRole('link', { name: 'Dario Danz' }).waitFor();
    expect(await page.evaluate(`sessionStorage.getItem('${CREDENTIAL}')`)).toBeNull();
    expectQuiet(page);
  });

  it('says so when the sign-in at the issuer could not be ended', async () => {
    const page = await as('Mara Morgen');
    await menu(page).waitFor();
    await page.route(`${issuer}/**`, (route) => route.abort());
    await page.getByRole('button', { name: frames.en.signOut }).click();
    await page.getByText(t.leftOpen(new URL(issuer).host)).waitFor();
    await expectAccessible(page);
  });

  it('has an expired sign-in renewed, and comes back to the page and to what was typed', async () => {
    const page = await as('Mara Morgen', '/offers/new?step=audience&');
    const rule = page.getByLabel(offers.en.eligibility, { exact: true });
    await rule.waitFor();
    const expired = await expiredToken(page.context());
    const headers = (old: Record<string, string>) => ({ ...old, authorization: `Bearer ${expired}` });
    await page.route('**/v1/**', (route) => route.continue({ headers: headers(route.request().headers()) }));
    await rule.fill('orders >= ');
    await page.getByRole('dialog', { name: t.expired }).waitFor();
    await expectAccessible(page);
    await page.unroute('**/v1/**');
    await withIssuer(page).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await rule.waitFor();
    expect(await rule.inputValue()).toBe('orders >= ');
    await page.evaluate(`(() => {
      const kept = JSON.parse(sessionStorage.getItem('${CREDENTIAL}'));
      sessionStorage.setItem('${CREDENTIAL}', JSON.stringify({ ...kept, token: '${expired}' }));
    })()`);
    await page.goto(`${pages.service.url}/console/figures`);
    await page.getByRole('status').getByText(t.expired).waitFor();
    await withIssuer(page).click();
    await menu(page).waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/figures');
    expectQuiet(page, { statuses: [401] });
  });

  /** As an issuer gives it whose clock is two hours behind, to who is signed in there. */
  async function expiredToken(context: BrowserContext): Promise<string> {
    await tell({ behindMs: 2 * HOUR_MS });
    const tab = await open('?', context);
    const answer = tab.waitForResponse(`${issuer}/token`);
    await withIssuer(tab).click();
    const { id_token } = (await (await answer).json()) as { id_token: string };
    await tell({ behindMs: 0 });
    await tab.close();
    return id_token;
  }

  it('tells who has no role whom to ask, and lets them take another account', async () => {
    const page = await as('Nora Neu');
    await page.getByRole('alert').getByText(t.refused).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: t.otherAccount }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await withIssuer(page).click();
    await page.getByRole('link', { name: 'Mara Morgen' }).click();
    await menu(page).waitFor();
    expectQuiet(page, { statuses: [401] });
  });

  it('asks for another programme where there is none of that name', async () => {
    const page = await watchedPage(await pages.context());
    await page.goto(`${pages.service.url}/console?programme=nowhere`);
    await page.getByText(t.unknownProgramme).waitFor();
    await page.getByLabel(t.programme).fill(pages.programme.slug);
    await page.getByRole('button', { name: t.goOn }).click();
    await withIssuer(page).waitFor();
    expectQuiet(page, { statuses: [404] });
  });
});
