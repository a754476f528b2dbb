/**
 * Compares the resources of the agent with node_exporter and zabbix-agent2 (Go) and collectd (C). These programs report figures of the
 * machine and know nothing of a room. A Node program uses more memory, and the rows say how much.
 * - Each program is started in turn. Then all run in the same minutes at their ordinary work: our service without a session, and our
 * session helper with sound and a separate service.
 * - Finally only our processes run through a day of a faster clock. They have no sound server, whose real results would be late at that
 * speed.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '@sabha/contracts';
import { installed } from '../real/parts.ts';
import { pipewireTools, startDesktop } from '../real/pipewire.ts';
import { peers, type Standing, versionOfPackage } from './agent-peers.ts';
import { openStand, type Stand, type Start } from './agent-stand.ts';
import { type Bench, type BenchOptions, CannotRun, median, type Row, row } from './model.ts';
import { memoryMiB, offspring, threads, treeCpuSeconds } from './process-figures.ts';

type Size = { starts: number; settleMs: number; windowMs: number; lifeMs: number };
type Weight = { rss: number; own: number; withChildren: number; cpuPercent: number; threads: number };
type Taken = { firstMs: number[]; weight: Weight };
/** The promised limits of one process. Only the service has a limit for its birth. */
type Seat = { seat: Start['seat']; rssMiB: number; ownMiB: number; birthS?: number };

const whole: Size = { starts: 5, settleMs: 60_000, windowMs: 300_000, lifeMs: 300_000 };
const small: Size = { starts: 3, settleMs: 10_000, windowMs: 20_000, lifeMs: 20_000 };
/** Clock speed: a day takes five minutes. */
const speed = 288;
/** Memory varies between garbage collections, so the maximum of these samples counts. */
const looks = { count: 20, everyMs: 1_000 };
/** A PATH without pactl and pw-dump. */
const withoutSound = '/usr/sbin:/sbin';
/** Our processes on one PC: the system service, and the helper in the user's session. */
const seats: readonly Seat[] = [
  { seat: 'run', rssMiB: 66, ownMiB: 22, birthS: 1 },
  { seat: 'room', rssMiB: 56, ownMiB: 16 },
];
const limits = { cpuPercent: 0.1, threads: 5, bundleKb: 900 };

export const agentBench: Bench = {
  name: 'agent',
  about: 'memory, processor time, threads and start of the agent beside node_exporter, collectd and zabbix-agent2',
  async run(options) {
    const missing = Object.values(peers).find(({ program }) => !installed([program]));
    if (missing) throw new CannotRun(`${missing.package} is not installed (a Debian package)`);
    if (!installed(pipewireTools)) throw new CannotRun('PipeWire is not installed (Debian packages, in .ci/run)');
    const folder = mkdtempSync(join(tmpdir(), 'sabha-agent-'));
    const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
    try {
      const desktop = await startDesktop();
      closing.push(desktop.stop);
      await desktop.plug('mic', 'Bench microphone');
      await desktop.plugSpeaker('speaker', 'Bench speaker');
      const stand = await openStand(folder);
      closing.push(stand.stop);
      const rows = await rowsOf({ stand, folder, env: desktop.env }, options);
      return { versions: Object.fromEntries(Object.values(peers).map((one) => [one.package, versionOfPackage(one.package)])), rows };
    } finally {
      for (const close of closing.reverse()) await close();
    }
  },
};

type Stage = { stand: Stand; folder: string; env: Record<string, string> };

async function rowsOf(stage: Stage, { quick, say }: BenchOptions): Promise<Row[]> {
  const size = quick ? small : whole;
  const taken = await sideBySide(stage, size, say);
  const rows: Row[] = [];
  for (const seat of seats) {
    const lived = await liveThrough(stage.folder, seat, size);
    say(`${seat.seat} after its day: ${told(lived)}`);
    rows.push(...seatRows({ seat, taken, lived }));
  }
  const kb = { unit: 'kB', better: 'less' } as const;
  return [
    ...rows,
    row({ metric: 'the packed agent, one file', ...kb, ours: stage.stand.bundleBytes / 1_024, target: { ours: limits.bundleKb } }),
  ];
}

/** Starts all programs in turn, and keeps the last process of each. */
async function sideBySide({ stand, folder, env }: Stage, size: Size, say: (line: string) => void): Promise<Map<string, Taken>> {
  const ours = seats.map(({ seat }) => [seat, () => stand.start({ seat, env: seat === 'room' ? env : {} })] as const);
  const theirs = Object.entries(peers).map(([name, peer]) => [name, () => peer.start(folderOf(folder, name))] as const);
  const first = new Map<string, number[]>();
  const standing = new Map<string, Standing>();
  try {
    for (let round = 1; round <= size.starts; round += 1) {
      for (const [name, start] of [...ours, ...theirs]) {
        const stood = await start();
        first.set(name, [...(first.get(name) ?? []), stood.firstMs]);
        if (round < size.starts) await stood.stop();
        else standing.set(name, stood);
      }
    }
    await delay(size.settleMs);
    const before = new Map([...standing].map(([name, { pid }]) => [name, treeCpuSeconds(pid)]));
    await delay(size.windowMs);
    const weights = [...standing].map(([name, { pid }]) => [name, weigh(pid, before.get(name) ?? 0, size.windowMs)] as const);
    for (const [name, weight] of weights) say(`${name}: ${told(weight)}`);
    return new Map(weights.map(([name, weight]) => [name, { firstMs: first.get(name) ?? [], weight }]));
  } finally {
    for (const { stop } of standing.values()) await stop();
  }
}

