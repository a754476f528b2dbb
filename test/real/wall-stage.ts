/** Opens the wall in a real browser with a server whose content the test writes. Each test has a new page and a new server. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { browserProgram, openBrowser } from '../pictures/browser.ts';
import { freePorts } from '../system/processes.ts';
import { requirePart } from './parts.ts';
import { nation } from './wall-nation.ts';
import { startWallView, type WallView } from './wall-view.ts';

export const wallRuns = requirePart('Chromium', browserProgram !== undefined);

type Options = NonNullable<Parameters<Browser['newContext']>[0]>;
export type Stage = {
  page: Page;
  context: BrowserContext;
  view: WallView;
  /** Errors and warnings of the page. */
  troubles: string[];
  /** Opens the view of a hash, in a new context if there are options. Resolves when that view is drawn. */
  open(hash: string, options?: Options): Promise<void>;
  /** Returns the time of a moment of the current day in the time zone of the page, where it is about noon. */
  today(hours: number, minutes: number, seconds: number): number;
  tally(): Promise<Record<string, string | null>>;
  /** Returns how far the page can be scrolled sideways, in pixels. */
  sideways(): Promise<number>;
};

/** Call it once in a `describe`: its hooks start and stop everything. The page is empty until a test opens a view. */
export function wallStage(): Stage {
  let browser: Browser;
  // The page gets a time zone in which it is noon. "Five minutes ago" is then today, whenever the test runs.
  const hoursAhead = 12 - new Date().getUTCHours();
  const timezoneId = zoneOf(hoursAhead);
  const stage: Stage = {
    page: undefined as unknown as Page,
    context: undefined as unknown as BrowserContext,
    view: undefined as unknown as WallView,
    troubles: [],
    open: async (hash, options) => {
      if (options !== undefined || stage.page === undefined) await newPage(stage, browser, { timezoneId, ...options });
      const wall = `http://127.0.0.1:${stage.view.port}/`;
      if (stage.page.url().startsWith(`${wall}#`)) await turn(stage.page, hash);
      else await stage.page.goto(`${wall}${hash}`);
      await stage.page.locator('main > *').first().waitFor();
    },
    today: (hours, minutes, seconds) => {
      const aheadMs = 3_600_000 * hoursAhead;
      return new Date(Date.now() + aheadMs).setUTCHours(hours, minutes, seconds, 0) - aheadMs;
    },
    tally: async () => {
      const text = (mark: string) => stage.page.locator(`[data-tally=${mark}] strong`).textContent();
      return Object.fromEntries(await Promise.all(['unproven', 'fault', 'unknown'].map(async (mark) => [mark, await text(mark)])));
    },
    sideways: () => stage.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  };
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    // The port is outside the range of client ports, because a client that reconnects to a closed port in that range could connect to
    // itself.
    const [port] = await freePorts(1);
    stage.view = await startWallView(nation(Date.now()), port);
    await newPage(stage, browser, { timezoneId });
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
  // A limit, not a wait: a busy browser is not a fault.
  stage.page.setDefaultTimeout(20_000);
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

/** Changes the hash and waits. The page draws within its own `hashchange` listener, which runs before this later one. */
async function turn(page: Page, hash: string): Promise<void> {
  await page.evaluate(async (to) => {
    if (location.hash === to) return;
    const heard = new Promise((resolve) => addEventListener('hashchange', resolve, { once: true }));
    location.hash = to;
    await heard;
  }, hash);
}

/** Returns the time zone that is so many hours ahead of UTC. Names in `Etc/` have the opposite sign. */
function zoneOf(hours: number): string {
  return `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`;
}
