/** `npm run pictures`: takes the pictures of the README from the running demo, into docs/pictures or the given folder. */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, devices, type Page } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { callRoll, openLadakh, openLeh, openWall, type RunningDemo, seeThatLadakhNeedsSomebody, startDemo } from './steps.ts';

const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs/pictures', import.meta.url));
/** Size limit of a picture. The README has four of them and must load on a slow link. */
const limitBytes = 240 * 1_024;
/** Time limit in ms until some rooms are not ready, unknown and recovered. */
const lifeLimitMs = 150_000;
const view: BrowserContextOptions = { viewport: { width: 1360, height: 860 } };
const phone: BrowserContextOptions = { ...devices['iPhone 13'], deviceScaleFactor: 2, locale: 'hi-IN' };

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await using demo = await startDemo({ sites: 736, seed: 1 });
  const browser = await openBrowser();
  try {
    await takeAll(demo, openerOf(browser, demo));
  } finally {
    await browser.close();
  }
  await demo.stop();
}

function openerOf(browser: Browser, demo: RunningDemo): (options: BrowserContextOptions) => Promise<Page> {
  return async (options: BrowserContextOptions) => {
    const { page } = await openWall(browser, demo.wall, options);
    await page.evaluate(() => localStorage.setItem('sabha.name', 'Asha'));
    await page.reload();
    return page;
  };
}

async function takeAll({ wall }: RunningDemo, open: (options: BrowserContextOptions) => Promise<Page>): Promise<void> {
  const page = await open(view);
  await seeThatLadakhNeedsSomebody(page);
  await page.locator('details.over').waitFor({ timeout: lifeLimitMs });
  await page.locator('[data-tally=unknown]:not(.none)').waitFor({ timeout: lifeLimitMs });
  await take(page, 'nation-dark');
  await take(await open(phone), 'nation-phone-hindi');
  await openLadakh(page);
  await openLeh(page);
  await take(page, 'site-leh');
  await page.goto(`${wall}/#/`);
  await callRoll(page, '');
  await take(page, 'roll-call');
}

async function take(page: Page, name: string): Promise<void> {
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  const { size } = statSync(path);
  process.stdout.write(`${path}: ${Math.ceil(size / 1_024)} KB\n`);
  if (size > limitBytes) throw new Error(`${path} is larger than a README should carry`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
await main();
