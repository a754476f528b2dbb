/**
 * Drops the connections of all PCs of the nation at once; they return over mutual TLS. Our broker and mosquitto have storms in turns.
 * - The duration depends on the handshakes of clients and broker on shared processors. Mosquitto, in C, needs less time for each. But it
 * accepts more than it can finish before clients time out, and connected clients wait.
 * - The total therefore depends on the machine. So the processor time of the broker has a close target, and the duration only a factor of
 * three.
 */
import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashToken, makeKey, makeSigningKeys, nameOf, type PcPath, sealSnapshot } from '@sabha/contracts';
import { type Authority, createAuthority } from '../security/authority.ts';
import { certifyIn } from '../security/secure-broker.ts';
import { freePorts, type Program, startProgram } from '../system/processes.ts';
import { startChild } from './child.ts';
import { type Bench, CannotRun, median, type Row, row, versionOfPackage } from './model.ts';
import { cpuSeconds, peakRssMiB, rssMiB } from './process-figures.ts';
import type { LiveResult, Order, StormResult, StormSetup } from './storm-clients.ts';

const kinds = ['ours', 'mosquitto'] as const;
type Kind = (typeof kinds)[number];
type Size = { clients: number; live: number; storms: number; live99?: { ratio: number } };
/** `cpuMs`: processor time of the broker for each client that reconnected, including failed attempts. */
type Storm = StormResult & LiveResult & { cpuMs: number; rssMiB: number };
type Taken = { storms: Storm[]; connectedMiB: number; peakMiB: number };
type Stand = { connect(): Promise<void>; storm(): Promise<Storm>; taken(): Taken; stop(): Promise<void> };
/** `live`: number of clients that stay connected, in a separate process. */
type Stage = { folder: string; authority: Authority; setup: Omit<StormSetup, 'port'>; live: number; serials: string[] };
type Running = { program: Program; port: number };

const whole: Size = { clients: 10_000, live: 100, storms: 4, live99: { ratio: 0.5 } };
/**
 * Size of a quick run. With so few clients neither broker falls behind, and a connected client waits for at most one handshake. So a quick
 * run has no target `live99`.
 */
const small: Size = { clients: 500, live: 50, storms: 2 };
/** Limit for the growth of memory in the last storm, as a share: a storm reuses the memory of the storm before. */
const growthLimit = 0.1;

