/** What a newcomer does with the demo, step by step: the test and the pictures of the README go the same way. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startProgram } from '../system/processes.ts';

type DemoChoice = { sites: number; seed: number; env?: Record<string, string> };
/** Whoever leaves it without `stop` ends it, and hears nothing of it: what went wrong before is what is told. */
export type RunningDemo = AsyncDisposable & { wall: string; stop(): Promise<void> };

/** So long the demo itself waits for its PCs. */
const startLimitMs = 180_000;
const patienceMs = 20_000;

/** `npm run demo` on free ports; resolves with the address that it prints. `stop` throws with what the demo found wrong with itself. */
export async function startDemo({ sites, seed, env = {} }: DemoChoice): Promise<RunningDemo> {
  const args = ['test/fleet/demo.ts', '--sites', `${sites}`, '--seed', `${seed}`, '--port-base', '0'];
  const demo = startProgram({ args, env: { ...process.env, ...env } });
  // However this process ends, it leaves no demo behind.
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

/** Opens the wall in a browser of its own. `troubles`: what the page complained of. */
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

/** The tile of Ladakh is one of those that need somebody. */
export async function seeThatLadakhNeedsSomebody(page: Page): Promise<void> {
  await page.locator('.tile.hot[data-state=ladakh]').waitFor();
}

/** The state's sites: Leh says that its microphone is missing. */
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

/** From the site to its alert, which says what to do first. */
export async function openItsAlert(page: Page): Promise<void> {
  await page.locator('.needs .line').getByRole('link', { name: 'Microphone not found' }).click();
  await page.locator('article.incident .action').waitFor();
}

/** With a name, which is asked for once. */
export async function acknowledge(page: Page, name: string): Promise<void> {
  await page.locator('article.incident').getByRole('button', { name: 'I am on it' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('article.incident .on-it').waitFor();
}

/** Calls the roll of a state, or of the nation where it is ''; resolves when it is finished. */
export async function callRoll(page: Page, state: string): Promise<void> {
  await page.locator('.top').getByRole('link', { name: 'Call the roll' }).click();
  await page.locator('select[name=state]').selectOption(state);
  await page.getByRole('button', { name: 'Call the roll' }).click();
  await page.locator('[data-finished=true]').waitFor({ timeout: patienceMs + 30_000 });
}

/** The view that is open as it comes out of a printer, and its words; the page stays in its print form. */
export async function print(page: Page): Promise<{ pdf: Buffer; text: string }> {
  await page.emulateMedia({ media: 'print' });
  // biome-ignore lint/performance/useDomNodeTextContent: what is hidden on paper must not be read
  const text = await page.evaluate(() => document.body.innerText);
  return { pdf: await page.pdf({ preferCSSPageSize: true }), text };
}
