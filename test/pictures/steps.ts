/** Steps of a newcomer in the demo. The test and the pictures of the README share them. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startProgram } from '../system/processes.ts';

type DemoChoice = { sites: number; seed: number; env?: Record<string, string> };
/** A running demo. Disposal without `stop` ends it silently, so that an earlier error is the one that is reported. */
export type RunningDemo = AsyncDisposable & { wall: string; stop(): Promise<void> };

/** Time limit in ms in which the demo waits for its PCs. */
const startLimitMs = 180_000;
const patienceMs = 20_000;

/** Starts `npm run demo` on free ports and resolves with the printed address. `stop` throws the faults that the demo found in itself. */
export async function startDemo({ sites, seed, env = {} }: DemoChoice): Promise<RunningDemo> {
  const args = ['test/fleet/demo.ts', '--sites', `${sites}`, '--seed', `${seed}`, '--port-base', '0'];
  const demo = startProgram({ args, env: { ...process.env, ...env } });
  // Ends the demo however this process ends.
  process.once('exit', () => demo.isRunning() && process.kill(demo.pid, 'SIGINT'));
  const { msg } = await demo.says('Wall: ', startLimitMs).catch(async (error: unknown) => {
    await demo.end('SIGINT');
    throw error;
  });
  return {
    wall: /Wall: (\S+)/.exec(msg)?.[1] ?? '',
    async stop() {
      const { code } = await demo.end('SIGINT');
      if (code !== 0) throw new Error(`the demo ended with ${code}: ${demo.errors.join('; ')}`);
    },
    async [Symbol.asyncDispose]() {
      if (demo.isRunning()) await demo.end('SIGINT');
    },
  };
}

/** Opens the wall in a separate browser context. `troubles` collects the errors and warnings of the page. */
export async function openWall(
  browser: Browser,
  wall: string,
  options: BrowserContextOptions,
): Promise<{ page: Page; troubles: string[] }> {
  const context = await browser.newContext({ locale: 'en-GB', colorScheme: 'dark', viewport: { width: 1400, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMs);
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(message.text());
  });
  await page.goto(wall);
  await page.locator('.tile').first().waitFor();
  return { page, troubles };
}

export async function seeThatLadakhNeedsSomebody(page: Page): Promise<void> {
  await page.locator('.tile.hot[data-state=ladakh]').waitFor();
}

/** Opens the sites of the state; Leh shows that its microphone is missing. */
export async function openLadakh(page: Page): Promise<void> {
  await page.locator('.tile[data-state=ladakh]').click();
  await page
    .locator('[data-panel=ladakh] li')
    .filter({ hasText: /Leh\s*Microphone not found/ })
    .waitFor();
}

export async function openLeh(page: Page): Promise<void> {
  await page.locator('[data-panel=ladakh]').getByRole('link', { name: 'Leh', exact: true }).click();
  await page.locator('article[data-pc="ladakh/leh/vc-1"] [data-check=microphone]').waitFor();
  await page.locator('article[data-pc="ladakh/leh/vc-1"] [data-strip=microphone]').waitFor();
}

/** Opens the incident from the site page; it shows the first thing to do. */
export async function openItsAlert(page: Page): Promise<void> {
  await page.locator('.needs .line').getByRole('link', { name: 'Microphone not found' }).click();
  await page.locator('article.incident .action').waitFor();
}

/** Acknowledges under a name, which the page requests once. */
export async function acknowledge(page: Page, name: string): Promise<void> {
  await page.locator('article.incident').getByRole('button', { name: 'I am on it' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('article.incident .on-it').waitFor();
}

/** Starts a roll call of a state, or of the nation for ''; resolves when it is finished. */
export async function callRoll(page: Page, state: string): Promise<void> {
  await page.locator('.top').getByRole('link', { name: 'Call the roll' }).click();
  await page.locator('select[name=state]').selectOption(state);
  await page.getByRole('button', { name: 'Call the roll' }).click();
  await page.locator('[data-finished=true]').waitFor({ timeout: patienceMs + 30_000 });
}

/** Returns the current view as PDF and text; the page stays in print mode. */
export async function print(page: Page): Promise<{ pdf: Buffer; text: string }> {
  await page.emulateMedia({ media: 'print' });
  // biome-ignore lint/performance/useDomNodeTextContent: what is hidden on paper must not be read
  const text = await page.evaluate(() => document.body.innerText);
  return { pdf: await page.pdf({ preferCSSPageSize: true }), text };
}
