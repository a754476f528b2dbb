/** Measures the wall in a real browser, by the browser's clocks and counters. */
import type { BrowserContext, CDPSession, Page } from 'playwright-core';

/** Times to the first text and to the first tile, and the traffic up to the first tile. */
export type Sight = { wordsMs: number; tilesMs: number; bytes: number; requests: number };

const thin = { offline: false, latency: 400, downloadThroughput: 400_000 / 8, uploadThroughput: 400_000 / 8 };
const limitMs = 60_000;
const mebi = 1024 * 1024;

/** Opens the wall over the slow link in a new page. It may use the cache of the context. */
export async function sightOf(context: BrowserContext, url: string): Promise<Sight> {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  const traffic = await counted(session);
  await session.send('Network.emulateNetworkConditions', thin);
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (document.querySelector('.tile') === null) return;
      observer.disconnect();
      // Sets the mark after the browser has painted.
      requestAnimationFrame(() => setTimeout(() => performance.mark('tiles'), 0));
    }).observe(document, { subtree: true, childList: true });
  });
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForFunction(() => performance.getEntriesByName('tiles').length > 0, undefined, { timeout: limitMs, polling: 100 });
  const [wordsMs, tilesMs] = await page.evaluate(() =>
    ['first-contentful-paint', 'tiles'].map((name) => performance.getEntriesByName(name)[0]?.startTime ?? Number.NaN),
  );
  if (wordsMs === undefined || tilesMs === undefined) throw new Error('the page marked nothing');
  const sums = traffic(tilesMs);
  await page.close();
  return { wordsMs, tilesMs, ...sums };
}

/** Counts traffic from now on. Returns a function that gives the sums up to a time after the first request. */
async function counted(session: CDPSession): Promise<(untilMs: number) => Pick<Sight, 'bytes' | 'requests'>> {
  const asked: number[] = [];
  const came: [at: number, bytes: number][] = [];
  session.on('Network.requestWillBeSent', ({ timestamp }) => asked.push(timestamp));
  session.on('Network.responseReceived', ({ timestamp, response }) => came.push([timestamp, response.encodedDataLength]));
  session.on('Network.dataReceived', ({ timestamp, encodedDataLength }) => came.push([timestamp, encodedDataLength]));
  await session.send('Network.enable');
  return (untilMs) => {
    const end = (asked[0] ?? 0) + untilMs / 1_000;
    const bytes = came.reduce((sum, [at, more]) => (at <= end ? sum + more : sum), 0);
    return { bytes, requests: asked.filter((at) => at <= end).length };
  };
}

/** Returns the time from a click until the result is painted. */
export async function openedMs(page: Page, click: string, shown: { selector: string; atLeast: number }): Promise<number> {
  return page.evaluate(
    async ([what, { selector, atLeast }]) => {
      const startedAt = performance.now();
      document.querySelector<HTMLElement>(what)?.click();
      const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
      while (document.querySelectorAll(selector).length < atLeast) {
        if (performance.now() - startedAt > 30_000) throw new Error(`${selector}: not ${atLeast} of them`);
        await painted();
      }
      await painted();
      return performance.now() - startedAt;
    },
    [click, shown] as const,
  );
}

/** Watches tasks that block the page. Returns a function for the longest one and the number above 50 ms. */
export async function watchTasks(page: Page): Promise<() => Promise<{ longestMs: number; count: number }>> {
  await page.evaluate(() => {
    const seen = (list: PerformanceObserverEntryList) => {
      for (const { duration } of list.getEntries()) performance.mark('long', { detail: duration });
    };
    new PerformanceObserver(seen).observe({ type: 'longtask' });
  });
  return () =>
    page.evaluate(() => {
      const lengths = performance.getEntriesByName('long').map((one) => Number((one as PerformanceMark).detail));
      return { longestMs: Math.max(0, ...lengths), count: lengths.length };
    });
}

export async function heapMiB(session: CDPSession): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN) / mebi;
}
