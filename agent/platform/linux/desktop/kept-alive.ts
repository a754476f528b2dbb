/** Keeps a program running that prints continuously, with backoff between restarts. */
import { type Cancel, type Clock, doubledMs } from '@sabha/contracts';
import { type ChildCommand, followCommand } from '../../child.ts';

/** A program that runs this long, or prints a line before, counts as connected to its server. */
const settledMs = 1_000;
const backoff = { firstMs: 1_000, maxMs: 60_000 };

export type Follow = typeof followCommand;
/** `clock` times the retries. `isDue` returns whether a retry makes sense now. */
export type AliveOptions = { command: ChildCommand; clock: Clock; follow?: Follow | undefined; isDue?(): boolean };
/** Callbacks: a line; connected (`isAgain` = after an interruption); connection lost. */
export type KeepAliveEvents = { line(text: string): void; found(isAgain: boolean): void; lost(): void };

/** Guarantee: the returned function kills the program. A program that ends is restarted with backoff of at most one minute. */
export function keepAlive({ command, clock, follow = followCommand, isDue = () => true }: AliveOptions, hearing: KeepAliveEvents): Cancel {
  const timers = { settled: idle, again: idle };
  let failures = 0;
  let wasWithout = false;
  let stop: Cancel = idle;
  const again = () => {
    wasWithout = true;
    timers.again = clock.after(doubledMs(failures, backoff), begin);
    failures += 1;
  };
  const begin = () => {
    if (!isDue()) return again();
    let isFound = false;
    const settle = () => {
      if (isFound) return;
      isFound = true;
      failures = 0;
      hearing.found(wasWithout);
      wasWithout = false;
    };
    const line = (text: string) => {
      settle();
      hearing.line(text);
    };
    const end = () => {
      timers.settled();
      if (isFound) hearing.lost();
      again();
    };
    timers.settled = clock.after(settledMs, settle);
    stop = follow(command, { line, end });
  };
  begin();
  return () => {
    for (const cancel of Object.values(timers)) cancel();
    stop();
  };
}

function idle(): void {}
