/**
 * Measures the time from a fault to the webhook, and from its end to the all-clear. Sabha uses broker, ledger, tabs and outbox.
 * - Compared programs, in turns: Prometheus with Alertmanager at two settings, a stock Node-RED tab, and a direct POST to Alertmanager. The
 * last two store nothing and know no recipients: they show the cost of the path alone.
 * - A run of Prometheus samples one phase of its intervals, so several runs are combined.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Random, randomFrom } from '../random.ts';
import { installed } from '../real/parts.ts';
import { type Desk, openDesk } from './alerts-desk.ts';
import { directPost, fast, floor, ours, stockNodeRed, type Way, type WayKind } from './alerts-ways.ts';
import { type Bench, CannotRun, median, percentile, type Row, row, versionOf, versionOfPackage } from './model.ts';

type Size = { rooms: number; rounds: number; faults: number; everyMs: number; peerFaults: number };
type Turn = { raisedMs: number[]; clearedMs: number[]; lost: number };

const whole: Size = { rooms: 736, rounds: 2, faults: 300, everyMs: 200, peerFaults: 60 };
const small: Size = { rooms: 124, rounds: 1, faults: 40, everyMs: 200, peerFaults: 20 };
/** Milliseconds over which the faults for a polling program are spread, to cover every phase of its interval. */
const peerSpreadMs = 30_000;
const peers = [stockNodeRed, directPost, floor, fast] as const;

export const alertsBench: Bench = {
  name: 'alerts',
  about:
    'from a fault to the webhook, and from its end to the all-clear, beside Prometheus + Alertmanager, a stock Node-RED and a direct POST',
  async run({ quick, say }) {
    const versions = versionsOfPeers();
    const size = quick ? small : whole;
    const desk = await openDesk();
    try {
      const taken = await inTurns({ desk, size, say });
      return { versions, rows: rowsOf(size, taken) };
    } finally {
      desk.close();
    }
  },
};

function versionsOfPeers(): Record<string, string> {
  if (!installed(['prometheus', 'prometheus-alertmanager', 'mosquitto']))
    throw new CannotRun('prometheus, prometheus-alertmanager and mosquitto are needed (Debian packages)');
  return {
    prometheus: versionOfPackage('prometheus'),
    alertmanager: versionOfPackage('prometheus-alertmanager'),
    mosquitto: versionOfPackage('mosquitto'),
    'node-red': versionOf('node-red'),
  };
}

type Stage = { desk: Desk; size: Size; say(line: string): void };

/**
 * Measures all programs in turns. Our server runs all the time, and only receives beats while another program is measured. Each of our
 * rooms breaks once, because a second fault would count as flapping.
 */
async function inTurns({ desk, size, say }: Stage): Promise<Map<WayKind, Turn>> {
  const random = randomFrom(14);
  const taken = new Map<WayKind, Turn[]>();
  const note = (kind: WayKind, turn: Turn) => {
    taken.set(kind, [...(taken.get(kind) ?? []), turn]);
    say(`${kind.name}: ${told(turn)}`);
  };
  const own = await ours.open(desk.url, size.rooms);
  try {
    const fresh = random.shuffle([...own.rooms]);
    for (let round = 0; round < size.rounds; round += 1) {
      note(ours, await drive(own, { kind: ours, desk, random, rooms: fresh.splice(0, size.faults), everyMs: size.everyMs }));
      for (const kind of peers) note(kind, await turnOf(kind, { desk, size, random }));
    }
  } finally {
    await own.stop();
  }
  return new Map([...taken].map(([kind, turns]) => [kind, together(turns)]));
}

async function turnOf(kind: WayKind, { desk, size, random }: { desk: Desk; size: Size; random: Random }): Promise<Turn> {
  const way = await kind.open(desk.url, size.rooms);
  try {
    const rooms = way.rooms.slice(0, size.peerFaults);
    return await drive(way, { kind, desk, random, rooms, everyMs: peerSpreadMs / rooms.length });
  } finally {
    await way.stop();
  }
}

type Drive = { kind: WayKind; desk: Desk; random: Random; rooms: readonly string[]; everyMs: number };
type Flip = { room: string; broken: boolean; dueMs: number };

