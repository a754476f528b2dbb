/**
 * Renders our dashboards with Grafana's front-end from a real Prometheus. It needs `npm ci --prefix test/real/grafana` (600 MB), so it runs
 * at night. It does not cover Grafana's server, data source or provisioning.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { grey } from '../../../dashboards/grafana/board.ts';
import { installed, requirePart } from '../parts.ts';
import { prometheus, type Store, startStore } from '../prometheus.ts';
import { type Scene, startScene } from '../prometheus-scene.ts';

const frontEnd = existsSync('test/real/grafana/node_modules');
if (!frontEnd) console.warn("skipped: Grafana's front-end is not installed (npm ci --prefix test/real/grafana)");
const variables = { above: '2500', wall: 'http://127.0.0.1:1880' };

const parts = () => requirePart('Prometheus, promtool and Chromium', installed([...prometheus.programs, 'chromium']));

describe.runIf(frontEnd && parts())("Grafana's front-end with our dashboards", () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-grafana-'));
  const faults: string[] = [];
  let scene: Scene;
  let store: Store;
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    execFileSync(process.execPath, ['test/real/grafana/build.mjs', join(folder, 'page.js')]);
    ({ scene, store } = await started());
    server = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      response.setHeader('content-type', `text/${isScript ? 'javascript' : 'html'}; charset=utf-8`);
      response.end(isScript ? readFileSync(join(folder, 'page.js')) : html);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await store?.stop();
    await scene?.stop();
    rmSync(folder, { recursive: true });
  });

  async function drawn(name: string, { picture = name, at = store.at, state = '.*' } = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1800, height: 2000 } });
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (line) => line.type() === 'error' && !line.text().includes('404') && faults.push(line.text()));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const dashboard = JSON.parse(readFileSync(`dashboards/grafana/${name}.json`, 'utf8'));
    await page.evaluate((all) => (globalThis as unknown as Drawing).draw(all), {
      dashboard,
      store: at,
      variables: { ...variables, state },
    });
    await page.getByText(dashboard.panels.at(-1).title).waitFor();
    const pictures = process.env['SABHA_PICTURES'];
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${picture}.png`), fullPage: true });
    return page;
  }

  test('draws the board Nation with coloured figures, the worst state first, and a link from each site to the wall', async () => {
    const page = await drawn('nation');
    expect(await figures(page)).toEqual({
      ...lit,
      'Critical incidents': ['1', red],
      'Other incidents': ['1', orange],
      'Sites ready (not proven)': ['1', blue],
      'Sites not ready': ['1', red],
      'Sites unknown': ['1', purple],
      'Sites live': ['3', blue],
      'Being set up': ['1', blue],
      Planned: ['1', blue],
      ...{
        'PCs online': ['3', green],
        'PCs silent': ['1', red],
        'Other PCs offline': ['0', green],
        'PCs never seen': ['0', blue],
      },
      'Roll call in 24 h': ['50%', red],
      'Newest answer': [expect.stringMatching(/^1.* minutes?$/), green],
    });
    expect(await table(page, 'States')).toMatchObject([
      ['ladakh', '1', '0', '1', '0', '1', '1', '66.7%'],
      ['up', '0', '0', '0', '1', '0', '0', '100%'],
      ['centre', '0', '1', '–', '–', '–', '–', '–'],
    ]);
    expect(await table(page, 'PCs offline')).toEqual([['ladakh/leh', 'vc-2', '10 minutes']]);
    expect(await table(page, 'Slowest links')).toEqual([
      ['ladakh/leh', 'vc-1', '620 ms'],
      ['ladakh/kargil', 'vc-1', '90 ms'],
      ['up/lucknow', 'vc-1', '30 ms'],
    ]);
    expect(await links(page, 'Sites that are not ready')).toEqual(['http://127.0.0.1:1880/#/site/ladakh/leh']);
    expect((await links(page, 'States'))[0]).toMatch(/^\/d\/sabha-nation\?var-state=ladakh&var-wall=http:\/\/127\.0\.0\.1:1880&from=/);
    expect(await page.locator('canvas').count()).toBe(2);
    expect(faults).toEqual([]);
  });

  test('draws the board High-altitude with one row for each PC, and text where there is no number', async () => {
    const page = await drawn('high-altitude');
    expect(await figures(page)).toMatchObject({ ...lit, Sites: ['2', blue], 'Below 5 °C': ['1', orange], 'Below 0 °C': ['0', green] });
    const rows = await table(page, 'Rooms');
    expect(rows.map((row) => row.slice(0, 11))).toEqual([
      ['ladakh/leh', 'vc-2', '3524 m', 'geo', 'UNKNOWN', '–', '26.3 °C', '–', '–', '–', '–'],
      ['ladakh/leh', 'vc-1', '3524 m', 'geo', 'NOT READY', '51 °C', '26.3 °C', '24.7 °C', 'battery', '40%', '620 ms'],
      ['ladakh/kargil', 'vc-1', '2676 m', 'geo', '◐ READY (not proven)', '3 °C', '29.1 °C', '-26.1 °C', 'mains', '100%', '90 ms'],
    ]);
    expect(rows[1]?.slice(13)).toEqual(['28 °C', '1.75 °C', '1.30 times the usual', '25%', '25 minutes', 'sound', '90%']);
    expect(await page.locator('canvas').count()).toBe(6);
    expect(faults).toEqual([]);
  });

  test('draws the board Network with the capacity of links in words, the worst first, and a link from each site to the wall', async () => {
    const page = await drawn('network');
    expect(await figures(page)).toMatchObject({
      ...lit,
      'Links measured': ['2', blue],
      'Below SD to the centre': ['1', orange],
      'UDP blocked': ['1', orange],
      'Bridges that do not answer': ['0', green],
    });
    const rows = await table(page, 'Worst links');
    expect(rows.map((row) => row.slice(0, 5))).toEqual([
      ['ladakh/leh', 'vc-1', '55', 'sound', 'SD'],
      ['ladakh/kargil', 'vc-1', '92', 'full HD', 'full HD'],
    ]);
    expect((await links(page, 'Worst links'))[0]).toBe('http://127.0.0.1:1880/#/site/ladakh/leh');
    expect(await page.locator('canvas').count()).toBe(4);
    expect(faults).toEqual([]);
  });

  const no = ['No data', grey];
  test.each([
    { part: 'flows', lamps: { flows: ['no answer', red] } },
    { part: 'broker', lamps: { Broker: ['no data', red] } },
    { part: 'exporter', lamps: { Exporter: ['not read', red], 'Newest beat': no } },
    { part: 'Prometheus', lamps: { Exporter: no, flows: no, Broker: no, 'Newest beat': no, Watchdog: no } },
  ] as const)('shows on every board that $part is stopped, and keeps each figure grey and in place', async ({ part, lamps }) => {
    const stopped = await started();
    try {
      const places = new Map<string, unknown>();
      let columns: (string | null)[] = [];
      // One page at a time, because each uses a whole core while it loads.
      for (const board of boards) {
        const page = await drawn(board);
        places.set(board, await placesOf(page));
        if (board === 'nation') columns = await columnsOf(page, 'States');
        await page.close();
      }
      await endPart(stopped, part);
      for (const board of boards) {
        const page = await drawn(board, { picture: `${board}-without-${part}`, at: stopped.store.at });
        const { Exporter, flows, Broker, 'Newest beat': beat, Watchdog, ...others } = await figures(page);
        expect({ board, Exporter, flows, Broker, 'Newest beat': beat, Watchdog }).toEqual({ board, ...lit, ...lamps });
        const known = part === 'broker' && board === 'nation' ? knownWithoutBroker : [];
        const dark = Object.entries(others).filter(([name]) => !known.includes(name));
        expect({ board, ...Object.fromEntries(dark) }).toEqual({ board, ...Object.fromEntries(dark.map(([name]) => [name, no])) });
        expect(await placesOf(page)).toEqual(places.get(board));
        await page.close();
      }
      if (part === 'flows' || part === 'broker') {
        const page = await drawn('nation', { at: stopped.store.at, state: 'up' });
        expect((await figures(page))['Critical incidents']).toEqual(no);
        expect(await columnsOf(page, 'States')).toEqual(columns);
        expect(await cells(page, 'States')).toEqual([['up', ...columns.slice(1).map(() => ['–', grey])]]);
      }
      expect(faults.filter((line) => !line.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
    } finally {
      await stopped.store.stop();
      await stopped.scene.stop();
    }
  });
});

const boards = ['nation', 'network', 'high-altitude'];

/** Starts broker, exporter, API and a Prometheus, and waits until Prometheus has scraped them all. */
async function started(): Promise<{ scene: Scene; store: Store }> {
  const scene = await startScene();
  const store = await startStore(prometheus, scene.pages);
  const known =
    'count(sabha_link_round_trip_seconds) + count(sabha_pc_up) + count(sabha_pcs{presence="online"}) + count(up == 1) == 3 + 5 + 2 + 4 and on () ALERTS{alertname="SabhaWatchdog"}';
  try {
    await vi.waitFor(async () => expect((await store.query(known)).length).toBe(1), { timeout: 20_000, interval: 200 });
  } catch (error) {
    // A process left running would keep the test run from ending.
    await store.stop();
    await scene.stop();
    throw error;
  }
  return { scene, store };
}

