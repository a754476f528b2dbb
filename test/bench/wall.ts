/**
 * Measures the first load of the wall on a slow link, compared with the same page served file by file. Also measures memory and longest
 * tasks of a busy day. Uptime Kuma's status page is not compared: its package is a placeholder of 10 kB whose setup downloads the page from
 * elsewhere.
 */
import type { SiteView } from '@sabha/contracts';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { bundleWall } from '../../flows/api/bytes/wall.ts';
import { emptyAccounts, emptySiteOrders, type ScriptedView, scriptedView } from '../../flows/api/scripted-view.test-helper.ts';
import { type Api, startApi } from '../../flows/api/server.ts';
import { browserProgram, openBrowser } from '../pictures/browser.ts';
import { type Random, randomFrom } from '../random.ts';
import { fullOf, microphoneGone, nation } from '../real/wall-nation.ts';
import { type Bench, type BenchOptions, CannotRun, median, type Row, row, versionOf } from './model.ts';
import { heapMiB, openedMs, type Sight, sightOf, watchTasks } from './wall-page.ts';

const kinds = ['bundled', 'file by file'] as const;
type Kind = (typeof kinds)[number];
type Served = { view: ScriptedView; url: string; close(): Promise<void> };
type Sights = { first: Sight[]; again: Sight[] };

/** Frames of a day: two frames of the server a minute, for twelve hours. */
const dayFrames = 1_440;
/** Frames before the first measurement, because the page keeps objects of its first drawing. */
const warmFrames = 40;
const many = 612;
const seed = 11;

export const wallBench: Bench = {
  name: 'wall',
  about: 'the first sight of the wall on a thin link beside the same file by file, and a busy day of it',
  async run(options) {
    if (browserProgram === undefined) throw new CannotRun('Chromium is not installed');
    const browser = await openBrowser();
    try {
      const rows = [...(await sightRows(browser, options)), ...(await dayRows(browser, options)), ...(await manyRows(browser))];
      return { versions: { chromium: browser.version(), preact: versionOf('preact'), esbuild: versionOf('esbuild') }, rows };
    } finally {
      await browser.close();
    }
  },
};

async function serve(kind: Kind): Promise<Served> {
  const now = Date.now();
  const { full: _full, details: _details, histories: _histories, rollcalls: _rollcalls, ...snapshot } = nation(now);
  const view = scriptedView();
  view.state = { ...snapshot, incidents: snapshot.incidents.map((one) => fullOf(one, now)) };
  const api: Api = await startApi({
    port: 0,
    view,
    siteOrders: emptySiteOrders(),
    accounts: emptyAccounts(),
    wallDir: 'dashboards/wall',
    modulesDir: 'node_modules',
    log: console,
    ...(kind === 'bundled' && { bundle: bundleWall }),
  });
  return { view, url: `http://127.0.0.1:${api.port}/`, close: api.close };
}

function newContext(browser: Browser): Promise<BrowserContext> {
  return browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'en-GB' });
}

async function sightRows(browser: Browser, { quick, say }: BenchOptions): Promise<Row[]> {
  const taken: Record<Kind, Sights> = { bundled: { first: [], again: [] }, 'file by file': { first: [], again: [] } };
  const served = await Promise.all(kinds.map(async (kind) => ({ kind, ...(await serve(kind)) })));
  for (let round = 0; round < (quick ? 1 : 5); round += 1) {
    for (const { kind, url } of served) {
      const context = await newContext(browser);
      const first = await sightOf(context, url);
      taken[kind].first.push(first);
      taken[kind].again.push(await sightOf(context, url));
      await context.close();
      say(
        `${kind}: first words ${first.wordsMs.toFixed(0)} ms, tiles ${first.tilesMs.toFixed(0)} ms, ${first.bytes} B, ${first.requests} requests`,
      );
    }
  }
  await Promise.all(served.map(({ close }) => close()));
  const of = (kind: Kind, visit: keyof Sights, what: keyof Sight) => median(taken[kind][visit].map((one) => one[what]));
  const beside = (visit: keyof Sights, what: keyof Sight, scale = 1) => ({
    better: 'less' as const,
    ours: of('bundled', visit, what) / scale,
    peer: { name: 'file by file', value: of('file by file', visit, what) / scale },
  });
  const link = '400 kbit/s and 400 ms';
  return [
    row({ metric: `${link}: first words`, unit: 'ms', ...beside('first', 'wordsMs'), target: { promised: 1_000 } }),
    row({ metric: `${link}: the first tile`, unit: 'ms', ...beside('first', 'tilesMs'), target: { promised: 3_500 } }),
    row({ metric: 'until the first tile', unit: 'kB', ...beside('first', 'bytes', 1_000), target: { ours: 90 } }),
    row({ metric: 'until the first tile', unit: 'requests', ...beside('first', 'requests'), target: { ours: 10 } }),
    row({ metric: `${link}, once more: the first tile`, unit: 'ms', ...beside('again', 'tilesMs') }),
    row({ metric: 'once more, until the first tile', unit: 'kB', ...beside('again', 'bytes', 1_000) }),
  ];
}

