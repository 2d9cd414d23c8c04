import { texts } from '../../web/console/texts';
import { describeInBrowser, expectQuiet, type Pages, startPages, watchedPage } from './browser';

/** What the first view may weigh, as it goes over the wire. */
const MOST_BYTES = 170_000;

describeInBrowser('the console: its first view', () => {
  let pages: Pages;

  beforeAll(async () => {
    pages = await startPages();
  });

  afterAll(() => pages?.stop());

  // Fails when what is only for who is signed in, or goes to an issuer, is fetched with it.
  it('is light: what is not needed to sign in is not fetched for it', async () => {
    const page = await watchedPage(await pages.context());
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    await page.goto(`${pages.service.url}/console?programme=${pages.programme.slug}`, { waitUntil: 'networkidle' });
    await page.locator('input[type=password]').waitFor();
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(MOST_BYTES);
    expectQuiet(page);
  });

  it('says so where the page behind it is not to be had, and has it at the next attempt', async () => {
    const page = await watchedPage(await pages.context({ locale: 'en' }));
    await page.route('**/assets/shell-*.js', (route) => route.abort(), { times: 1 });
    await page.goto(`${pages.service.url}/console?programme=${pages.programme.slug}`);
    const field = page.locator('input[type=password]');
    await field.fill(await pages.staffKey('marketing'));
    await field.press('Enter');
    await page.getByRole('alert').getByText(texts.en.broken).waitFor();
    await page.getByRole('button', { name: texts.en.reload }).click();
    await page.getByRole('navigation').first().waitFor();
  });
});