/** Figures that the board still shows without the broker, because `flows` knows its incidents and its site table. */
const knownWithoutBroker = ['Critical incidents', 'Other incidents', 'Sites live', 'Being set up', 'Planned'];

/** Ends one part. Resolves when its metrics are gone. */
async function endPart({ scene, store }: { scene: Scene; store: Store }, part: keyof Scene['end'] | 'Prometheus'): Promise<void> {
  if (part === 'Prometheus') return store.stop();
  await scene.end[part]();
  const gone = `absent(sabha_pcs) and on () absent(sabha_pc_up) and on () count(up == 0) >= ${part === 'exporter' ? 2 : 1}`;
  await expect.poll(async () => (await store.query(gone)).length, { timeout: 40_000, interval: 500 }).toBe(1);
  const vouched = 'min(sabha_exporter_api_up) + min(sabha_exporter_broker_up) == 2';
  await expect.poll(async () => (await store.query(vouched)).length, { timeout: 20_000, interval: 500 }).toBe(0);
}

function placesOf(page: Page): Promise<[string | null, number, number][]> {
  return page.locator('[data-figure]').evaluateAll((found) =>
    found.map((one) => {
      const { x, y } = one.getBoundingClientRect();
      return [one.getAttribute('data-figure'), Math.round(x), Math.round(y)];
    }),
  );
}

