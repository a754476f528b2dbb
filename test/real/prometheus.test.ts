/** A real Prometheus scrapes the exporter's process, which hears real beats at a real broker and asks the real API. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encode, type PcView, pcTopic } from '#contracts';
import type { DashboardJson } from '../../dashboards/grafana/lint.test-helper.ts';
import { microphoneGone, type ScriptedDesk, scriptedDesk, wellPc } from '../../flows/api/scripted-desk.test-helper.ts';
import { type Api, startApi } from '../../flows/api/server.ts';
import { type OwnBroker, startOwnBroker, tokenOf } from '../contract/broker-under-test.ts';
import { connect } from '../contract/peers.ts';
import { requirePart } from './parts.ts';
import { type Prometheus, prometheusFound, promtool, startPrometheus } from './prometheus.ts';

const leh = 'ladakh/leh/vc-1';
const lehSilent = 'ladakh/leh/vc-2';
const lucknow = 'up/lucknow/vc-1';
const nation: DashboardJson = JSON.parse(readFileSync('dashboards/grafana/nation.json', 'utf8'));
const targets = nation.panels.flatMap(({ title, targets = [] }) =>
  targets.map((target) => ({ ...target, title: `${title} ${target.refId}` })),
);
const queryVariables = nation.templating.list.filter(({ type }) => type === 'query');

describe.runIf(requirePart('Prometheus', prometheusFound()))('Prometheus and the exporter', () => {
  const closing: (() => unknown)[] = [];
  let desk: ScriptedDesk;
  let api: Api;
  let exporterPort: number;
  let prometheus: Prometheus;

  beforeAll(async () => {
    desk = scriptedDesk();
    desk.change(fewPcs(Date.now()));
    api = await openApi(desk);
    closing.push(() => api.close());
    const broker = await startOwnBroker();
    closing.push(() => broker.stop());
    await broker.admit([leh, lehSilent, lucknow].map((pc) => ({ pc })));
    exporterPort = await startProcess(broker.port, api.port, closing);
    for (const [pc, rtt] of [
      [leh, 0.62],
      [lehSilent, 0.7],
      [lucknow, 0.03],
    ] as const) {
      await beat(broker, pc, rtt);
    }
    prometheus = await startPrometheus(exporterPort);
    closing.push(() => prometheus.stop());
    await vi.waitFor(
      async () => {
        const counted = await prometheus.query('count(sabha_link_round_trip_seconds) + count(sabha_pc_up)');
        expect(counted[0]?.value).toBe(2 + 3);
      },
      { timeout: 20_000, interval: 200 },
    );
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  test.each(targets)('Nation, $title: the query answers with series', async ({ expr, instant }) => {
    const query = expr.replaceAll('$state', '.*').replaceAll('$__rate_interval', '1m');
    const series = await (instant === true ? prometheus.query(query) : prometheus.queryRange(query));
    expect(series.length).toBeGreaterThan(0);
    for (const { value } of series) expect(value).not.toBeNaN();
  });

  test.each(queryVariables)('Nation, variable $name: there is something to choose from', async ({ query }) => {
    const [, match = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? [];
    expect(await prometheus.labelValues(label, match)).toEqual(['ladakh', 'up']);
  });

  test('the figures of Nation are those of the desk', async () => {
    const figure = async (title: string) => {
      const expr = targets.find((one) => one.title === title)?.expr ?? '';
      return (await prometheus.query(expr.replaceAll('$state', '.*')))[0]?.value;
    };
    expect(await Promise.all(['Now A', 'Now B', 'Now C', 'Now D', 'Now E', 'Now F'].map(figure))).toEqual([1, 1, 1, 0, 2, 1]);
    expect(await figure('PCs away A')).toBeGreaterThan(599);
    const links = await prometheus.query('sabha_link_round_trip_seconds');
    expect(links.map(({ labels, value }) => [labels['pc'], value]).sort()).toEqual([
      [leh, 0.62],
      [lucknow, 0.03],
    ]);
  });

  test('promtool finds nothing wrong with the page, and the page is quick', async () => {
    const times: number[] = [];
    let page = '';
    for (let round = 0; round < 20; round += 1) {
      const before = performance.now();
      page = await (await fetch(`http://127.0.0.1:${exporterPort}/metrics`)).text();
      times.push(performance.now() - before);
    }
    expect(await promtool(['check', 'metrics'], page)).toEqual({ code: 0, lines: [] });
    const [medianMs = 0] = times.toSorted((a, b) => a - b).slice(10);
    const rssMiB = Number(/^process_resident_memory_bytes (\S+)$/m.exec(page)?.[1]) / 2 ** 20;
    console.log(`exporter, 3 PCs: page in ${medianMs.toFixed(1)} ms (median of 20), ${page.length} bytes, ${rssMiB.toFixed(0)} MiB`);
    expect(medianMs).toBeLessThan(1_000);
  });

  test('promtool accepts the configuration that is shipped', async () => {
    const { code, lines } = await promtool(['check', 'config', 'dashboards/prometheus/prometheus.yml']);
    expect({ code, lines }).toMatchObject({ code: 0 });
  });

  test('when flows is down every judged figure of Nation is gone, and none is zero or green', async () => {
    await api.close();
    const judged = targets.filter(({ expr }) => /sabha_(pcs|pc_up|check_status|incidents_open)/.test(expr) && !/last_seen/.test(expr));
    const left = async () => {
      const answers = await Promise.all(judged.map(({ expr }) => prometheus.query(expr.replaceAll('$state', '.*'))));
      return answers.flat().length;
    };
    expect(judged.length).toBeGreaterThan(8);
    await expect.poll(left, { timeout: 30_000, interval: 500 }).toBe(0);
    expect((await prometheus.query('sabha_exporter_api_up'))[0]?.value).toBe(0);
    expect((await prometheus.query('sabha_link_round_trip_seconds')).length).toBeGreaterThan(0);
  });
});

function openApi(desk: ScriptedDesk): Promise<Api> {
  const log = { warn() {}, error() {} };
  return startApi({ host: '127.0.0.1', port: 0, desk, wallDir: 'dashboards/wall', modulesDir: 'node_modules', log });
}

/** Three PCs in two states: one with a critical incident, one that is silent, one that is well; and an incident of the centre itself. */
function fewPcs(at: number): Parameters<ScriptedDesk['change']>[0] {
  const name = { en: 'Lucknow office', hi: 'लखनऊ दफ़्तर' };
  const [microphone, ...others] = wellPc(at).checks;
  if (microphone === undefined) throw new Error('the scripted PC has no check');
  const gone: PcView['checks'] = [{ ...microphone, status: 'fault', fault: 'microphone.missing' }, ...others];
  return {
    sites: [
      { site: 'ladakh/leh', state: 'ladakh', name: { en: 'Leh', hi: 'लेह' }, link: 'geo', pcs: [leh, lehSilent], worst: 'critical' },
      { site: 'up/lucknow', state: 'up', name, link: 'fibre', pcs: [lucknow], worst: 'ok' },
    ],
    pcs: [
      wellPc(at, { checks: gone, incident: 7 }),
      wellPc(at, { pc: lehSilent, presence: 'silent', heardAt: at - 600_000 }),
      wellPc(at, { pc: lucknow, site: 'up/lucknow', state: 'up' }),
    ],
    incidents: [
      microphoneGone(at),
      microphoneGone(at, { id: 8, scope: 'centre/unheard', severity: 'major' }),
      microphoneGone(at, { id: 9, scope: lucknow, overAt: at, over: 'cleared' }),
    ],
  };
}

