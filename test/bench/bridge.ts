/**
 * Measures how many values the exporter and Debian's prometheus-mqtt-exporter read from beats through mosquitto in a second of one core.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beatSeries, encode, pcTopic } from '@sabha/contracts';
import { scriptedApi } from '../../dashboards/exporter/exporter.test-helper.ts';
import { freePorts, type Program, startProgram } from '../system/processes.ts';
import { fleetRows } from './exporter-fleet.ts';
import { type BenchOptions, CannotRun, type Figures, median, row } from './model.ts';
import { connectRaw, publishPacket, type RawClient } from './mqtt-load.ts';
import { cpuSeconds, rssMiB } from './process-figures.ts';

const pcs = 2_208;
const perSecond = 4_000;
const valuesPerBeat = Object.keys(beatSeries).length;
const peerProgram = 'prometheus-mqtt-exporter';
const kinds = ['ours', peerProgram] as const;
type Kind = (typeof kinds)[number];
type Taken = { valuesPerCpuSecond: number; rssMiB: number };

type Stage = { folder: string; mqttPort: number; api: string; publisher: RawClient; packets: Buffer[]; beats: number };

/** Returns the rows of the bridge. Throws one line if a program is not installed. */
export async function bridgeRows({ quick, say }: BenchOptions): Promise<Figures> {
  for (const program of ['mosquitto', peerProgram])
    if (!isInstalled(program)) throw new CannotRun(`${program} is not installed (a Debian package)`);
  const folder = mkdtempSync(join(tmpdir(), 'sabha-bridge-'));
  const { snapshot, beats } = fleetRows(pcs);
  const api = await scriptedApi({ at: 0, ...snapshot });
  const word = setInterval(() => api.say('change', { at: 0, subscribed: true }), 10_000);
  const [mqttPort = 0] = await freePorts(1);
  const mosquitto = await startMosquitto(folder, mqttPort);
  const taken: Record<Kind, Taken[]> = { ours: [], [peerProgram]: [] };
  try {
    const publisher = await connectRaw({ port: mqttPort, clientId: 'load' });
    const packets = beats.map(({ pc, n }) =>
      publishPacket(pcTopic(pc, 'beat'), encode('beat', { digest: '0123456789abcdef', session: 1, at: 1.7e12, n })),
    );
    const stage = { folder, mqttPort, api: api.at, publisher, packets, beats: quick ? 20_000 : 40_000 };
    for (let round = 0; round < (quick ? 3 : 5); round++) for (const kind of kinds) taken[kind].push(await measure(stage, kind, say));
    publisher.end();
  } finally {
    clearInterval(word);
    api.close();
    await mosquitto.end('SIGTERM');
    rmSync(folder, { recursive: true });
  }
  const of = (key: keyof Taken) => ({
    ours: median(taken.ours.map((one) => one[key])),
    peer: { name: 'mqtt2prometheus', value: median(taken[peerProgram].map((one) => one[key])) },
  });
  return {
    versions: { [peerProgram]: debianVersion(peerProgram), mosquitto: debianVersion('mosquitto') },
    rows: [
      row({ metric: 'values read from beats', unit: 'per CPU-second', better: 'more', ...of('valuesPerCpuSecond'), target: { ratio: 3 } }),
      row({ metric: `memory with ${pcs} PCs`, unit: 'MiB', better: 'less', ...of('rssMiB') }),
    ],
  };
}

async function measure(stage: Stage, kind: Kind, say: (line: string) => void): Promise<Taken> {
  const [port = 0] = await freePorts(1);
  const program = kind === 'ours' ? startOurs(stage, port) : startTheirs(stage, port);
  try {
    await isSubscribed(stage, kind, port);
    await send(stage, stage.beats / 4);
    await isRead(program.pid);
    const [before, readBefore] = [cpuSeconds(program.pid), await beatsRead(kind, port)];
    const overhead = cpuSeconds(program.pid) - before;
    await send(stage, stage.beats);
    await isRead(program.pid);
    const cpu = cpuSeconds(program.pid) - before - overhead;
    const read = (await beatsRead(kind, port)) - readBefore;
    if (read !== stage.beats) throw new Error(`${kind} read ${read} of ${stage.beats} beats`);
    const taken = { valuesPerCpuSecond: (read * valuesPerBeat) / cpu, rssMiB: rssMiB(program.pid) };
    say(`${kind}: ${read} beats in ${cpu.toFixed(2)} s of CPU`);
    return taken;
  } finally {
    await program.end('SIGTERM');
  }
}

