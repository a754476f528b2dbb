/** The dashboards' queries on real stores, which scrape the exporter's process: see `prometheus-scene.ts` for what stands there. */
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
/** The figures of all boards, lamps aside. */
const figureTargets = targets.filter(({ name }) => figuresOf(name.split(',')[0] ?? '').some((title) => name.includes(`, ${title} A`)));
/** What only flows can say. Facts of the site table and the numbers of beats are known without it. */
const judged = targets.filter(
  (target) =>
    figureTargets.includes(target) ||
    /sabha_(pc_up|pcs|check_status|incidents_open|sites|sites_readiness|room_ready|faults_standing|pc_last_\w+)\b/.test(target.expr),
);

describe.each([prometheus, victoriaMetrics])('$name and the exporter', (engine) => {
  describe.runIf(requirePart(engine.name, installed(engine.programs)))('with four PCs', () => allQueries(engine));
});

describe.runIf(requirePart(victoriaMetrics.name, installed(victoriaMetrics.programs)))('VictoriaMetrics', () => {
  test('accepts the configuration that is shipped, told to leave unread what it has no use for', () => {
    const [program = ''] = victoriaMetrics.programs;
    const flags = ['-dryRun', '-promscrape.config=dashboards/prometheus/prometheus.yml', '-promscrape.config.strictParse=false'];
    expect(spawnSync(program, flags, { encoding: 'utf8' })).toMatchObject({ status: 0 });
  });
});

