// Takes the pictures of the pages in docs/screenshots, from the demo with its invented past: `npm run screenshots`.
const { fork } = require('node:child_process');
const { mkdirSync, mkdtempSync, readFileSync, rmSync, chmodSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { smallPng } = require('./small-png.js');

const PROJECT = resolve(__dirname, '..');
const OUT = join(PROJECT, 'docs/screenshots');
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 800 };
const DEMO_PATIENCE_MS = 300_000;
/** For pictures and numbers that come in after the page itself. */
const SETTLE_MS = 400;

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

async function main() {
  const { chromiumPath, launchBrowser } = require('../dist/bench/browser.js');
  if (chromiumPath() === undefined)
    throw new Error('There is no chromium on the PATH: install it, or set CHROMIUM_PATH');
  const demo = await startDemo();
  const browser = await launchBrowser();
  try {
    rmSync(OUT, { recursive: true, force: true });
    mkdirSync(OUT, { recursive: true });
    for (const colorScheme of ['light', 'dark']) {
      await ofCustomers(browser, demo, colorScheme);
      await ofConsole(browser, demo, colorScheme);
    }
  } finally {
    await browser.close();
    await demo.stop();
  }
}

/** The demo on data of its own, once it has told everything. */
async function startDemo() {
  const folder = mkdtempSync(join(tmpdir(), 'gegenwert-'));
  chmodSync(folder, 0o711);
  const dataDir = join(folder, 'data');
  const env = { ...process.env, GEGENWERT_DATA_DIR: dataDir, PORT: process.env.PORT ?? '3080', METRICS_PORT: '' };
  const child = fork(join(PROJECT, 'dist/src/demo.js'), [], { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  let said = '';
  await new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`The demo does not come to its end:\n${said}`)), DEMO_PATIENCE_MS);
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
      if (!said.includes('To try in another terminal')) return;
      clearTimeout(timer);
      done();
    });
    child.once('exit', (code) => fail(new Error(`The demo ended with ${code}:\n${said}`)));
  });
  const keys = Object.fromEntries(
    [...readFileSync(join(dataDir, 'demo.env'), 'utf8').matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
  return {
    keys,
    shop: /(http\S+)\/page\/anna/.exec(said)[1],
    async stop() {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function open(browser, { viewport, colorScheme, locale }) {
  const context = await browser.newContext({
    viewport,
    colorScheme,
    locale,
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin',
  });
  return context.newPage();
}

async function take(page, name, colorScheme) {
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(SETTLE_MS);
  writeFileSync(join(OUT, `${name}-${colorScheme}.png`), smallPng(await page.screenshot()));
}

async function ofCustomers(browser, { shop }, colorScheme) {
  const page = await open(browser, { viewport: WIDE, colorScheme, locale: 'de-DE' });
  await page.goto(`${shop}/page/anna`);
  await page.locator('gegenwert-card').first().waitFor();
  await take(page, 'customer', colorScheme);
  await page.locator('gegenwert-card').first().scrollIntoViewIfNeeded();
  await page.locator('gegenwert-card summary').first().click();
  await take(page, 'customer-ledger', colorScheme);
  const card = page.locator('gegenwert-card').first();
  await card
    .getByRole('button', { name: /zurücknehmen/i })
    .first()
    .click();
  await page.getByRole('dialog').getByText('Du behältst').waitFor();
  await take(page, 'customer-take-back', colorScheme);
  await page.context().close();

  const phone = await open(browser, { viewport: NARROW, colorScheme, locale: 'en-GB' });
  await phone.goto(`${shop}/page/new-${colorScheme}?locale=en`);
  await phone
    .getByRole('button', { name: /^Take a look/ })
    .first()
    .click();
  await take(phone, 'customer-offer-narrow', colorScheme);
  await phone.goto(`${shop}/page/ben`);
  await phone.locator('gegenwert-card').first().scrollIntoViewIfNeeded();
  await take(phone, 'customer-ledger-narrow', colorScheme);
  await phone.goto(`${shop}/account/ben`);
  await phone.locator('gegenwert-card').first().waitFor();
  await take(phone, 'shop-account-narrow', colorScheme);
  await phone.context().close();
}

async function ofConsole(browser, { keys }, colorScheme) {
  const page = await open(browser, { viewport: WIDE, colorScheme, locale: 'en-GB' });
  const at = `${keys.GW_URL}/console`;
  const menu = page.getByRole('navigation').getByRole('link');
  const key = page.locator('input[type=password]');
  const signIn = async (of) => {
    await key.fill(of);
    await page.keyboard.press('Enter');
    await menu.first().waitFor();
  };
  await page.goto(`${at}?programme=${keys.GW_PROGRAMME}`);
  await key.waitFor();
  await take(page, 'console-sign-in', colorScheme);
  await signIn(keys.GW_ADMIN);
  const paths = await menu.evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  for (const path of paths) {
    await page.goto(new URL(path, at).href);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await take(page, `console-${path.split('/').filter(Boolean).slice(1).join('-')}`, colorScheme);
  }
  await page.goto(`${at}/offers/new`);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await take(page, 'console-offer-wizard', colorScheme);
  await page.setViewportSize(NARROW);
  await page.goto(`${at}/figures`);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await take(page, 'console-figures-narrow', colorScheme);
  await page.setViewportSize(WIDE);
  await page.evaluate('sessionStorage.clear()');
  await page.goto(`${at}/stopping-times`);
  await signIn(keys.GW_DPO);
  await take(page, 'console-stopping-times', colorScheme);
  await page.context().close();
}
