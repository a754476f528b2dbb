/** Virtual time: one event queue for all machines. Hours take milliseconds, and a seed always gives the same order. */
import type { Cancel, Clock } from '@sabha/contracts';

export type Time = {
  /** Returns whole milliseconds since the start of the simulation. */
  now(): number;
  at(atMs: number, task: () => void): Cancel;
  later(delayMs: number, task: () => void): Cancel;
  /** Stops virtual time until this promise settles. */
  wait(work: Promise<unknown>): void;
  /** Runs all due tasks in order until `untilMs`. All pending promises continue between two tasks. */
  run(untilMs: number): Promise<void>;
};

/** Time of every wall clock at the start of a simulation, 3 March 2026, 14:05 in India. */
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

/** A machine. Its wall clock survives its processes and can jump. */
export type Machine = { start(): Process; jump(ms: number): void; setWall(ms: number): void };

/**
 * A process on a machine. After a kill its timers do not fire, and code on its behalf must check `alive`. A trap (`trap`) kills the process
 * when the code calls `point` with that name for the n-th time. The kill may happen in the middle of one turn of the event loop.
 */
export type Process = {
  clock: Clock;
  alive(): boolean;
  kill(): void;
  /** Suspends the process, as by SIGSTOP: timers and messages wait until `go`. */
  stop(): void;
  go(): void;
  /** Runs the task now, or after a suspension. Never runs it in a dead process. */
  soon(task: () => void): void;
  onKill(task: () => void): void;
  trap(point: string, passes: number): void;
  /** Passes a point. Returns true if a trap killed the process there. */
  point(name: string): boolean;
};

/** `fractions`: the monotonic clock has fractions of a millisecond, as `performance.now()` does. */
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
  /** Makes a different fraction for each millisecond. */
  const fraction = () => (fractions ? ((time.now() * 7_919) % 997) / 997 : 0);
  const onKill: (() => void)[] = [];
  const traps = new Map<string, number>();
  let alive = true;
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
 * Runs several steps in one turn of the event loop, because a turn costs more than most steps. All pending promises continue between two
 * turns. A step that throws is the last.
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