describe.runIf(requirePart(prometheus.name, installed(prometheus.programs)))('promtool', () => {
  test('accepts every query of the dashboards', async () => {
    const rules = targets.map(
      ({ expr }) => `      - { record: "a:b", expr: ${JSON.stringify(expr.replaceAll('$__rate_interval', '1m'))} }`,
    );
    const { code, lines } = await promtool(
      ['check', 'rules', '--lint=none'],
      ['groups:', '  - name: all', '    rules:', ...rules].join('\n'),
    );
    expect({ code, lines }).toMatchObject({ code: 0, lines: expect.arrayContaining([expect.stringContaining(`${targets.length} rules`)]) });
  });

  test('accepts the configuration that is shipped, and the rules that it names', async () => {
    const { code, lines } = await promtool(['check', 'config', 'dashboards/prometheus/prometheus.yml']);
    expect({ code, lines }).toMatchObject({ code: 0, lines: expect.arrayContaining([expect.stringContaining('1 rule files found')]) });
  });

  test("sees each of the dead man's rules fire when it should, and be silent while all is well", async () => {
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
      timeout: 20_000,
      interval: 200,
    });
  });
  afterAll(async () => {
    await store?.stop();
    await scene?.stop();
  });

  // Only Prometheus has rules, of which the watchdog is one.
  test.each(targets.filter(({ name }) => engine.rules || !name.includes('Watchdog')))(
    '$name: the query answers with series',
    async ({ expr, instant }) => {
      const series = await (instant === true ? store.query(expr) : store.queryRange(expr));
      expect(withValue(series).length).toBeGreaterThan(0);
      if (!isColumn(expr)) expect(withValue(series)).toEqual(series);
    },
  );

  test.each(variables)('$name: there is something to choose from', async ({ query }) => {
    const [, match = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? [];
    expect(await store.labelValues(label, match)).toEqual(['ladakh', 'up']);
  });

  const figures = async (board: string, ...titles: string[]) => {
    const wanted = titles.map((title) => targets.find(({ name }) => name === `sabha-${board}, ${title} A`)?.expr ?? '');
    const found = await Promise.all(wanted.map((expr) => store.query(expr)));
    return found.map(([first]) => first?.value);
  };

  test('the figures of Nation are those of the API: only live sites count', async () => {
    expect(await figures('nation', 'Critical incidents', 'Other incidents', 'flows')).toEqual([1, 1, 1]);
    expect(await figures('nation', 'Sites ready', 'Sites not ready', 'Sites unknown')).toEqual([1, 1, 1]);
    expect(await figures('nation', 'Sites live', 'Being set up', 'Planned')).toEqual([3, 1, 1]);
    expect(await figures('nation', 'PCs online', 'PCs silent', 'PCs stopped, lost, unheard', 'PCs never heard')).toEqual([3, 1, 0, 0]);
    const [answered, newest = 0] = await figures('nation', 'Roll call in 24 h', 'Newest answer');
    expect(answered).toBe(0.5);
    expect(newest).toBeGreaterThan(59);
    const [away = 0] = await figures('nation', 'PCs away');
    expect(away).toBeGreaterThan(599);
  });

  test('High-altitude counts the sites above the elevation that are in use, and a zero is a zero', async () => {
    expect(await figures('high-altitude', ...figuresOf('sabha-high-altitude'))).toEqual([2, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1]);
  });

  test('Network: how many links are measured and below SD, lose, block UDP; the worst first', async () => {
    expect(await figures('network', ...figuresOf('sabha-network'))).toEqual([2, 1, 0, 1, 1, 0, 0]);
    const { expr = '' } = targets.find(({ name }) => name === 'sabha-network, Worst links A') ?? {};
    const found = (await store.query(expr)).map(({ labels, value }) => [`${labels['site']}/${labels['pc']}`, value]).sort();
    expect(found).toEqual([
      [kargil, 92],
      [leh, 55],
    ]);
  });

  test('High-altitude has one row a PC: elevation, room, temperature, the warmest room for it, power; none of a PC that is silent', async () => {
    const column = async (ref: string) => {
      const { expr = '' } = targets.find(({ name }) => name === `sabha-high-altitude, Rooms ${ref}`) ?? {};
      return withValue(await store.query(expr))
        .map(({ labels, value }) => [`${labels['site']}/${labels['pc']}`, value])
        .sort();
    };
    expect(await column('A')).toEqual([
      [kargil, 2_676],
      [leh, 3_524],
      [lehSilent, 3_524],
    ]);
    expect(await column('B')).toEqual([
      [kargil, 1],
      [leh, 0],
    ]);
    expect(await column('C')).toEqual([
      [kargil, 3],
      [leh, 51],
    ]);
    const limits = await column('D');
    expect(limits.map(([pc]) => pc)).toEqual([kargil, leh, lehSilent]);
    expect(limits[1]?.[1]).toBeCloseTo(26.253, 2);
    expect((await column('E'))[1]?.[1]).toBeCloseTo(24.747, 2);
    expect(await column('F')).toEqual([
      [kargil, 1],
      [leh, 0],
    ]);
  });

  test('promtool finds nothing wrong with the pages, and they are quick', async () => {
    for (const path of ['/metrics', '/metrics/pcs']) {
      const before = performance.now();
      const page = await (await fetch(`http://127.0.0.1:${scene.pages.exporter}${path}`)).text();
      expect(performance.now() - before).toBeLessThan(1_000);
      if (installed(prometheus.programs)) expect(await promtool(['check', 'metrics'], page)).toEqual({ code: 0, lines: [] });
    }
  });

  test('a total and its list are read together: what Nation counts is what it lists', async () => {
    const listed = async (title: string) =>
      (await store.query(targets.find(({ name }) => name === `sabha-nation, ${title} A`)?.expr ?? '')).length;
    expect(await listed('Sites that are not ready')).toBe((await figures('nation', 'Sites not ready'))[0]);
    expect(await listed('PCs away')).toBe((await figures('nation', 'PCs silent'))[0]);
    const jobs = await store.query('count by (job) (sabha_sites_readiness or sabha_pcs or sabha_room_ready or sabha_pc_up)');
    expect(jobs.map(({ labels }) => labels['job'])).toEqual(['sabha-pcs']);
  });

  test('an exporter that stands still is not read: no figure keeps its colour, and all are back when it goes on', async () => {
    const shown = async () => {
      const answers = await Promise.all(figureTargets.map(async ({ name, expr }) => (await store.query(expr)).map(() => name)));
      return answers.flat();
    };
    const all = await shown();
    expect(all.length).toBeGreaterThan(30);
    scene.freezeExporter(true);
    try {
      await expect.poll(shown, { timeout: 20_000, interval: 500 }).toEqual([]);
      // Its two pages are read one after the other, and the lamp is that of the other page.
      const lamps = () => figures('nation', 'Exporter', 'flows', 'Broker');
      await expect.poll(lamps, { timeout: 20_000, interval: 500 }).toEqual([0, 1, 1]);
    } finally {
      scene.freezeExporter(false);
    }
    await expect.poll(shown, { timeout: 20_000, interval: 500 }).toEqual(all);
  });

  test('when flows is down every judged figure is gone, and none is zero or green', async () => {
    await scene.end.flows();
    const left = async () => {
      const answers = await Promise.all(judged.map(async ({ name, expr }) => withValue(await store.query(expr)).map(() => name)));
      return answers.flat();
    };
    expect(judged.length).toBeGreaterThan(30);
    await expect.poll(left, { timeout: 40_000, interval: 500 }).toEqual([]);
    const centre = () => figures('nation', 'Critical incidents', 'Other incidents', 'flows', 'Exporter', 'Broker');
    await expect.poll(centre, { timeout: 5_000 }).toEqual([undefined, undefined, 0, 1, 1]);
    expect(pcsOf(await store.query('sabha_link_round_trip_seconds'))).toContain(lucknow);
  });
}

/** The figures of a board, without its lamps. */
function figuresOf(board: string): string[] {
  const panels = boards.find(({ uid }) => uid === board)?.panels ?? [];
  return panels
    .filter(({ type }) => type === 'stat')
    .slice(5)
    .map(({ title = '' }) => title);
}

/** An empty cell of a table is not a number: its column stays, and says nothing. */
function isColumn(expr: string): boolean {
  return expr.includes('or NaN * (');
}

function withValue(series: Found[]): Found[] {
  return series.filter(({ value }) => !Number.isNaN(value));
}

/** The query as it is with all states and the elevation that is chosen at first. */
function chosen(expr: string): string {
  return expr.replaceAll('$state', '.*').replaceAll('$above', '2500');
}

function pcsOf(series: Found[]): (string | undefined)[] {
  return series.map(({ labels }) => labels['pc']);
}
