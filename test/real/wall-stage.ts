/** The wall in a real browser before a centre whose content the test writes: a new page and a new centre for each test. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { browserProgram, openBrowser } from '../pictures/browser.ts';
import { requirePart } from './parts.ts';
import { nation } from './wall-nation.ts';
import { startWallView, type WallView } from './wall-view.ts';

export const wallRuns = requirePart('Chromium', browserProgram !== undefined);

type Options = NonNullable<Parameters<Browser['newContext']>[0]>;
export type Stage = {
  page: Page;
  context: BrowserContext;
  view: WallView;
  /** What the page complained of. */
  troubles: string[];
  /** Opens the view of a hash, in a new context where options are given. */
  open(hash: string, options?: Options): Promise<void>;
  tally(): Promise<Record<string, string | null>>;
  /** How far the page can be pushed sideways, in pixels. */
  sideways(): Promise<number>;
};

/** To be called once in a `describe`: its hooks start and stop everything. The page begins empty: a test opens its view. */
export function wallStage(): Stage {
  let browser: Browser;
  const stage: Stage = {
    page: undefined as unknown as Page,
    context: undefined as unknown as BrowserContext,
    view: undefined as unknown as WallView,
    troubles: [],
    open: async (hash, options) => {
      if (options !== undefined || stage.page === undefined) await newPage(stage, browser, options ?? {});
      await stage.page.goto(`http://127.0.0.1:${stage.view.port}/${hash}`);
      await stage.page.locator('main > *').first().waitFor();
    },
    tally: async () => {
      const text = (mark: string) => stage.page.locator(`[data-tally=${mark}] strong`).textContent();
      return Object.fromEntries(await Promise.all(['ok', 'fault', 'unknown'].map(async (mark) => [mark, await text(mark)])));
    },
    sideways: () => stage.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  };
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    stage.view = await startWallView(nation(Date.now()));
    await newPage(stage, browser, {});
  });
  afterEach(async () => {
    await stage.context.close();
    await stage.view.close();
  });
  return stage;
}

async function newPage(stage: Stage, browser: Browser, options: Options): Promise<void> {
  await stage.context?.close();
  stage.context = await browser.newContext({ viewport: { width: 1680, height: 1000 }, locale: 'en-GB', colorScheme: 'dark', ...options });
  stage.page = await stage.context.newPage();
  stage.page.setDefaultTimeout(15_000);
  stage.troubles = [];
  stage.page.on('pageerror', (error) => stage.troubles.push(error.message));
  stage.page.on('dialog', (dialog) => {
    stage.troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  stage.page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !message.text().includes('ERR_')) stage.troubles.push(message.text());
  });
}
