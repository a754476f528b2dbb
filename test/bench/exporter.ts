/**
 * Compares a scrape with prom-client, and the processing of a beat with Debian's MQTT exporter. prom-client renders its page in one piece.
 * Our exporter streams the page, so it may block the event loop for less than a quarter of that time.
 */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { bridgeRows } from './bridge.ts';
import { startChild } from './child.ts';
import { seriesPerPc } from './exporter-fleet.ts';
import { linesThatDiffer } from './exporter-pages.ts';
import { type Bench, type BenchOptions, median, type Row, row, versionOf } from './model.ts';

/** Numbers of series. The second is that of the nation: 736 sites of three PCs, thirty series for each PC. */
const sizes = [22_000, 66_000, 1_000_000];
const kinds = ['ours', 'prom-client'] as const;
type Kind = (typeof kinds)[number];
type Scrape = { ms: number; blockMs: number; peakRssMiB: number };

export const exporterBench: Bench = {
  name: 'exporter',
  about: 'scrapes at 22,000, 66,000 and 1,000,000 series beside prom-client, and beats beside mqtt2prometheus',
  async run(options) {
    const rows: Row[] = [];
    for (const series of options.quick ? sizes.slice(0, 2) : sizes) rows.push(...(await scrapeRows(series, options)));
    const bridge = await bridgeRows(options);
    return { versions: { 'prom-client': versionOf('prom-client'), ...bridge.versions }, rows: [...rows, ...bridge.rows] };
  },
};

async function scrapeRows(series: number, { quick, say }: BenchOptions): Promise<Row[]> {
  const rounds = quick || series > 100_000 ? 3 : 11;
  const taken: Record<Kind, Scrape[]> = { ours: [], 'prom-client': [] };
  const pages: Record<Kind, string> = { ours: '', 'prom-client': '' };
  const children = await Promise.all(kinds.map((kind) => startServing(kind, series)));
  try {
    // Round 0 warms up both exporters and does not count.
    for (let round = 0; round <= rounds; round++) {
      for (const child of children) {
        const { page, ...scrape } = await child.scrape();
        pages[child.kind] = page;
        if (round > 0) taken[child.kind].push(scrape);
      }
    }
  } finally {
    for (const child of children) await child.stop();
  }
  const wrong = linesThatDiffer(pages.ours, pages['prom-client']);
  if (wrong.length > 0) throw new Error(`the pages differ in ${wrong.length} lines: ${wrong.slice(0, 3).join(' | ')}`);
  say(`${series} series: ${rounds} rounds, ${pages.ours.length} bytes each`);
  return rowsOf(series, taken);
}

function rowsOf(series: number, taken: Record<Kind, Scrape[]>): Row[] {
  const of = (key: keyof Scrape, pick: (values: number[]) => number) => ({
    ours: pick(taken.ours.map((one) => one[key])),
    peer: { name: 'prom-client', value: pick(taken['prom-client'].map((one) => one[key])) },
    better: 'less' as const,
  });
  const at = `at ${series} series`;
  return [
    row({ metric: `scrape ${at}`, unit: 'ms', ...of('ms', median), target: { ratio: 2 } }),
    row({ metric: `longest loop block of a scrape ${at}`, unit: 'ms', ...of('blockMs', median), target: { ratio: 4 } }),
    row({ metric: `peak memory ${at}`, unit: 'MiB', ...of('peakRssMiB', (values) => Math.max(...values)) }),
  ];
}

async function startServing(kind: Kind, series: number) {
  const child = startChild('test/bench/exporter-child.ts', [kind, String(Math.round(series / seriesPerPc))]);
  const { port } = await child.ask<{ port: number }>();
  const path = kind === 'ours' ? '/metrics/pcs' : '/metrics';
  return {
    kind,
    async scrape(): Promise<Scrape & { page: string }> {
      await child.ask({});
      const read = await readPage(`http://127.0.0.1:${port}${path}`);
      return { ...read, ...(await child.ask<{ blockMs: number; peakRssMiB: number }>({})) };
    },
    stop: child.stop,
  };
}

/**
 * Requests a page with gzip, as Prometheus does. prom-client sends it uncompressed, which saves its cost. Returns the time to the last
 * byte, and the page.
 */
async function readPage(url: string): Promise<{ ms: number; page: string }> {
  const startedAt = performance.now();
  const request = get(url, { headers: { 'accept-encoding': 'gzip' } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const body = await buffer(response);
  const ms = performance.now() - startedAt;
  return { ms, page: (response.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString() };
}
