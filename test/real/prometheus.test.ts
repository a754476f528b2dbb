/**
 * Runs the queries of the dashboards on real time series databases that scrape a real exporter. `prometheus-scene.ts` describes the data.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { dashboardFiles } from '../../dashboards/grafana/generate.ts';
import type { DashboardJson } from '../../dashboards/grafana/lint.test-helper.ts';
import { installed, requirePart } from './parts.ts';
import { type Engine, type Found, prometheus, promtool, type Store, startStore, victoriaMetrics } from './prometheus.ts';
import { kargil, leh, lehSilent, lucknow, type Scene, startScene } from './prometheus-scene.ts';

const boards = dashboardFiles.map(({ file }) => JSON.parse(readFileSync(file, 'utf8')) as DashboardJson);
const targets = boards.flatMap(({ uid, panels }) =>
  panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, instant, refId }) => ({ name: `${uid}, ${title} ${refId}`, expr: chosen(expr), instant })),
  ),
);
const variables = boards.flatMap(({ uid, templating }) =>
  templating.list.filter(({ type }) => type === 'query').map(({ name, query }) => ({ name: `${uid}, ${name}`, query })),
);
/** The first query of each single-value (`stat`) panel, except the five status panels at the top of each board. */
const figureTargets = targets.filter(({ name }) => figuresOf(name.split(',')[0] ?? '').some((title) => name.includes(`, ${title} A`)));
/** Queries whose result depends on the judgement of `flows`. Facts of the site table and the numbers in beats do not depend on it. */
const judged = targets.filter(
  (target) =>
    figureTargets.includes(target) ||
    /sabha_(pc_up|pcs|check_status|incidents_open|sites|sites_readiness|room_ready|faults_standing|pc_last_\w+)\b/.test(target.expr),
);

/** On a busy machine a late scrape removes its series until the next scrape. Each query is therefore repeated until it has a result. */
const soon = { timeout: 60_000, interval: 250 };

describe.each([prometheus, victoriaMetrics])('$name and the exporter', (engine) => {
  describe.runIf(requirePart(engine.name, installed(engine.programs)))('the queries with four PCs', () => allQueries(engine));
});

describe.runIf(requirePart(victoriaMetrics.name, installed(victoriaMetrics.programs)))('VictoriaMetrics', () => {
  test('accepts the shipped configuration without strict parsing', () => {
    const [program = ''] = victoriaMetrics.programs;
    const flags = ['-dryRun', '-promscrape.config=dashboards/prometheus/prometheus.yml', '-promscrape.config.strictParse=false'];
    expect(spawnSync(program, flags, { encoding: 'utf8' })).toMatchObject({ status: 0 });
  });
});

describe.runIf(requirePart(prometheus.name, installed(prometheus.programs)))('promtool', () => {
  test('accepts the shipped configuration and its rule files', async () => {
    const { code, lines } = await promtool(['check', 'config', 'dashboards/prometheus/prometheus.yml']);
    expect({ code, lines }).toMatchObject({ code: 0, lines: expect.arrayContaining([expect.stringContaining('1 rule files found')]) });
  });

  test("shows that each rule of the dead man's switch fires when it should, and never otherwise", async () => {
    const { code, lines } = await promtool(['test', 'rules', 'test/real/prometheus-rules.yml']);
    expect({ code, lines }).toMatchObject({ code: 0 });
  });
});