async function beat(broker: OwnBroker, pc: string, rtt: number): Promise<void> {
  const peer = await connect(broker.port, pc);
  const n = { up: 3_600, load: 0.2, mem: 0.5, disk: 0.4, temp: 51, rtt, off: 0.003, rss: 9e7, q: 0 };
  await peer.publish(pcTopic(pc, 'beat'), encode('beat', { digest: '0123456789abcdef', session: 1, at: Date.now(), n }).toString());
  await peer.client.endAsync();
}

/** The exporter as it is shipped; resolves with the port of its page when it is ready and hears the beats. */
async function startProcess(mqttPort: number, apiPort: number, closing: (() => unknown)[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-exporter-'));
  const tokenFile = join(folder, 'exporter.token');
  writeFileSync(tokenFile, tokenOf('exporter'));
  const env = {
    ...process.env,
    SABHA_MQTT_PORT: String(mqttPort),
    SABHA_API: `http://127.0.0.1:${apiPort}`,
    SABHA_TOKEN_FILE: tokenFile,
    SABHA_METRICS_PORT: '0',
  };
  const child = spawn(process.execPath, ['dashboards/main.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  closing.push(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
    rmSync(folder, { recursive: true });
  });
  let port: number | undefined;
  for await (const line of createInterface(child.stdout)) {
    const { msg, metricsPort } = JSON.parse(line) as { msg: string; metricsPort?: number };
    if (msg === 'ready') port = metricsPort;
    if (msg === 'the broker answers' && port !== undefined) return port;
  }
  throw new Error('the exporter ended before it heard the broker');
}
