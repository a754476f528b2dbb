/**
 * Measures how many probes one processor core of the reflector can answer, compared with a bare UDP echo in Node. Also measures the
 * accuracy of a measurement through five relays that record their effect. No broker or common tool has a STAMP reflector to compare with.
 * Scheduling of three processes adds to a round trip. The baseline is the bare echo through a similar relay at the same time.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { writeProbe } from '@sabha/contracts';
import { type Compared, type ReflectorProcess, roundThrough, scenarios, startReflectorProcess } from '../reflector-process.ts';
import { startChild } from './child.ts';
import { type Bench, median, type Row, row } from './model.ts';
import { cpuSeconds } from './process-figures.ts';
import { echoBeyondTruthMs } from './quality-echo.ts';

type Size = { rounds: number; loadMs: number; probes: number };

const whole: Size = { rounds: 5, loadMs: 4_000, probes: 1_000 };
const small: Size = { rounds: 1, loadMs: 1_000, probes: 300 };
/** Number of tokens. A token may send a hundred probes a second, so a full core needs many tokens. */
const tokens = 2_000;
const waiting = 64;
const peerName = 'bare UDP echo in Node';

type Load = { packets: number; microseconds: number };

export const qualityBench: Bench = {
  name: 'quality',
  about: 'what one core of the reflector answers, and how exact loss and round trip are',
  async run({ quick, say }) {
    const size = quick ? small : whole;
    const reflector = await startReflectorProcess();
    const peer = startChild(fileURLToPath(new URL('./quality-child.ts', import.meta.url)));
    try {
      const echo = await peer.ask<{ port: number; pid: number }>();
      const senders = Array.from({ length: tokens }, (_, at) => reflector.tokenOf(`up/site-${at}/hall`));
      const loads: { ours: Load; theirs: Load }[] = [];
      for (let at = 1; at <= size.rounds; at += 1) {
        const ours = await load(reflector, { senders, session: at, ms: size.loadMs });
        const theirs = await load(echo, { senders, session: at, ms: size.loadMs });
        say(`round ${at}: ${ours.microseconds.toFixed(1)} µs a packet, the bare echo ${theirs.microseconds.toFixed(1)} µs`);
        loads.push({ ours, theirs });
      }
      return { versions: {}, rows: [...loadRows(loads), ...(await accuracy(reflector, { echo: echo.port, ...size }, say))] };
    } finally {
      await peer.stop();
      await reflector.stop();
    }
  },
};

type Course = { senders: readonly Buffer[]; session: number; ms: number };

/**
 * Keeps so many packets in flight for a time. Returns the answered packets and the processor time. Each packet has a separate number,
 * because the reflector answers a probe only once.
 */
async function load({ port, pid }: { port: number; pid: number }, { senders, session, ms }: Course): Promise<Load> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const state = { sent: 0, packets: 0 };
  const send = () => {
    const seq = Math.floor(state.sent / senders.length);
    const token = senders[state.sent++ % senders.length] as Buffer;
    socket.send(writeProbe({ seq, sentAt: Date.now(), session, token }));
  };
  socket.on('message', () => {
    state.packets += 1;
    send();
  });
  const cpu = cpuSeconds(pid);
  for (let count = 0; count < waiting; count += 1) send();
  await new Promise((go) => setTimeout(go, ms));
  socket.removeAllListeners('message');
  const used = cpuSeconds(pid) - cpu;
  socket.close();
  return { packets: state.packets, microseconds: (used / state.packets) * 1e6 };
}

function loadRows(loads: readonly { ours: Load; theirs: Load }[]): Row[] {
  const [ours, theirs] = [median(loads.map((one) => one.ours.microseconds)), median(loads.map((one) => one.theirs.microseconds))];
  return [
    row({
      metric: 'probes that one core answers',
      unit: 'packets/s',
      better: 'more',
      ours: 1e6 / ours,
      peer: { name: peerName, value: 1e6 / theirs },
      target: { ratio: 0.3 },
    }),
    row({ metric: 'processor time a probe', unit: 'µs', better: 'less', ours, peer: { name: peerName, value: theirs } }),
  ];
}

/** Measures all five links at once, each with its own token and relay. The bare echo runs beside each link through a similar relay. */
async function accuracy(reflector: ReflectorProcess, given: { echo: number; probes: number }, say: (line: string) => void): Promise<Row[]> {
  const made = await Promise.all(
    Object.entries(scenarios).map(async ([name, model], at) => {
      const same = { model, probes: given.probes, paceMs: 12, seed: 7 + at };
      const [round, floorMs] = await Promise.all([roundThrough({ reflector, ...same }), echoBeyondTruthMs({ port: given.echo, ...same })]);
      return { name, floorMs, ...round };
    }),
  );
  for (const { name, truth, quality } of made)
    say(
      `${name}: lost up ${truth.up.lost} of ${truth.up.sent}, down ${truth.down.lost} of ${truth.down.sent}; ${quality.roundTripMs.median.toFixed(1)} ms`,
    );
  return made.flatMap(rowsOf);
}

function rowsOf({
  name,
  floorMs,
  quality,
  truth,
  beyondTruthMs,
  meanRoundTripMs,
  lossOfAll,
}: Compared & { name: string; floorMs: number[] }): Row[] {
  const worst = (of: (way: 'up' | 'down') => number) => Math.max(...(['up', 'down'] as const).map(of));
  const about = { better: 'less' } as const;
  return [
    row({
      ...about,
      metric: `${name}: loss, away from the truth, worse direction`,
      unit: 'points',
      ours: Number(worst((way) => Math.abs(quality[way].loss * 100 - lossOfAll[way])).toFixed(6)),
      target: { ours: 0.1 },
    }),
    row({
      ...about,
      metric: `${name}: round trip of a probe, beyond what the relay held it, median`,
      unit: 'ms',
      ours: median(beyondTruthMs),
      peer: { name: peerName, value: median(floorMs) },
      target: { ratio: 0.4 },
    }),
    row({
      ...about,
      metric: `${name}: mean round trip, away from the truth (a busy machine shows here)`,
      unit: 'ms',
      ours: Math.abs(meanRoundTripMs - truth.roundTripMs.mean),
    }),
    row({
      ...about,
      metric: `${name}: jitter (MAPDV), away from the truth, worse direction`,
      unit: 'ms',
      ours: worst((way) => Math.abs(quality[way].jitterMs - truth[way].jitterMs)),
    }),
  ];
}
