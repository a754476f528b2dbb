/** Tells of sound devices that come, go, are muted, chosen or used: `pactl subscribe`, kept alive. */
import type { Cancel, Clock } from '@sabha/contracts';
import { type Follow, keepAlive } from './kept-alive.ts';
import { soundEnv } from './pactl.ts';

/** Several events belong to one change. */
const debounceMs = 200;

/** Events of clients are left out: each question of our own is one. */
const relevant = /^Event '[a-z]+' on (source|source-output|sink|sink-input|server|card) #/;

/** `isLive`: it has told of something, so that each change is told now; each question of a client, our own too, is told. */
export type Watching = ReturnType<typeof watchSound>;

/** Calls back within 200 ms of a change of a microphone or a loudspeaker, and when the sound server went or came back. */
export function watchSound({ env, clock, follow }: { env: Record<string, string>; clock: Clock; follow?: Follow }, changed: () => void) {
  let debounce: Cancel | undefined;
  let isLive = false;
  const tell = () => {
    debounce ??= clock.after(debounceMs, () => {
      debounce = undefined;
      changed();
    });
  };
  const command = { program: 'pactl', args: ['subscribe'], env: { ...env, ...soundEnv } };
  const stop = keepAlive(
    { command, clock, follow },
    {
      line(text) {
        isLive = true;
        if (relevant.test(text)) tell();
      },
      found(isAgain) {
        if (isAgain) tell();
      },
      lost() {
        isLive = false;
        tell();
      },
    },
  );
  return {
    isLive: (): boolean => isLive,
    stop() {
      isLive = false;
      debounce?.();
      stop();
    },
  };
}
