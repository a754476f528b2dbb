/** Watches sound devices (plugged, unplugged, muted, selected, used) by `pactl subscribe`, which is kept running. */
import type { Cancel, Clock } from '@sabha/contracts';
import { type Follow, keepAlive } from './kept-alive.ts';
import { soundEnv } from './pactl.ts';

/** Debounce interval. One change causes several events. */
const debounceMs = 200;

/** Events that change a device. Client events are ignored, because each request of the agent causes one. */
const relevant = /^Event '[a-z]+' on (source|source-output|sink|sink-input|server|card) #/;

/** `isLive` is true once the watch has received its first event. From then on the watch reports every change. */
export type Watching = ReturnType<typeof watchSound>;

/** Calls back within 200 ms of a change of a microphone or a loudspeaker, and when the sound server stops or returns. */
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