/** Resolves when a beat has arrived. The beat proves that the program has subscribed. */
async function isSubscribed(stage: Stage, kind: Kind, port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    await delay(100);
    await stage.publisher.write(stage.packets[0] as Buffer);
    if ((await beatsRead(kind, port).catch(() => 0)) > 0) return;
  }
  throw new Error(`${kind} did not subscribe in 10 s`);
}

async function send({ publisher, packets }: Stage, beats: number): Promise<void> {
  const startedAt = performance.now();
  for (let sent = 0; sent < beats; await delay(5)) {
    const due = Math.min(beats, Math.floor(((performance.now() - startedAt) / 1_000) * perSecond));
    const from = sent;
    sent = Math.max(sent, due);
    const batch = Array.from({ length: sent - from }, (_, at) => packets[(from + at) % packets.length] as Buffer);
    await publisher.write(Buffer.concat(batch));
  }
}

/** Resolves when the process has been idle for half a second, so it has read everything. Throws after 60 s. */
async function isRead(pid: number): Promise<void> {
  let before = -1;
  for (let turns = 0; turns < 120; turns++) {
    const now = cpuSeconds(pid);
    if (now - before < 0.02) return;
    before = now;
    await delay(500);
  }
  throw new Error('a bridge did not come to rest in 60 s');
}

async function beatsRead(kind: Kind, port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const sample = kind === 'ours' ? /^sabha_exporter_beats_total\{result="ok"\} (\S+)$/gm : /^received_messages\{.*\} (\S+)$/gm;
  return [...text.matchAll(sample)].reduce((sum, [, value]) => sum + Number(value), 0);
}

async function startMosquitto(folder: string, port: number): Promise<Program> {
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`);
  const program = startProgram({ program: 'mosquitto', args: ['-c', config], env: process.env });
  await program.says('running');
  return program;
}

function startOurs({ folder, mqttPort, api }: Stage, port: number): Program {
  const token = join(folder, 'token');
  writeFileSync(token, 'any');
  const env = { SABHA_MQTT_PORT: `${mqttPort}`, SABHA_API: api, SABHA_TOKEN_FILE: token, SABHA_METRICS_PORT: `${port}` };
  return startProgram({ args: ['dashboards/main.ts'], env: { ...process.env, ...env } });
}

function startTheirs({ folder, mqttPort }: Stage, port: number): Program {
  const config = join(folder, 'bridge.yaml');
  const metrics = Object.entries(beatSeries).map(
    ([key, { name }]) => `  - {prom_name: ${name}, mqtt_name: n.${key}, help: h, type: gauge}`,
  );
  const mqtt = `mqtt: {server: "tcp://127.0.0.1:${mqttPort}", topic_path: sabha/v1/+/+/+/beat, device_id_regex: "sabha/v1/(?P<deviceid>.*)/beat", qos: 0}`;
  writeFileSync(config, [mqtt, 'cache: {timeout: 60m}', 'json_parsing: {separator: .}', 'metrics:', ...metrics, ''].join('\n'));
  const args = ['-config', config, '-listen-address', '127.0.0.1', '-listen-port', `${port}`, '-log-level', 'error'];
  return startProgram({ program: peerProgram, args, env: process.env });
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

function debianVersion(name: string): string {
  return spawnSync('dpkg-query', ['-W', '-f', '$' + '{Version}', name], { encoding: 'utf8' }).stdout?.trim() || 'unknown';
}
