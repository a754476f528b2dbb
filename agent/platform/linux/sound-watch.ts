/** Tells of sound devices that come, go, are muted, chosen or used: `pactl subscribe`, kept alive. */
import { type Cancel, type Clock, doubledMs } from '#contracts';
import { followCommand } from '../child.ts';
import { soundEnv } from './pactl.ts';

/** Several events belong to one change. */
const debounceMs = 200;
/** A subscription that lives this long is connected, and so is one that has told of an event. */
const settledMs = 1_000;
const backoff = { firstMs: 1_000, maxMs: 60_000 };

/** Events of clients are left out: each question of our own is one. */
const relevant = /^Event '[a-z]+' on (source|source-output|sink|sink-input|server|card) #/;

/** Runs a program that goes on printing, as `followCommand` does. */
export type Follow = typeof followCommand;
/** What watching the sound needs of the system; `env` is set for the program. */
export type SoundWatch = { env: Record<string, string>; clock: Clock; follow?: Follow };

/**
 * Calls back within 200 ms of a change of a microphone or a loudspeaker, and when the sound server went or came back.
 * Guarantee: the result ends the child process; where there is no server it is asked again at growing intervals, at most a minute.
 */
export function watchSound(options: SoundWatch, changed: () => void): Cancel {
  const { env, clock, follow = followCommand } = options;
  const timers = { debounce: idle, settled: idle, again: idle };
  let waiting = false;
  let failures = 0;
  let lost = false;
  let stop: Cancel = idle;

  const tell = () => {
    if (waiting) return;
    waiting = true;
    timers.debounce = clock.after(debounceMs, () => {
      waiting = false;
      changed();
    });
  };
  const begin = () => {
    let connected = false;
    const settle = () => {
      if (connected) return;
      connected = true;
      failures = 0;
      if (lost) tell();
      lost = false;
    };
    const end = () => {
      timers.settled();
      if (connected) tell();
      lost = true;
      timers.again = clock.after(doubledMs(failures, backoff), begin);
      failures += 1;
    };
    const line = (text: string) => {
      settle();
      if (relevant.test(text)) tell();
    };
    timers.settled = clock.after(settledMs, settle);
    stop = follow({ program: 'pactl', args: ['subscribe'], env: { ...env, ...soundEnv } }, { line, end });
  };
  begin();
  return () => {
    for (const cancel of Object.values(timers)) cancel();
    stop();
  };
}

function idle(): void {}