type Drawing = { draw(all: unknown): Promise<void> };

const html =
  '<!doctype html><meta charset="utf-8"><style>*{box-sizing:border-box}body{margin:0;color:#ccccdc;font-family:sans-serif}</style><div id="root"></div><script>' +
  'window.grafanaBootData={settings:{featureToggles:{}},user:{},navTree:[]};window.__grafana_public_path__="/";</script><script src="/page.js"></script>';

const [red, orange, green, blue, purple] = ['#F2495C', '#FF9830', '#73BF69', '#5794F2', '#B877D9'];

/** The status indicators while all parts respond. */
const lit = {
  Exporter: ['read', green],
  flows: ['answers', green],
  Broker: ['answers', green],
  'Newest beat': [expect.stringMatching(/seconds?$/), green],
  Watchdog: ['quiet', green],
};

async function figures(page: Page): Promise<Record<string, [text: string, color: string]>> {
  const all = await page.locator('[data-figure]').evaluateAll((found) =>
    found.map((one) => {
      const name = one.getAttribute('data-figure') ?? '';
      return [name, [one.textContent.replace(name, ''), one.getAttribute('data-color')]];
    }),
  );
  return Object.fromEntries(all);
}

function table(page: Page, title: string): Promise<string[][]> {
  const rows = panel(page, title).locator('[role=row]:not(:has([role=columnheader]))');
  return rows.evaluateAll((found) => found.map((row) => [...row.querySelectorAll('[role=cell]')].map(({ textContent }) => textContent)));
}

function columnsOf(page: Page, title: string): Promise<(string | null)[]> {
  return panel(page, title)
    .locator('[role=columnheader]')
    .evaluateAll((found) => found.map((one) => one.textContent));
}

/** Returns the first cell of each row, and the others with the colour of their text. */
async function cells(page: Page, title: string): Promise<unknown[]> {
  const rows = panel(page, title).locator('[role=row]:not(:has([role=columnheader]))');
  return rows.evaluateAll((found) => {
    const hex = (rgb: string) => `#${[...rgb.matchAll(/\d+/g)].map(([part]) => Number(part).toString(16).padStart(2, '0')).join('')}`;
    return found.map((row) =>
      [...row.querySelectorAll('[role=cell]')].map((cell, at) =>
        at === 0 ? cell.textContent : [cell.textContent, hex(getComputedStyle(cell).color)],
      ),
    );
  });
}

function links(page: Page, title: string): Promise<(string | null)[]> {
  return panel(page, title)
    .locator('a[href]')
    .evaluateAll((found) => found.map((one) => one.getAttribute('href')));
}

function panel(page: Page, title: string) {
  return page.locator('section', { has: page.getByRole('heading', { name: title, exact: true }) });
}