/** Keeps the page open while sites change and incidents come and go. */
async function dayRows(browser: Browser, { quick, say }: BenchOptions): Promise<Row[]> {
  const { view, url, close } = await serve('bundled');
  const context = await newContext(browser);
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('.tile').first().waitFor();
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  const tasks = await watchTasks(page);
  const random = randomFrom(seed);
  const frames = quick ? dayFrames / 6 : dayFrames;
  let firstMiB = Number.NaN;
  for (let at = 0; at < frames; at += 1) {
    turn(view, at, random);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))));
    if (at === warmFrames) firstMiB = await heapMiB(session);
  }
  const lastMiB = await heapMiB(session);
  const { longestMs, count } = await tasks();
  say(`${frames} changes: heap ${firstMiB.toFixed(1)} MiB, then ${lastMiB.toFixed(1)} MiB; ${count} tasks over 50 ms`);
  const openings: number[] = [];
  for (const state of ['uttar-pradesh', 'bihar', 'ladakh', 'uttar-pradesh', 'bihar'])
    openings.push(await openedMs(page, `.tile[data-state=${state}]`, { selector: `[data-panel=${state}] li`, atLeast: 1 }));
  await context.close();
  await close();
  const grown = { unit: '%', ours: Math.max(0, (lastMiB / firstMiB - 1) * 100), better: 'less' } as const;
  return [
    row({ metric: `heap, grown in ${frames} changes`, ...grown, target: { ours: 20 } }),
    row({ metric: `heap after ${frames} changes`, unit: 'MiB', ours: lastMiB, better: 'less' }),
    row({ metric: `longest task in ${frames} changes`, unit: 'ms', ours: longestMs, better: 'less' }),
    row({ metric: "a state's opening", unit: 'ms', ours: median(openings), better: 'less' }),
  ];
}

function turn(view: ScriptedView, at: number, random: Random): void {
  const { sites } = view.state;
  const turned = [0, 1, 2].flatMap(() => sites[Math.floor(random.next() * sites.length)] ?? []).map(otherwise);
  const id = 1_000 + (at % warmFrames);
  const over = Math.floor(at / warmFrames) % 2 === 1 ? ({ over: 'cleared', overAt: Date.now() } as const) : {};
  view.change({ sites: turned, incidents: [microphoneGone(Date.now(), { id, scope: `${turned[0]?.site}/vc-1`, ...over })] });
}

function otherwise(site: SiteView): SiteView {
  const missing = { component: 'microphone', fault: 'microphone.missing', reason: null } as const;
  const isReady = site.readiness === 'ready';
  return { ...site, stage: 'live', readiness: isReady ? 'not-ready' : 'ready', why: isReady ? missing : null };
}

/** Returns the number of elements when it no longer grows. */
async function settledCount(page: Page): Promise<number> {
  for (let last = -1; ; ) {
    const count = await page.evaluate(() => document.querySelectorAll('*').length);
    if (count === last) return count;
    last = count;
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_000)));
  }
}

/** Opens all incidents of one state at once: one line that expands to all of them. */
async function manyRows(browser: Browser): Promise<Row[]> {
  const { view, url, close } = await serve('bundled');
  const ids = Array.from({ length: many }, (_, at) => at);
  const gone = (id: number) =>
    microphoneGone(Date.now(), { id: 2_000 + id, scope: `bihar/site-${id}/vc-1`, site: { en: `Bihar ${id}`, hi: '' } });
  view.change({ incidents: ids.map(gone) });
  const context = await newContext(browser);
  const page = await context.newPage();
  await page.goto(url);
  const group = '[data-group="bihar/microphone.missing"]';
  await page.locator(`${group} summary`).click();
  await page.locator(`${group} [data-incident]`).first().waitFor();
  const ms = await openedMs(page, `${group} details > button`, { selector: `${group} [data-incident]`, atLeast: 13 });
  const elements = await settledCount(page);
  await context.close();
  await close();
  return [
    row({ metric: `"show all" of ${many}`, unit: 'ms', ours: ms, better: 'less' }),
    row({ metric: `elements once all of ${many} were asked for`, unit: 'elements', ours: elements, better: 'less' }),
  ];
}
