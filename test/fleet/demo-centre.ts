/** The server of the demo: `start.ts` in a separate folder, used through its API like any other server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { IncidentRow, IncidentView, LedgerAudit, PcPath, PcView, SitesImport } from '@sabha/contracts';

export type DemoCentre = {
  wall: string;
  mqttPort: number;
  /** The public key by which PCs verify the messages of the server. */
  key: KeyObject;
  logFile: string;
  pid: number;
  import(csv: string): Promise<void>;
  tokens(): Promise<Record<string, string>>;
  audit(): Promise<LedgerAudit>;
  incidents(): Promise<IncidentRow[]>;
  /** Returns whether the server shows the room of this PC as ready. */
  isReady(pc: PcPath): Promise<boolean>;
  incidentsOf(pc: PcPath): Promise<IncidentView[]>;
  /** Resolves with the last line if the server ends by itself. */
  ended: Promise<string>;
  stop(): Promise<void>;
};

export type CentreOptions = { folder: string; speed: number; epochMs: number; portBase: number | undefined };

const by = 'demo';
const stopLimitMs = 8_000;

/** Three people who receive every notification on the console of the server. */
const people = [
  { id: 'technician', name: 'Technician on duty', role: 'technician', scope: '', language: 'hi' },
  { id: 'state-engineer', name: 'State engineer on duty', role: 'state', scope: '', language: 'en' },
  { id: 'central', name: 'Central operations', role: 'central', scope: '', language: 'en' },
];

/** Starts the server. Throws with its last line if it does not start. */
export async function startDemoCentre({ folder, speed, epochMs, portBase }: CentreOptions): Promise<DemoCentre> {
  const ports = { ...portsFrom(portBase), reflector: await freeUdpPort() };
  const config = join(folder, 'sabha.json');
  const logFile = join(folder, 'centre.log');
  writeFileSync(config, JSON.stringify({ site: null, people, ports }));
  const env = {
    ...process.env,
    SABHA_CONFIG: config,
    SABHA_DATA: join(folder, 'data'),
    SABHA_SPEED: `${speed}`,
    SABHA_EPOCH: `${epochMs}`,
    // The compile cache is shared with other starts, as for an installation from its second start on. The data folder is new each time.
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url)),
  };
  const start = fileURLToPath(new URL('../../start.ts', import.meta.url));
  // The server has a separate process group. Ctrl-C thus reaches only the demo, which stops the fleet first.
  const child = spawn(process.execPath, [start], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  // The server ends with this process in every case: after kill -9 the IPC channel closes.
  process.once('exit', () => child.kill('SIGINT'));
  const { ready, ended } = follow(child, logFile);
  const up = await Promise.race([ready, ended]);
  if (typeof up === 'string') throw new Error(`the centre did not start: ${up}`);
  const wall = `http://127.0.0.1:${up.flows}`;
  const incidents = () => ask<IncidentRow[]>(`${wall}/api/incidents`);
  return {
    wall,
    mqttPort: up.broker,
    key: createPublicKey(readFileSync(join(folder, 'data', 'agent', 'centre.pub'))),
    logFile,
    pid: child.pid ?? 0,
    import: async (csv) => {
      const done = await ask<SitesImport>(`${wall}/api/sites/import`, { csv, apply: true, by });
      if (!done.applied) throw new Error(`the centre refused the site table: ${JSON.stringify(done.problems[0])}`);
    },
    tokens: async () => (await ask<{ tokens: Record<string, string> }>(`${wall}/api/tokens`, { scope: '', by })).tokens,
    audit: () => ask<LedgerAudit>(`${wall}/api/audit?now=true`),
    incidents,
    isReady: async (pc) => {
      const pcs = await ask<PcView[]>(`${wall}/api/pcs?site=${pc.slice(0, pc.lastIndexOf('/'))}`);
      return pcs.find((one) => one.pc === pc)?.readiness === 'ready';
    },
    incidentsOf: async (pc) => {
      const rows = await incidents();
      const own = rows.filter(({ scope }) => scope === pc);
      return await Promise.all(own.map(({ id }) => ask<IncidentView>(`${wall}/api/incidents/${id}`)));
    },
    ended,
    stop: () => stop(child),
  };
}

const portNames = ['mqtt', 'api', 'editor', 'brokerMetrics', 'flowsMetrics', 'exporter'];

/** Returns a free UDP port for the server's reflector, which nobody uses: the simulated rooms have their own reflector. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** Returns the ports from a base. A base of 0 selects free ports, and without a base the defaults apply. */
function portsFrom(base: number | undefined): Record<string, number> {
  return base === undefined ? {} : Object.fromEntries(portNames.map((name, at) => [name, base === 0 ? 0 : base + at]));
}

type Ports = { broker: number; flows: number };

/**
 * Writes the output of the server to the log file. `ready` has the ports of broker and flows, and `ended` has the last line of a server
 * that ended.
 */
function follow(child: ChildProcess, logFile: string): { ready: Promise<Ports>; ended: Promise<string> } {
  const log = createWriteStream(logFile);
  const ready = Promise.withResolvers<Ports>();
  const ports: Partial<Ports> = {};
  let last = 'it ended without a word';
  const take = ({ msg, level, part, port }: Said) => {
    if (level === undefined || level >= 60) last = msg;
    if (msg === 'ready' && (part === 'broker' || part === 'flows') && port !== undefined) ports[part] = port;
    const { broker, flows } = ports;
    if (broker !== undefined && flows !== undefined) ready.resolve({ broker, flows });
  };
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue;
    createInterface({ input }).on('line', (line) => {
      log.write(`${line}\n`);
      take(parsed(line));
    });
  }
  const ended = once(child, 'close').then(() => {
    log.end();
    return last;
  });
  return { ready: ready.promise, ended };
}

type Said = { msg: string; level?: number; part?: string; port?: number };

function parsed(line: string): Said {
  try {
    return JSON.parse(line) as Said;
  } catch {
    return { msg: line };
  }
}

async function ask<T>(url: string, body?: object): Promise<T> {
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(url, body === undefined ? {} : request);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
  return (await answer.json()) as T;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  child.kill('SIGINT');
  await once(child, 'exit');
  clearTimeout(timer);
}
