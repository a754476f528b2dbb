/** The ways in which the bench `alerts` carries a fault of a room to the webhook: Sabha and each compared program. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faults } from '@sabha/contracts';
import { createSite, startCentre } from '../system/centre-under-test.ts';
import { freePorts, startProgram } from '../system/processes.ts';
import { type Peer, startAlertmanager, startPrometheus } from './alertmanager.ts';
import type { PcsOrder } from './alerts-pcs-child.ts';
import { admitNation } from './centre-nation.ts';
import { startChild } from './child.ts';
import { nowMs } from './process-figures.ts';

export type Way = {
  rooms: readonly string[];
  /** Breaks or repairs a room. Resolves with the time when the state was sent. */
  set(room: string, broken: boolean): Promise<number>;
  stop(): Promise<void>;
};

export type WayKind = {
  name: string;
  /** Milliseconds for which a room stays broken, long enough for this program to notice. */
  standMs: number;
  /** Milliseconds from the recovery until the all-clear is due. */
  clearMs: number;
  patienceMs: number;
  open(desk: string, rooms: number): Promise<Way>;
};

/** Time limit in milliseconds, not a wait: a busy machine starts programs slowly. */
const connectLimitMs = 600_000;

/** The real server with broker, tabs and outbox, and a fault without a hold. */
export const ours: WayKind = {
  name: 'sabha',
  standMs: 5_000,
  clearMs: faults['power.battery_low'].clearMs,
  patienceMs: 60_000,
  async open(desk, rooms) {
    const person = { id: 'desk', name: 'Desk', role: 'technician', webhook: true, scope: '' };
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const site = await createSite({ site: null, people: [person], channels: { webhook: { url: desk, secret, shape: 'alertmanager' } } });
    const centre = startCentre(site);
    try {
      await centre.says(({ msg, part }) => msg === 'ready' && part === 'flows', connectLimitMs);
      const tokens = await admitNation(centre, rooms);
      const pcs = await openPcs({ port: site.ports.mqtt, tokens });
      return {
        ...pcs,
        stop: () =>
          stopAll(
            pcs.stop,
            async () => void (await centre.stop()),
            async () => site.remove(),
          ),
      };
    } catch (error) {
      site.remove();
      throw error;
    }
  },
};

/** A flow as in first tutorials (mqtt in → function → http request) with mosquitto and the same PCs: no ledger, no hold, no recipients. */
export const stockNodeRed: WayKind = {
  name: 'stock Node-RED',
  standMs: 5_000,
  clearMs: 0,
  patienceMs: 10_000,
  async open(desk, rooms) {
    const folder = mkdtempSync(join(tmpdir(), 'sabha-stock-'));
    const [mqtt = 0, ui = 0] = await freePorts(2);
    const conf = [`listener ${mqtt} 127.0.0.1`, 'allow_anonymous true', ...(process.getuid?.() === 0 ? ['user root'] : []), ''];
    writeFileSync(join(folder, 'mosquitto.conf'), conf.join('\n'));
    const mosquitto = startProgram({ program: 'mosquitto', args: ['-c', join(folder, 'mosquitto.conf')], env: process.env });
    await mosquitto.says('running');
    const red = startProgram({
      args: ['node_modules/node-red/red.js', '--settings', stockSettings({ folder, ui, mqtt, desk })],
      env: process.env,
    });
    await red.says('Connected to broker', connectLimitMs);
    const tokens = Array.from({ length: rooms }, (_, at): [string, string] => [`state-${at % 36}/site-${at}/vc-1`, 'none']);
    const pcs = await openPcs({ port: mqtt, tokens });
    const ends = [red, mosquitto].map((one) => async () => void (await one.end('SIGKILL')));
    return { ...pcs, stop: () => stopAll(pcs.stop, ...ends, async () => rmSync(folder, { recursive: true, force: true })) };
  },
};

/** Posts alerts directly to Alertmanager, without scrape and rule, with the shortest grouping. */
export const directPost: WayKind = {
  name: 'direct POST to Alertmanager',
  standMs: 3_000,
  clearMs: 0,
  patienceMs: 10_000,
  async open(desk, rooms) {
    const manager = await startAlertmanager(desk, { by: ['scope'], waitMs: 0, intervalMs: 1_000 });
    return {
      rooms: pageRooms(rooms),
      async set(scope, broken) {
        const at = nowMs();
        const alert = { labels: { alertname: 'Fault', scope }, ...(!broken && { endsAt: new Date().toISOString() }) };
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`${manager.at}/api/v2/alerts`, { method: 'POST', headers, body: JSON.stringify([alert]) });
        if (!answer.ok) throw new Error(`Alertmanager answered ${answer.status}: ${await answer.text()}`);
        return at;
      },
      stop: manager.stop,
    };
  },
};

