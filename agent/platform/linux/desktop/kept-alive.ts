/** A program that goes on telling, started again whenever it ends. */
import { type Cancel, type Clock, doubledMs } from '@sabha/contracts';
import { type Command, followCommand } from '../../child.ts';

/** A program that lives this long has found its server, and so has one that has told of something. */
const settledMs = 1_000;
const backoff = { firstMs: 1_000, maxMs: 60_000 };

/** Runs a program that goes on printing, as `followCommand` does. */
export type Follow = typeof followCommand;
/** What is run, and by which clock it is tried again; `isDue`: whether it is worth a try now. */
export type KeptAlive = { command: Command; clock: Clock; follow?: Follow | undefined; isDue?(): boolean };
/** Who hears of it: each line; that it found its server, `isAgain` after having been without; that it has lost it. */
export type Hearing = { line(text: string): void; found(isAgain: boolean): void; lost(): void };

/** Guarantee: the result ends the program; without its server it is tried at growing intervals, at most a minute. */
export function keepAlive({ command, clock, follow = followCommand, isDue = () => true }: KeptAlive, hearing: Hearing): Cancel {
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