function folderOf(folder: string, name: string): string {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  return own;
}

async function liveThrough(folder: string, { seat }: Seat, { lifeMs }: Size): Promise<Weight> {
  const stand = await openStand(folderOf(folder, `life-${seat}`), speed);
  try {
    // Without a folder at XDG_RUNTIME_DIR the camera probe would return `unknown`, but the bench waits for a fault.
    const env = { PATH: withoutSound, XDG_RUNTIME_DIR: folderOf(folder, 'session') };
    const stood = await stand.start({ seat, env });
    try {
      await delay(lifeMs);
      return await mostOf(() => weigh(stood.pid, 0, lifeMs));
    } finally {
      await stood.stop();
    }
  } finally {
    await stand.stop();
  }
}

async function mostOf(look: () => Weight): Promise<Weight> {
  const seen = [look()];
  while (seen.length < looks.count) {
    await delay(looks.everyMs);
    seen.push(look());
  }
  const most = (of: (one: Weight) => number) => Math.max(...seen.map(of));
  return {
    rss: most(({ rss }) => rss),
    own: most(({ own }) => own),
    withChildren: most(({ withChildren }) => withChildren),
    cpuPercent: most(({ cpuPercent }) => cpuPercent),
    threads: most((one) => one.threads),
  };
}

function weigh(pid: number, cpuBefore: number, windowMs: number): Weight {
  const { rss, own } = memoryMiB(pid);
  const withChildren = offspring(pid).reduce((sum, one) => sum + ownOf(one), own);
  return { rss, own, withChildren, threads: threads(pid), cpuPercent: ((treeCpuSeconds(pid) - cpuBefore) / windowMs) * 100_000 };
}

/** Returns the memory of a child process, or 0 if it has ended. */
function ownOf(child: number): number {
  try {
    return memoryMiB(child).own;
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(codeOf(error))) return 0;
    throw error;
  }
}

function told({ rss, own, withChildren, cpuPercent, threads: count }: Weight): string {
  const memory = `${rss.toFixed(1)} MiB, ${own.toFixed(1)} of its own (${withChildren.toFixed(1)} with its children)`;
  return `${memory}, ${cpuPercent.toFixed(3)} % of a processor, ${count} threads`;
}

function seatRows({
  seat: { seat, rssMiB, ownMiB, birthS: birthLimitS },
  taken,
  lived,
}: {
  seat: Seat;
  taken: Map<string, Taken>;
  lived: Weight;
}): Row[] {
  const mine = taken.get(seat);
  if (mine === undefined) return [];
  const { weight } = mine;
  const less = { better: 'less' } as const;
  const beside = (metric: string, unit: 'MiB' | '%' | 'threads' | 's', of: (one: Taken) => number) =>
    Object.keys(peers).map((name) => {
      const peer = taken.get(name);
      return row({ metric: `${seat}: ${metric}`, unit, ...less, ours: of(mine), ...(peer && { peer: { name, value: of(peer) } }) });
    });
  const birthS = (one: Taken) => median(one.firstMs) / 1_000;
  return [
    row({ metric: `${seat}: memory after a day, resident`, unit: 'MiB', ...less, ours: lived.rss, target: { ours: rssMiB } }),
    row({ metric: `${seat}: memory after a day, its own`, unit: 'MiB', ...less, ours: lived.own, target: { ours: ownMiB } }),
    row({
      metric: `${seat}: processor, children counted`,
      unit: '%',
      ...less,
      ours: weight.cpuPercent,
      target: { ours: limits.cpuPercent },
    }),
    row({ metric: `${seat}: threads`, unit: 'threads', ...less, ours: weight.threads, target: { ours: limits.threads } }),
    ...(birthLimitS === undefined
      ? []
      : [
          row({
            metric: `${seat}: from the start to the birth`,
            unit: 's',
            ...less,
            ours: birthS(mine),
            target: { promised: birthLimitS },
          }),
        ]),
    ...beside('memory, resident', 'MiB', (one) => one.weight.rss),
    ...beside('memory, its own', 'MiB', (one) => one.weight.own),
    ...beside('its own and its children’s', 'MiB', (one) => one.weight.withChildren),
    ...beside('processor', '%', (one) => one.weight.cpuPercent),
    ...beside('threads', 'threads', (one) => one.weight.threads),
    ...beside('from the start to the first word', 's', birthS),
  ];
}