/** Breaks and repairs one room after another at random times, and collects the messages at the webhook. */
async function drive(way: Way, { kind, desk, random, rooms, everyMs }: Drive): Promise<Turn> {
  const startedAt = performance.now();
  const flips = rooms.flatMap((room, at): Flip[] => {
    const dueMs = (at + random.next()) * everyMs;
    return [
      { room, broken: true, dueMs },
      { room, broken: false, dueMs: dueMs + kind.standMs },
    ];
  });
  const brokeAt = new Map<string, number>();
  const mendedAt = new Map<string, number>();
  for (const { room, broken, dueMs } of flips.toSorted((a, b) => a.dueMs - b.dueMs)) {
    await delay(Math.max(0, startedAt + dueMs - performance.now()));
    (broken ? brokeAt : mendedAt).set(room, await way.set(room, broken));
  }
  const raised = () => [...brokeAt].map(([room, at]) => lateness(desk.arrival('firing', room, at), at));
  const cleared = () => [...mendedAt].map(([room, at]) => lateness(desk.arrival('resolved', room, at), at + kind.clearMs));
  const deadline = performance.now() + kind.clearMs + kind.patienceMs;
  while ([...raised(), ...cleared()].includes(undefined) && performance.now() < deadline) await delay(100);
  const came = (list: (number | undefined)[]) => list.filter((ms) => ms !== undefined);
  const turn = { raisedMs: came(raised()), clearedMs: came(cleared()) };
  return { ...turn, lost: 2 * rooms.length - turn.raisedMs.length - turn.clearedMs.length };
}

function lateness(at: number | undefined, due: number): number | undefined {
  return at === undefined ? undefined : at - due;
}

function together(turns: readonly Turn[]): Turn {
  const { raisedMs, clearedMs } = { raisedMs: turns.flatMap((one) => one.raisedMs), clearedMs: turns.flatMap((one) => one.clearedMs) };
  return { raisedMs, clearedMs, lost: turns.reduce((sum, { lost }) => sum + lost, 0) };
}

function told({ raisedMs, clearedMs, lost }: Turn): string {
  const figures = (name: string, list: readonly number[]) =>
    list.length === 0 ? `${name} none` : `${name} p50 ${median(list).toFixed(0)} ms, p99 ${percentile(list, 0.99).toFixed(0)} ms`;
  return `${figures('told', raisedMs)}; ${figures('all-clear', clearedMs)}; ${lost} did not come`;
}

function rowsOf({ rooms, faults: count, rounds }: Size, taken: ReadonlyMap<WayKind, Turn>): Row[] {
  const of = (kind: WayKind) => taken.get(kind) ?? { raisedMs: [], clearedMs: [], lost: Number.NaN };
  const ms = { unit: 'ms', better: 'less' } as const;
  const raised = median(of(ours).raisedMs);
  const cleared = median(of(ours).clearedMs);
  const beside = (kind: WayKind) => ({ ours: raised, peer: { name: `${kind.name}, p50`, value: median(of(kind).raisedMs) } });
  const besideClear = (kind: WayKind) => ({ ours: cleared, peer: { name: `${kind.name}, p50`, value: median(of(kind).clearedMs) } });
  const among = `${count * rounds} faults without a hold among ${rooms} PCs`;
  return [
    row({ metric: `${among}: fault to webhook, p50`, ...ms, ours: raised, target: { promised: 50 } }),
    row({ metric: 'the same, p99', ...ms, ours: percentile(of(ours).raisedMs, 0.99), target: { promised: 500 } }),
    row({ metric: 'beside it', ...ms, ...beside(fast), target: { ratio: 20 } }),
    row({ metric: 'beside it', ...ms, ...beside(floor), target: { ratio: 3 } }),
    row({ metric: 'beside it', ...ms, ...beside(stockNodeRed) }),
    row({ metric: 'beside it', ...ms, ...beside(directPost) }),
    row({ metric: 'all-clear after its time, p50', ...ms, ours: cleared, target: { promised: 100 } }),
    row({ metric: 'the same, p99', ...ms, ours: percentile(of(ours).clearedMs, 0.99) }),
    row({ metric: 'beside it', ...ms, ...besideClear(fast), target: { ratio: 20 } }),
    row({ metric: 'beside it', ...ms, ...besideClear(floor) }),
    row({ metric: 'messages that did not come', unit: 'messages', better: 'less', ours: of(ours).lost, target: { ours: 0 } }),
  ];
}
