/** Virtual time: one queue of events for all machines, so that hours pass in milliseconds and the same seed gives the same order. */
import type { Cancel, Clock } from '@sabha/contracts';

export type Time = {
  /** Whole milliseconds since the beginning of the world. */
  now(): number;
  at(atMs: number, task: () => void): Cancel;
  later(delayMs: number, task: () => void): Cancel;
  /** Nothing further falls due before this is over: it takes no time of the world. */
  wait(work: Promise<unknown>): void;
  /** Runs everything that falls due until then, in order; between two events every promise that can go on has gone on. */
  run(untilMs: number): Promise<void>;
};

/** What every wall clock shows at the beginning of the world. */
export const epochMs = Date.UTC(2026, 2, 3, 8, 35);

type Entry = { at: number; order: number; task: (() => void) | undefined };
type Due = Entry & { task: () => void };

const stepsATurn = 64;

export function createTime(): Time {
  const heap: Entry[] = [];
  let nowMs = 0;
  let order = 0;
  let works: Promise<unknown>[] = [];
  const at = (atMs: number, task: () => void): Cancel => {
    const entry: Entry = { at: Math.max(nowMs, Math.ceil(atMs)), order: order++, task };
    push(heap, entry);
    return () => {
      entry.task = undefined;
    };
  };
  return {
    now: () => nowMs,
    at,
    wait: (work) => void works.push(work),
    later: (delayMs, task) => at(nowMs + Math.max(0, delayMs), task),
    async run(untilMs) {
      let isOver = false;
      const step = () => {
        if (isOver || works.length > 0) return;
        const next = nextDue(heap, untilMs);
        isOver = next === undefined;
        if (next === undefined) return;
        nowMs = next.at;
        next.task();
      };
      step();
      while (!isOver) {
        await turnOf(step);
        while (works.length > 0) {
          const under = works;
          works = [];
          await Promise.all(under);
          await turnOf(() => {});
        }
      }
      nowMs = Math.max(nowMs, untilMs);
    },
  };
}

/** A machine: its wall clock outlives its processes and may jump. */
export type Machine = { start(): Process; jump(ms: number): void; setWall(ms: number): void };

/**
 * A process on a machine. Killed, it is as if it never ran on: its timers do not fire, and whoever acts for it asks `alive` first.
 * A trap kills it at the n-th time that it passes a point, so that a kill can hit between two steps of one turn.
 */
export type Process = {
  clock: Clock;
  alive(): boolean;
  kill(): void;
  /** It stands still, as by SIGSTOP or with its machine: what falls due and what it is sent waits until `go`. */
  stop(): void;
  go(): void;
  /** Does it now; where the process stands still, when it goes on; never where it is dead. */
  soon(task: () => void): void;
  onKill(task: () => void): void;
  trap(point: string, passes: number): void;
  /** Says that the process passes a point; true where it did not survive that. */
  point(name: string): boolean;
};

/** `fractions`: its monotonic clock shows parts of a millisecond, as `performance.now()` does. */
export function createMachine(time: Time, { fractions = false } = {}): Machine {
  let offsetMs = 0;
  return {
    start: () => createProcess(time, { wall: () => epochMs + time.now() + offsetMs, fractions }),
    jump: (ms) => {
      offsetMs += ms;
    },
    setWall: (ms) => {
      offsetMs = ms - epochMs - time.now();
    },
  };
}

function createProcess(time: Time, { wall, fractions }: { wall: () => number; fractions: boolean }): Process {
  const bornAt = time.now();
  /** Another one in each millisecond. */
  const fraction = () => (fractions ? ((time.now() * 7_919) % 997) / 997 : 0);
  const onKill: (() => void)[] = [];
  const traps = new Map<string, number>();
  let alive = true;
  /** What waits while it stands still. */
  let held: (() => void)[] | undefined;
  const soon = (task: () => void) => {
    if (!alive) return;
    if (held === undefined) task();
    else held.push(task);
  };
  const kill = () => {
    if (!alive) return;
    alive = false;
    for (const task of onKill) task();
  };
  return {
    clock: {
      now: wall,
      up: () => time.now() - bornAt + fraction(),
      after: (delayMs, task) => {
        let cancelled = false;
        const cancel = time.later(delayMs, () => soon(() => (cancelled ? undefined : task())));
        return () => {
          cancelled = true;
          cancel();
        };
      },
    },
    alive: () => alive,
    kill,
    stop() {
      held ??= [];
    },
    go() {
      const due = held ?? [];
      held = undefined;
      for (const task of due) time.later(0, () => soon(task));
    },
    soon,
    onKill: (task) => void onKill.push(task),
    trap: (point, passes) => void traps.set(point, passes),
    point(name) {
      const left = traps.get(name);
      if (left !== undefined) traps.set(name, left - 1);
      if (left === 1) kill();
      return !alive;
    },
  };
}

/** Those that were cancelled are passed over. */
function nextDue(heap: Entry[], untilMs: number): Due | undefined {
  for (let next = heap[0]; next !== undefined && next.at <= untilMs; next = heap[0]) {
    pop(heap);
    if (isDue(next)) return next;
  }
  return undefined;
}

function isDue(entry: Entry): entry is Due {
  return entry.task !== undefined;
}

/**
 * A turn of the machine's own loop costs more than most steps do: one takes many of them. Between two immediates of a turn every promise that
 * can go on goes on. A step that throws is the last one.
 */
function turnOf(step: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let failed = false;
    const guarded = () => {
      if (failed) return;
      try {
        step();
      } catch (error) {
        failed = true;
        reject(error);
      }
    };
    for (let left = stepsATurn; left > 0; left -= 1) setImmediate(guarded);
    setImmediate(resolve);
  });
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Entry;
    if (before(above, entry)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop() as Entry;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    if (left === undefined) break;
    const isRight = right !== undefined && before(right, left);
    const child = isRight ? right : left;
    if (before(last, child)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = last;
}