export const stormBench: Bench = {
  name: 'storm',
  about: 'all clients dropped at once come back over mutual TLS, beside mosquitto',
  async run({ quick, say }) {
    if (spawnSync('sh', ['-c', 'command -v mosquitto']).status !== 0) throw new CannotRun('mosquitto is not installed (a Debian package)');
    const size = quick ? small : whole;
    const folder = mkdtempSync(join(tmpdir(), 'sabha-storm-'));
    try {
      const stage = await prepare(folder, size);
      say(`${size.clients} certificates are made`);
      return { versions: { mosquitto: versionOfPackage('mosquitto') }, rows: rowsOf(size, await inTurns(stage, size, say)) };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function prepare(folder: string, { clients, live }: Size): Promise<Stage> {
  const authority = await createAuthority('storm');
  const key = makeKey();
  const serials: string[] = [];
  const made: StormSetup['clients'] = [];
  for (let at = 0; at < clients; at += 1) {
    const pc: PcPath = `state-${at % 36}/site-${at}/vc-1`;
    const issued = await authority.issue({ cn: nameOf(pc), use: 'client', key });
    serials.push(issued.serial);
    made.push({ pc, cert: issued.pem });
  }
  return { folder, authority, serials, live, setup: { root: authority.root, key, clients: made } };
}

/** Runs storms in turns. Both brokers run all the time, because idle connections need no processor time. */
async function inTurns(stage: Stage, size: Size, say: (line: string) => void): Promise<Record<Kind, Taken>> {
  const stands = new Map<Kind, Stand>();
  try {
    for (const kind of kinds) stands.set(kind, await openStand(stage, kind));
    for (const { connect } of stands.values()) await connect();
    for (let round = 0; round < size.storms; round += 1) {
      for (const [kind, { storm }] of stands) say(`${kind}: ${told(await storm())}`);
    }
    return Object.fromEntries([...stands].map(([kind, { taken }]) => [kind, taken()])) as Record<Kind, Taken>;
  } finally {
    for (const { stop } of stands.values()) await stop();
  }
}

function told({ lastSeconds, failed, p99Ms, cpuMs, rssMiB: rss }: Storm): string {
  const back = `the last is back after ${lastSeconds.toFixed(1)} s, ${failed} failed, ${cpuMs.toFixed(2)} ms of processor each`;
  return `${back}, live p99 ${p99Ms.toFixed(0)} ms, ${rss.toFixed(0)} MiB`;
}

async function openStand(stage: Stage, kind: Kind): Promise<Stand> {
  const { program, port } = await (kind === 'ours' ? startOurs(stage) : startMosquitto(stage));
  const group = (name: string, clients: StormSetup['clients']) => {
    const file = join(stage.folder, `${kind}-${name}.json`);
    writeFileSync(file, JSON.stringify({ ...stage.setup, port, clients }));
    const child = startChild('test/bench/storm-clients.ts', [file]);
    return { stop: child.stop, order: <T>(order: Order) => child.ask<T>({ order }) };
  };
  const live = group('live', stage.setup.clients.slice(0, stage.live));
  const dropped = group('dropped', stage.setup.clients.slice(stage.live));
  const storms: Storm[] = [];
  let connectedMiB = Number.NaN;
  return {
    async connect() {
      for (const { order } of [live, dropped]) await order('connect');
      connectedMiB = rssMiB(program.pid);
    },
    async storm() {
      await live.order('beat');
      const cpuBefore = cpuSeconds(program.pid);
      const back = await dropped.order<StormResult>('storm');
      const cpuMs = ((cpuSeconds(program.pid) - cpuBefore) * 1_000) / (stage.setup.clients.length - stage.live - back.failed);
      const taken = { ...back, ...(await live.order<LiveResult>('quiet')), cpuMs, rssMiB: rssMiB(program.pid) };
      storms.push(taken);
      return taken;
    },
    taken: () => ({ storms, connectedMiB, peakMiB: peakRssMiB(program.pid) }),
    async stop() {
      await live.stop();
      await dropped.stop();
      await program.end('SIGTERM');
    },
  };
}

/** Starts the real broker process as `start.ts` does. */
async function startOurs({ folder, authority, setup, serials }: Stage): Promise<Running> {
  const data = join(folder, 'broker');
  mkdirSync(data, { mode: 0o700 });
  const keys = makeSigningKeys();
  const pcs = setup.clients.map(({ pc }, at) => ({ pc, tokenHash: null, certificates: [serials[at] ?? ''], revoked: false }));
  const snapshot = { version: 1, at: 0, pcs, roots: [authority.root] };
  const files = {
    'registry.pub': keys.publicKey,
    'principals.json': JSON.stringify({ flows: hashToken('flows'), exporter: hashToken('exporter') }),
    'registry.json': sealSnapshot(snapshot, createPrivateKey(keys.privateKey)),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(data, name), text, { mode: 0o600 });
  const [mqtt = 0, port = 0, metrics = 0] = await freePorts(3);
  const env = {
    SABHA_DATA: data,
    SABHA_REGISTRY: join(data, 'registry.json'),
    SABHA_MQTT_PORT: `${mqtt}`,
    SABHA_METRICS_PORT: `${metrics}`,
    SABHA_TLS_HOST: '127.0.0.1',
    SABHA_TLS_PORT: `${port}`,
  };
  const program = startProgram({ args: ['--max-semi-space-size=4', 'broker/main.ts'], env: { ...process.env, ...env } });
  await program.says('ready');
  await certifyIn(data, authority);
  await program.says('certificate of the broker in use');
  return { program, port };
}

async function startMosquitto({ folder, authority }: Stage): Promise<Running> {
  const own = await authority.issue({ cn: 'mosquitto', use: 'server', hosts: ['127.0.0.1', 'localhost'] });
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const [port = 0] = await freePorts(1);
  const lines = [
    `listener ${port} 127.0.0.1`,
    `cafile ${file('root.pem', authority.root)}`,
    `certfile ${file('server.pem', own.pem)}`,
    `keyfile ${file('server.key', own.key)}`,
    'tls_version tlsv1.3',
    'require_certificate true',
    'use_identity_as_username true',
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    '',
  ];
  const program = startProgram({ program: 'mosquitto', args: ['-c', file('mosquitto.conf', lines.join('\n'))], env: process.env });
  await program.says('running');
  return { program, port };
}

function rowsOf({ clients, live99 }: Size, taken: Record<Kind, Taken>): Row[] {
  const all = (kind: Kind, key: keyof Storm) => taken[kind].storms.map((one) => one[key]);
  const both = (key: keyof Storm) => ({
    ours: median(all('ours', key)),
    peer: { name: 'mosquitto', value: median(all('mosquitto', key)) },
  });
  const seconds = { unit: 's', better: 'less' } as const;
  const ms = { unit: 'ms', better: 'less' } as const;
  const memory = (key: 'connectedMiB' | 'peakMiB') =>
    ({ unit: 'MiB', better: 'less', ours: taken.ours[key], peer: { name: 'mosquitto', value: taken.mosquitto[key] } }) as const;
  const lost = Math.max(...all('ours', 'failed'));
  const grown = growth(taken.ours.storms);
  return [
    row({ metric: `${clients} dropped at once: the last is back`, ...seconds, ...both('lastSeconds'), target: { ratio: 0.33 } }),
    row({ metric: 'half of them are back', ...seconds, ...both('medianSeconds') }),
    row({ metric: 'processor time of the broker for each', ...ms, ...both('cpuMs'), target: { ratio: 0.4 } }),
    row({ metric: 'not back in the end, worst storm', unit: 'clients', better: 'less', ours: lost, target: { ours: 0 } }),
    row({ metric: 'beat of those that stayed, acknowledged, p99', ...ms, ...both('p99Ms'), ...(live99 && { target: live99 }) }),
    row({ metric: 'the same, median', ...ms, ...both('p50Ms') }),
    row({ metric: `memory with ${clients} clients`, ...memory('connectedMiB') }),
    row({ metric: 'most memory', ...memory('peakMiB') }),
    row({
      metric: 'memory after the last storm, above that after the one before',
      unit: 'share',
      better: 'less',
      ours: grown,
      target: { ours: growthLimit },
    }),
  ];
}

function growth(storms: readonly Storm[]): number {
  const [before, last] = storms.slice(-2).map(({ rssMiB }) => rssMiB);
  return (last ?? Number.NaN) / (before ?? Number.NaN) - 1;
}
