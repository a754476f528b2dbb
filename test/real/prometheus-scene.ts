/**
 * The data for the dashboards: a real exporter process that receives real beats at a real broker and follows a scripted stream of the API.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Beat, encode, type IncidentRow, type PcView, pcTopic, type SiteView, type Snapshot } from '@sabha/contracts';
import { type OwnBroker, startOwnBroker, tokenOf } from '../contract/broker-under-test.ts';
import { connect } from '../contract/peers.ts';
import type { Pages } from './prometheus.ts';

export const leh = 'ladakh/leh/vc-1';
export const lehSilent = 'ladakh/leh/vc-2';
export const kargil = 'ladakh/kargil/vc-1';
export const lucknow = 'up/lucknow/vc-1';

export type Scene = {
  pages: Pages;
  /** Stops one part of the server. */
  end: Record<'flows' | 'broker' | 'exporter', () => Promise<void>>;
  /** Suspends or resumes the exporter process. */
  freezeExporter(isFrozen: boolean): void;
  stop(): Promise<void>;
};

/** The figures in beats of Leh on a day of snow: a thin link, and a warm room on a UPS. */
const thinLink = { lu: 0.04, ld: 0.002, ju: 0.03, jd: 0.01, r: 55, tu: 1, td: 2, cu: 900_000, cd: 4_000_000, bt: 0.9, bm: 0.4, sip: 0.7 };
const underRoof = { uc: 0.25, ur: 1_500, room: 28, rh: 0.15, rise: 1.3 };
const goodLink = { lu: 0, ld: 0, ju: 0.002, jd: 0.002, r: 92, tu: 4, td: 4, cu: 2e7, cd: 5e7, bt: 0.1, bm: 0.2, sip: 0.05 };

/** Interval of the beats of a PC, short enough that no series expires even on the slowest test machine. */
const beatEveryMs = 15_000;

