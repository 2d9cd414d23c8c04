import type { Page } from 'playwright-core';
import { texts as catalogue } from '../../web/console/pages/catalogue/texts';
import { texts as keys } from '../../web/console/pages/keys/texts';
import { texts as oversight } from '../../web/console/pages/oversight/texts';
import { texts as parts } from '../../web/console/parts/texts';
import { texts as signIns } from '../../web/console/session/texts';
import { texts as frames } from '../../web/console/texts';
import { createProgramme } from '../builders/programme';
import { call } from '../setup/service';
import {
  describeInBrowser,
  expectAccessible,
  expectQuiet,
  HAS_NO_CLIPBOARD,
  type Pages,
  signInWithKey,
  startPages,
  STORES_NOTHING,
  watchedPage,
} from './browser';

/** As in a web view that has no storage. */
const HAS_NO_STORE = `for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { value: null });`;

describeInBrowser('the console on a bad day', () => {
  let pages: Pages;
  beforeAll(async () => {
    pages = await startPages();
  }, 120_000);
  afterAll(() => pages.stop());

  const openStoring = async (script: string): Promise<Page> => {
    const context = await pages.context();
    await context.addInitScript(script);
    const page = await watchedPage(context);
    const config = '**/v1/console-config*';
    const path = `/v1/console-config?programme=${pages.programme.slug}`;
    const { body } = await call(pages.service.url, 'GET', path);
    const issuer = { issuer: 'https://id.example', clientId: 'console', audience: 'console' };
    // Without asking the service there: a test that is over would leave the question behind.
    await page.route(config, (route) => route.fulfill({ json: { ...body, issuers: [issuer] } }));
    await page.goto(`${pages.service.url}/console?programme=${pages.programme.slug}`);
    return page;
  };

  it.each([
    ['throws', STORES_NOTHING],
    ['is not there', HAS_NO_STORE],
  ])('works where the browser’s store %s: nothing is remembered, and all else is as ever', async (_, script) => {
    const page = await openStoring(script);
    await signInWithKey(page, await pages.staffKey('admin'));
    await page.getByRole('link', { name: 'Purposes' }).click();
    const t = catalogue.en.purposes;
    await page.getByRole('button', { name: t.create }).click();
    await page.getByRole('textbox', { name: catalogue.en.key, exact: true }).fill('parcels');
    await page.getByRole('link', { name: 'Attributes' }).click();
    await page.getByRole('link', { name: 'Purposes' }).click();
    expect(await page.getByRole('textbox', { name: catalogue.en.key, exact: true }).inputValue()).toBe('parcels');
    await page.getByRole('button', { name: frames.en.toDark }).click();
    await page.getByText('DE', { exact: true }).click();
    await page.getByRole('heading', { name: catalogue.de.purposes.title, level: 1 }).waitFor();
    await page.getByRole('button', { name: frames.de.signOut }).click();
    await page.getByRole('heading', { name: signIns.de.title }).waitFor();
    expectQuiet(page);
  });

  it('does not send anybody to an issuer from which they would not find back', async () => {
    const page = await openStoring(STORES_NOTHING);
    await page.getByRole('button', { name: signIns.en.withIssuer('id.example') }).click();
    await page.getByRole('alert').getByText(signIns.en.nothingKept).waitFor();
    await expectAccessible(page);
    expectQuiet(page);
  });

  it('leaves a key selected, and says so, where there is no clipboard', async () => {
    const { keys: t } = keys.en;
    const body = { kind: 'storefront', name: 'Till' };
    await call(pages.service.url, 'POST', '/v1/keys', { key: pages.programme.adminKey, body });
    const context = await pages.context();
    await context.addInitScript(HAS_NO_CLIPBOARD);
    const page = await pages.staffPage({ role: 'admin', path: '/keys', context });
    await page.getByRole('button', { name: `${t.rotate}: Till` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: t.rotate, exact: true }).click();
    const key = await page.getByText(/^gw_/).textContent();
    await dialog.getByRole('button', { name: `${parts.en.copy}: ${t.secret}` }).click();
    await dialog.getByRole('alert').getByText(parts.en.copyByHand).waitFor();
    expect(await page.evaluate('getSelection().toString()')).toBe(key);
    await expectAccessible(page);
    expectQuiet(page);
  });

  // Fails when the refusal of an expired sign-in is taken for the job's own.
  it('goes on to tell how far a job has come when the sign-in was renewed', async () => {
    const other = await createProgramme(pages.service);
    expect((await other.share('kim')).status).toBe(201);
    const t = catalogue.en.purposes;
    const page = await pages.staffPage({ role: 'dpo', path: '/purposes', of: other });
    const unauthorized = { type: 'urn:gegenwert:problem:unauthorized', title: 'No.', status: 401 };
    const answers = [
      { contentType: 'text/event-stream', body: `data: ${JSON.stringify(JOB)}\n\n` },
      { status: 503, contentType: 'application/problem+json', body: '{}' },
      { status: 401, contentType: 'application/problem+json', body: JSON.stringify(unauthorized) },
    ];
    await page.route('**/v1/jobs/*', async (route) => {
      const answer = answers.shift();
      await (answer ? route.fulfill(answer) : route.continue());
    });
    await page.getByRole('button', { name: `${t.withdraw}: greeting` }).press('Enter');
    await page.getByRole('dialog').getByRole('textbox').fill('greeting');
    await page.keyboard.press('Enter');
    const again = page.getByRole('dialog', { name: signIns.en.expired });
    await again.waitFor();
    const job = page.getByRole('region', { name: t.withdrawing('greeting'), includeHidden: true });
    expect(await job.textContent()).toContain(parts.en.job.of('1', '2'));
    await again.getByLabel(signIns.en.key, { exact: true }).fill(await pages.staffKey('dpo', other));
    await page.keyboard.press('Enter');
    await again.waitFor({ state: 'hidden' });
    await job.getByText(parts.en.job.done).waitFor();
    expectQuiet(page, { statuses: [401, 503] });
  });

  // Browsers read what is saved when they come to it: what has been revoked by then they save as nothing.
  it('keeps a file until the browser has had the time to save it', async () => {
    const context = await pages.context();
    await context.addInitScript(`
      window.revoked = [];
      const revoke = URL.revokeObjectURL.bind(URL);
      URL.revokeObjectURL = (url) => { window.revoked.push(url); revoke(url); };`);
    const page = await pages.staffPage({ role: 'admin', path: '/processing-record', context });
    const save = page.getByRole('button', { name: oversight.en.record.csv });
    const [file] = await Promise.all([page.waitForEvent('download'), save.click()]);
    expect(file.suggestedFilename()).toBe('processing-record.csv');
    expect(await page.evaluate('window.revoked')).toEqual([]);
  });
});

/** A job under way, as the service tells it. */
const JOB = {
  id: 'job_1',
  kind: 'purpose-withdrawal',
  status: 'running',
  total: 2,
  done: 1,
  failed: 0,
  estimate: null,
};