/** Prometheus with far shorter intervals than users run for a nation. */
export const fast: WayKind = prometheusWay('Prometheus + Alertmanager, fast', { everyMs: 5_000, waitMs: 1_000, intervalMs: 10_000 });
/** Prometheus with the shortest useful intervals. */
export const floor: WayKind = prometheusWay('Prometheus + Alertmanager, floor', { everyMs: 1_000, waitMs: 0, intervalMs: 1_000 });

type Intervals = { everyMs: number; waitMs: number; intervalMs: number };

/**
 * All rooms share one page, which costs less than a scrape target for each. Each room is a separate group, so that no room waits for
 * another.
 */
function prometheusWay(name: string, { everyMs, waitMs, intervalMs }: Intervals): WayKind {
  return {
    name,
    standMs: 5_000 + 3 * everyMs + waitMs,
    clearMs: 0,
    patienceMs: 4 * everyMs + 2 * intervalMs + 5_000,
    async open(desk, count) {
      const rooms = pageRooms(count);
      const page = await openPage(rooms);
      const manager = await startAlertmanager(desk, { by: ['scope'], waitMs, intervalMs });
      const prometheus: Peer = await startPrometheus({ page: page.port, alertmanager: manager.at, everyMs, alert: 'room_fault == 1' });
      return { rooms, set: page.set, stop: () => stopAll(prometheus.stop, manager.stop, page.stop) };
    },
  };
}

function pageRooms(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `state-${at % 36}/site-${at}/vc-1`);
}

async function openPage(rooms: readonly string[]) {
  const broken = new Set<string>();
  const server = createServer((_, response) => {
    const lines = rooms.map((scope) => `room_fault{scope="${scope}"} ${broken.has(scope) ? 1 : 0}`);
    response.end(`# TYPE room_fault gauge\n${lines.join('\n')}\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async set(scope: string, isBroken: boolean) {
      if (isBroken) broken.add(scope);
      else broken.delete(scope);
      return nowMs();
    },
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function openPcs(setup: Extract<PcsOrder, { port: number }>): Promise<Way> {
  const child = startChild('test/bench/alerts-pcs-child.ts');
  await child.ask(setup);
  const order = (one: PcsOrder) => child.ask<number>(one);
  return { rooms: setup.tokens.map(([pc]) => pc), set: (pc, broken) => order({ pc, broken }), stop: child.stop };
}

type Stock = { folder: string; ui: number; mqtt: number; desk: string };

function stockSettings({ folder, ui, mqtt, desk }: Stock): string {
  const userDir = join(folder, 'node-red');
  mkdirSync(userDir);
  const settings = { uiPort: ui, uiHost: '127.0.0.1', userDir, flowFile: 'flows.json', httpAdminRoot: false, credentialSecret: false };
  const file = join(userDir, 'settings.cjs');
  writeFileSync(file, `module.exports = ${JSON.stringify(settings)};`);
  writeFileSync(join(userDir, 'flows.json'), JSON.stringify(stockTab(mqtt, desk)));
  return file;
}

function stockTab(port: number, url: string): object[] {
  const body = [
    "const scope = msg.topic.split('/').slice(2, 5).join('/');",
    "const status = msg.payload.checks.some((check) => check.fault) ? 'firing' : 'resolved';",
    'msg.payload = { alerts: [{ status, labels: { scope } }] };',
    'return msg;',
  ].join('\n');
  const node = (id: string, type: string, next: string[]) => ({ id, type, z: 'tab', x: 0, y: 0, wires: [next] });
  const server = { broker: '127.0.0.1', port: `${port}`, clientid: 'stock', protocolVersion: '4', keepalive: '60', cleansession: true };
  return [
    { id: 'tab', type: 'tab', label: 'stock' },
    { id: 'broker', type: 'mqtt-broker', ...server, autoConnect: true },
    { ...node('in', 'mqtt in', ['body']), topic: 'sabha/v1/+/+/+/state', qos: '1', datatype: 'json', broker: 'broker' },
    { ...node('body', 'function', ['post']), func: body, outputs: 1 },
    { ...node('post', 'http request', []), method: 'POST', ret: 'txt', url },
  ];
}

async function stopAll(...ends: (() => Promise<void>)[]): Promise<void> {
  for (const end of ends) await end();
}