/** Starts broker, API and exporter. Resolves when the exporter has received the API stream and a beat of each PC. */
export async function startScene(): Promise<Scene> {
  const closing: (() => unknown)[] = [];
  const stop = async () => {
    for (const close of closing.reverse()) await close();
  };
  try {
    const api = await scriptedApi(fewPcs(Date.now()));
    closing.push(api.close);
    const broker = await startOwnBroker();
    const brokerPage = await serve((_, response) => void response.end('sabha_broker_registry_version 1\n'));
    const endBroker = onlyOnce(async () => {
      api.turnDeaf();
      await brokerPage.close();
      await broker.stop();
    });
    closing.push(endBroker);
    await broker.admit([leh, lehSilent, kargil, lucknow].map((pc) => ({ pc })));
    const exporter = await startExporterProcess(broker.port, api.port);
    closing.push(exporter.end);
    await beat(broker, leh, { ...thinLink, ...underRoof, rtt: 0.62, temp: 51, ac: 0, bat: 0.4 }, closing);
    await beat(broker, lehSilent, { rtt: 0.7, temp: 40 }, closing);
    await beat(broker, kargil, { ...goodLink, rtt: 0.09, temp: 3, ac: 1, bat: 1 }, closing);
    await beat(broker, lucknow, { rtt: 0.03, temp: 60 }, closing);
    const pages = { exporter: exporter.port, flows: api.port, broker: brokerPage.port };
    return { pages, end: { flows: api.close, broker: endBroker, exporter: exporter.end }, freezeExporter: exporter.freeze, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Server = { port: number; close(): Promise<void> };

/**
 * The API stream for the exporter: a snapshot, then heartbeats, and a metrics page. After `turnDeaf` the stream says that `flows` has lost
 * its subscription at the broker.
 */
async function scriptedApi(snapshot: Snapshot): Promise<Server & { turnDeaf(): void }> {
  let subscribed = true;
  const frame = (event: string, data: unknown) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  const served = await serve((request, response) => {
    if (request.url === '/metrics') return void response.end('sabha_outbox_waiting 0\n');
    if (!request.url?.startsWith('/api/stream')) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(frame('snapshot', snapshot));
    const beating = setInterval(() => response.write(frame('change', { at: Date.now(), subscribed })), 1_000);
    response.on('close', () => clearInterval(beating));
  });
  return {
    ...served,
    turnDeaf() {
      subscribed = false;
    },
  };
}

async function serve(answer: RequestListener): Promise<Server> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/**
 * Four PCs of live sites: one without its microphone, one silent, one healthy in the cold, one in the plains. Two further sites are planned
 * or being set up. One incident of a PC, one of the server, one that is over.
 */
function fewPcs(at: number): Snapshot {
  const ladakh = { state: 'ladakh', link: 'geo', elevationM: 3_524 } as const;
  return {
    at,
    subscribed: true,
    states: [
      { state: 'ladakh', name: { en: 'Ladakh', hi: 'लद्दाख' } },
      { state: 'up', name: { en: 'Uttar Pradesh', hi: 'उत्तर प्रदेश' } },
    ],
    sites: [
      site('ladakh/leh', { ...ladakh, pcs: 2, readiness: 'not-ready', worst: 'critical', open: 1 }),
      site('ladakh/kargil', { ...ladakh, elevationM: 2_676 }),
      site('up/lucknow', { elevationM: 123, readiness: 'unknown' }),
      site('up/agra', { stage: 'commissioning' }),
      site('ladakh/nubra', { ...ladakh, stage: 'planned', readiness: 'unknown' }),
    ],
    pcs: [
      pc(leh, {
        heardAt: at,
        calledAt: at - 60_000,
        checks: [check('microphone', 'fault', at), check('camera', 'ok', at)],
        readiness: 'not-ready',
      }),
      pc(lehSilent, { presence: 'silent', heardAt: at - 600_000, calledAt: at - 200_000_000, readiness: 'unknown' }),
      pc(kargil, { heardAt: at, calledAt: at - 60_000, checks: [check('camera', 'ok', at)] }),
      pc(lucknow, { heardAt: at, checks: [check('speaker', 'unknown', at), noUdp(at)], readiness: 'unknown' }),
      pc('ladakh/nubra/vc-1', { presence: 'never', heardAt: null, readiness: 'unknown' }),
    ],
    incidents: [
      incident(7, { scope: leh, severity: 'critical', openedAt: at }),
      incident(8, { scope: 'centre/unheard', openedAt: at }),
      incident(9, { scope: lucknow, openedAt: at, overAt: at, over: 'cleared' }),
    ],
    rollcall: null,
  };
}

function site(path: string, about: Partial<SiteView>): SiteView {
  const [state = '', name = ''] = path.split('/');
  return {
    site: path,
    state,
    name: { en: name, hi: name },
    stage: 'live',
    link: 'fibre',
    elevationM: 200,
    pcs: 1,
    readiness: 'ready',
    why: null,
    worst: null,
    open: 0,
    quietSince: null,
    ...about,
  };
}

function pc(path: string, about: Partial<PcView>): PcView {
  const [state = '', office = ''] = path.split('/');
  return {
    pc: path,
    site: `${state}/${office}`,
    state,
    room: { en: 'Room', hi: 'रूम' },
    presence: 'online',
    heardAt: null,
    calledAt: null,
    agent: null,
    config: { wanted: 1, held: 1 },
    checks: [],
    readiness: 'ready',
    why: null,
    incident: null,
    outage: null,
    ...about,
  };
}

function check(component: string, status: 'ok' | 'fault' | 'unknown', since: number): PcView['checks'][number] {
  return { component, device: '', status, fault: status === 'fault' ? `${component}.missing` : null, reason: null, since };
}

function noUdp(since: number): PcView['checks'][number] {
  return { ...check('link', 'fault', since), device: 'udp', fault: 'link.udp_blocked' };
}

function incident(id: number, about: Partial<IncidentRow>): IncidentRow {
  return {
    id,
    scope: '',
    room: { en: 'Room', hi: 'रूम' },
    site: { en: 'Site', hi: 'साइट' },
    severity: 'major',
    openedAt: 0,
    overAt: null,
    over: null,
    closedBecause: null,
    flapping: false,
    acknowledged: null,
    faults: [],
    told: [],
    outage: null,
    ...about,
  };
}

function onlyOnce(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= act();
    return done;
  };
}

async function beat(broker: OwnBroker, pc: string, numbers: Beat['n'], closing: (() => unknown)[]): Promise<void> {
  const peer = await connect(broker.port, pc);
  const n = { up: 3_600, load: 0.2, mem: 0.5, disk: 0.4, off: 0.003, rss: 9e7, q: 0, ...numbers };
  const say = () =>
    peer.publish(pcTopic(pc, 'beat'), encode('beat', { digest: '0123456789abcdef', session: 1, at: Date.now(), n }).toString());
  // A beat that is sent while the scene ends may fail.
  const beating = setInterval(() => void say().catch(() => {}), beatEveryMs);
  closing.push(async () => {
    clearInterval(beating);
    await peer.client.endAsync(true);
  });
  await say();
}

type ExporterProcess = { port: number; freeze(isFrozen: boolean): void; end(): Promise<void> };

/** Starts the exporter as released. Resolves with the port of its pages when it is ready and receives beats. */
async function startExporterProcess(mqttPort: number, apiPort: number): Promise<ExporterProcess> {
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
  const freeze = (isFrozen: boolean) => void child.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT');
  const end = onlyOnce(async () => {
    if (child.exitCode === null) {
      freeze(false);
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true });
  });
  let port: number | undefined;
  for await (const line of createInterface(child.stdout)) {
    const { msg, metricsPort } = JSON.parse(line) as { msg: string; metricsPort?: number };
    if (msg === 'ready') port = metricsPort;
    if (msg === 'the broker answers' && port !== undefined) return { port, freeze, end };
  }
  await end();
  throw new Error('the exporter ended before it heard the broker');
}
