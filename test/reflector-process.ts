/** A broker process with a reflector, and rounds of the agent's code through a relay, compared with the relay's record. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type Clock, realClock, sealReflectorToken } from '@sabha/contracts';
import { type Quality, qualityOf, type Round, windowOf } from '../agent/link/analysis/quality.ts';
import { stampRound } from '../agent/link/measure/stamp.ts';
import { udpTo } from '../agent/link/net/udp.ts';
import { brokerFiles } from './contract/broker-under-test.ts';
import { freePorts, startProgram } from './system/processes.ts';
import { type LinkModel, type Passage, startRelay } from './udp-relay.ts';

export type ReflectorProcess = {
  pid: number;
  mqttPort: number;
  port: number;
  tokenOf(pc: string, validMs?: number): Buffer;
  /** Returns the packets by `kind result`. */
  counts(): Promise<Record<string, number>>;
  stop(): Promise<void>;
};

export async function startReflectorProcess(): Promise<ReflectorProcess> {
  const files = brokerFiles();
  const key = randomBytes(32);
  const [port = 0, metricsPort = 0, mqttPort = 0] = await freePorts(3);
  const pcs = [{ pc: 'up/lucknow/hall', tokenHash: null, certificates: [], revoked: false }];
  files.put({ version: 1, at: 0, pcs, roots: [], reflectorKey: key.toString('base64url') });
  const places = { SABHA_DATA: files.folder, SABHA_REGISTRY: files.options.registryFile };
  const ports = { SABHA_MQTT_PORT: `${mqttPort}`, SABHA_METRICS_PORT: `${metricsPort}`, SABHA_REFLECTOR_PORT: `${port}` };
  const broker = startProgram({ args: ['broker/main.ts'], env: { ...places, ...ports } });
  await broker.says('ready');
  return {
    pid: broker.pid,
    mqttPort,
    port,
    tokenOf: (pc, validMs = 3_600_000) => sealReflectorToken(pc, Date.now() + validMs, key),
    async counts() {
      const page = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
      const rows = [...page.matchAll(/^sabha_reflector_packets_total\{kind="([^"]+)",result="([^"]+)"\} (\d+)$/gm)];
      return Object.fromEntries(rows.map(([, kind, result, value]) => [`${kind} ${result}`, Number(value)]));
    },
    async stop() {
      await broker.end('SIGTERM');
      rmSync(files.folder, { recursive: true });
    },
  };
}

export const scenarios: Record<string, LinkModel> = {
  clean: { up: { delayMs: 5 }, down: { delayMs: 5 } },
  '4g': { up: { delayMs: 25, jitterMs: 20, loss: 0.005 }, down: { delayMs: 25, jitterMs: 10, loss: 0.002 } },
  'loss on the way up': { up: { delayMs: 20, loss: 0.05 }, down: { delayMs: 20, loss: 0.01 } },
  geo: { up: { delayMs: 300, jitterMs: 30, loss: 0.01 }, down: { delayMs: 300, jitterMs: 15, loss: 0.01 } },
  bursts: { up: { delayMs: 40, bursts: { enter: 0.01, leave: 0.25, loss: 0.7 } }, down: { delayMs: 40 } },
};

export type Compared = {
  quality: Quality;
  /** The relay's record for packets up to the last echo of the round. */
  truth: { up: WayTruth; down: WayTruth; roundTripMs: { mean: number } };
  meanRoundTripMs: number;
  /** For each echo: its round trip minus the delay of the relay, which leaves the share of the machine. */
  beyondTruthMs: number[];
  /** Loss among all packets of the round, in per cent. */
  lossOfAll: { up: number; down: number };
};
export type WayTruth = { sent: number; lost: number; jitterMs: number };

type Pace = { reflector: ReflectorProcess; probes: number; paceMs: number; seed: number };
type RunOptions = Pace & { model: LinkModel };

/** Runs one round through a relay, from a PC whose clock is 1.2 s slow. */
export async function roundThrough({ reflector, model, probes, paceMs, seed }: RunOptions): Promise<Compared> {
  const relay = await startRelay(reflector.port, model, seed);
  const grant = { port: relay.port, token: reflector.tokenOf(`up/lucknow/seed-${seed}`), endsUp: Number.POSITIVE_INFINITY };
  const clock: Clock = { ...realClock(), now: () => Date.now() - 1_200 };
  const round = await stampRound({ clock, open: udpTo('127.0.0.1'), grant, session: seed, probes, paceMs });
  relay.close();
  if (typeof round === 'string') throw new Error(round);
  const quality = qualityOf([windowOf(round)].filter((one) => one !== undefined));
  if (quality === undefined) throw new Error('nothing came back');
  return compared(round, quality, relay.truth);
}

/** Returns round trips directly to the reflector, in milliseconds: the cost of the machine alone. */
export async function bareRound({ reflector, probes, paceMs, seed }: Pace): Promise<readonly number[]> {
  const grant = { port: reflector.port, token: reflector.tokenOf(`up/lucknow/bare-${seed}`), endsUp: Number.POSITIVE_INFINITY };
  const round = await stampRound({ clock: realClock(), open: udpTo('127.0.0.1'), grant, session: seed, probes, paceMs });
  return (typeof round === 'string' ? undefined : windowOf(round))?.roundTripsMs ?? [];
}

function compared(round: Round, quality: Quality, { up, down }: { up: Passage[]; down: Passage[] }): Compared {
  const last = Math.max(...round.echoes.map(({ seq }) => seq));
  const sent = up.filter(({ mark }) => Number.parseInt(mark.slice(0, 8), 16) <= last);
  // The reply has the sender's number after its own 24 bytes.
  const replied = down.filter(({ mark }) => Number.parseInt(mark.slice(48, 56), 16) <= last);
  const downHeld = new Map(replied.map(({ mark, heldMs }) => [mark.slice(48, 56), heldMs]));
  const trips = sent.flatMap(({ mark, heldMs }) => {
    const back = downHeld.get(mark.slice(0, 8));
    return heldMs === null || back === null || back === undefined ? [] : [heldMs + back];
  });
  const upHeld = new Map(sent.map(({ mark, heldMs }) => [mark.slice(0, 8), heldMs]));
  const measured = round.echoes.map((echo) => echo.arrivedAt - echo.sentAt - (echo.repliedAt - echo.receivedAt));
  const beyondTruthMs = round.echoes.map(({ seq }, at) => {
    const mark = seq.toString(16).padStart(8, '0');
    return (measured[at] ?? Number.NaN) - (upHeld.get(mark) ?? Number.NaN) - (downHeld.get(mark) ?? Number.NaN);
  });
  return {
    quality,
    truth: { up: truthOf(sent), down: truthOf(replied), roundTripMs: { mean: meanOf(trips) } },
    meanRoundTripMs: meanOf(measured),
    beyondTruthMs,
    lossOfAll: { up: percentLost(up), down: percentLost(down) },
  };
}

function truthOf(passages: readonly Passage[]): WayTruth {
  const held = passages.flatMap(({ heldMs }) => (heldMs === null ? [] : [heldMs]));
  const variations = held.slice(1).map((ms, at) => Math.abs(ms - (held[at] ?? ms)));
  return { sent: passages.length, lost: passages.length - held.length, jitterMs: meanOf(variations) };
}

function percentLost(passages: readonly Passage[]): number {
  return (100 * passages.filter(({ heldMs }) => heldMs === null).length) / passages.length;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