function allQueries(engine: Engine): void {
  let scene: Scene;
  let store: Store;

  beforeAll(async () => {
    scene = await startScene();
    store = await startStore(engine, scene.pages);
    const read = 'count(sabha_link_round_trip_seconds) + count(sabha_pc_up) + count(sabha_pcs{presence="online"}) + count(up == 1)';
    const known = engine.rules ? `${read} + count(ALERTS{alertname="SabhaWatchdog"})` : read;
    await vi.waitFor(async () => expect((await store.query(known))[0]?.value).toBe(3 + 5 + 2 + 4 + (engine.rules ? 1 : 0)), {
      timeout: 60_000,
      interval: 200,
    });
  });
  afterAll(async () => {
    await store?.stop();
    await scene?.stop();
  });

  // The watchdog is a rule, and only Prometheus evaluates rules.
  test.each(targets.filter(({ name }) => engine.rules || !name.includes('Watchdog')))(
    '$name: the query returns series',
    async ({ expr, instant }) => {
      const asked = async () => {
        const series = await (instant === true ? store.query(expr) : store.queryRange(expr));
        const values = withValue(series);
        return { isAnswered: values.length > 0, empty: isColumn(expr) ? [] : series.filter((one) => !values.includes(one)) };
      };
      await expect.poll(asked, soon).toEqual({ isAnswered: true, empty: [] });
    },
  );

  test.each(variables)('$name: the variable has values to choose from', async ({ query }) => {
    const [, match = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? [];
    await expect.poll(() => store.labelValues(label, match), soon).toEqual(['ladakh', 'up']);
  });

  const figures = async (board: string, ...titles: string[]) => {
    const wanted = titles.map((title) => targets.find(({ name }) => name === `sabha-${board}, ${title} A`)?.expr ?? '');
    const found = await Promise.all(wanted.map((expr) => store.query(expr)));
    return found.map(([first]) => first?.value);
  };
  const expectFigures = (board: string, ...titles: string[]) => expect.poll(() => figures(board, ...titles), soon);
  const expectFigure = (board: string, title: string) => expect.poll(async () => (await figures(board, title))[0], soon);

  test('the figures of the board Nation equal those of the API and count only live sites', async () => {
    await expectFigures('nation', 'Critical incidents', 'Other incidents', 'flows').toEqual([1, 1, 1]);
    await expectFigures('nation', 'Sites ready (not proven)', 'Sites not ready', 'Sites unknown').toEqual([1, 1, 1]);
    await expectFigures('nation', 'Sites live', 'Being set up', 'Planned').toEqual([3, 1, 1]);
    await expectFigures('nation', 'PCs online', 'PCs silent', 'Other PCs offline', 'PCs never seen').toEqual([3, 1, 0, 0]);
    await expectFigure('nation', 'Roll call in 24 h').toBe(0.5);
    await expectFigure('nation', 'Newest answer').toBeGreaterThan(59);
    await expectFigure('nation', 'PCs offline').toBeGreaterThan(599);
  });

  test('each figure of the board High-altitude counts only above the chosen elevation, and shows 0 if it counts none', async () => {
    await expectFigures('high-altitude', ...figuresOf('sabha-high-altitude')).toEqual([2, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1]);
  });

  test('the board Network counts the links that are measured, below SD, lossy or without UDP, and lists the worst first', async () => {
    await expectFigures('network', ...figuresOf('sabha-network')).toEqual([2, 1, 0, 1, 1, 0, 0]);
    const { expr = '' } = targets.find(({ name }) => name === 'sabha-network, Worst links A') ?? {};
    const found = async () => (await store.query(expr)).map(({ labels, value }) => [`${labels['site']}/${labels['pc']}`, value]).sort();
    await expect.poll(found, soon).toEqual([
      [kargil, 92],
      [leh, 55],
    ]);
  });

  test('the board High-altitude has one row for each PC with elevation, room, temperature and power, and no values of a silent PC', async () => {
    const column = async (ref: string) => {
      const { expr = '' } = targets.find(({ name }) => name === `sabha-high-altitude, Rooms ${ref}`) ?? {};
      return withValue(await store.query(expr))
        .map(({ labels, value }) => [`${labels['site']}/${labels['pc']}`, value])
        .sort();
    };
    const expectColumn = (ref: string) => expect.poll(() => column(ref), soon);
    await expectColumn('A').toEqual([
      [kargil, 2_676],
      [leh, 3_524],
      [lehSilent, 3_524],
    ]);
    await expectColumn('B').toEqual([
      [kargil, 1],
      [leh, 0],
    ]);
    await expectColumn('C').toEqual([
      [kargil, 3],
      [leh, 51],
    ]);
    await expectColumn('D').toEqual([
      [kargil, expect.any(Number)],
      [leh, expect.closeTo(26.253, 2)],
      [lehSilent, expect.any(Number)],
    ]);
    await expect.poll(async () => (await column('E'))[1]?.[1], soon).toBeCloseTo(24.747, 2);
    await expectColumn('F').toEqual([
      [kargil, 1],
      [leh, 0],
    ]);
  });

  test('promtool accepts the pages of the exporter, and the exporter returns each page in less than 1 s', async () => {
    for (const path of ['/metrics', '/metrics/pcs']) {
      const url = `http://127.0.0.1:${scene.pages.exporter}${path}`;
      const tookMs: number[] = [];
      let page = '';
      for (let times = 0; times < 5; times += 1) {
        const before = performance.now();
        page = await (await fetch(url)).text();
        tookMs.push(performance.now() - before);
      }
      // Only the fastest of five requests counts, because other load on the machine delays some of them.
      expect(Math.min(...tookMs)).toBeLessThan(1_000);
      if (installed(prometheus.programs)) expect(await promtool(['check', 'metrics'], page)).toEqual({ code: 0, lines: [] });
    }
  });

  test('no figure has a value while the exporter is suspended, and all return when it resumes', async () => {
    const all = figureTargets.map(({ name }) => name);
    expect(all.length).toBeGreaterThan(30);
    const shown = async () => {
      const answers = await Promise.all(figureTargets.map(async ({ name, expr }) => ((await store.query(expr)).length > 0 ? [name] : [])));
      return answers.flat();
    };
    await expect.poll(shown, soon).toEqual(all);
    scene.freezeExporter(true);
    try {
      await expect.poll(shown, soon).toEqual([]);
      // Prometheus scrapes the two pages of the exporter one after the other, and the status indicator is on the other page.
      const lamps = () => figures('nation', 'Exporter', 'flows', 'Broker');
      await expect.poll(lamps, soon).toEqual([0, 1, 1]);
    } finally {
      scene.freezeExporter(false);
    }
    await expect.poll(shown, soon).toEqual(all);
  });

  test('no figure that `flows` judges has a value when `flows` is down, and none is zero or green', async () => {
    await scene.end.flows();
    const left = async () => {
      const answers = await Promise.all(judged.map(async ({ name, expr }) => withValue(await store.query(expr)).map(() => name)));
      return answers.flat();
    };
    expect(judged.length).toBeGreaterThan(30);
    await expect.poll(left, { timeout: 40_000, interval: 500 }).toEqual([]);
    const centre = () => figures('nation', 'Critical incidents', 'Other incidents', 'flows', 'Exporter', 'Broker');
    await expect.poll(centre, soon).toEqual([undefined, undefined, 0, 1, 1]);
    await expect.poll(async () => pcsOf(await store.query('sabha_link_round_trip_seconds')), soon).toContain(lucknow);
  });
}

/** Returns the titles of the single-value (`stat`) panels of a board, except the five status panels at its top. */
function figuresOf(board: string): string[] {
  const panels = boards.find(({ uid }) => uid === board)?.panels ?? [];
  return panels
    .filter(({ type }) => type === 'stat')
    .slice(5)
    .map(({ title = '' }) => title);
}

/** True for the query of a table column from `keepAllRows`, which returns NaN for each row without a value. */
function isColumn(expr: string): boolean {
  return expr.includes('or NaN * (');
}

function withValue(series: Found[]): Found[] {
  return series.filter(({ value }) => !Number.isNaN(value));
}

/** Returns the query with all states and the default elevation. */
function chosen(expr: string): string {
  return expr.replaceAll('$state', '.*').replaceAll('$above', '2500');
}

function pcsOf(series: Found[]): (string | undefined)[] {
  return series.map(({ labels }) => labels['pc']);
}
