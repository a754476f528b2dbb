/** The Linux side of the platform: PipeWire or PulseAudio, sysfs and /proc. */
import { join } from 'node:path';
import type { Cancel, Clock } from '#contracts';
import { runCommand } from '../child.ts';
import { readInventory } from '../inventory.ts';
import { notWritten, type Platform, type System } from '../platform.ts';
import { shared } from '../shared-watch.ts';
import { createBoot } from './boot.ts';
import { watchCameras } from './camera-watch.ts';
import { readCameras } from './cameras.ts';
import { createClimate } from './climate.ts';
import { createFigures } from './figures.ts';
import { readNames } from './files.ts';
import { readHardware } from './hardware.ts';
import { readMachine } from './machine.ts';
import { isNeighbourHeard, readNetwork } from './network.ts';
import { createOrders } from './orders.ts';
import { readSound, readSoundService, soundEnv } from './pactl.ts';
import { readPower } from './power.ts';
import { watchSound } from './sound-watch.ts';

const momentMs = 2_000;
/** Nobody who asks waits longer. */
const readLimitMs = 4_500;

/** `root` is the folder that holds proc, sys and dev; `env` is set for the programs that are run. */
export function createLinux(system: System): Platform {
  const { root, env, clock } = system;
  const readNow = (signal: AbortSignal) => readSound(env, signal);
  let isWatched = false;
  const { ask: sound, forget } = forAll(readNow, { up: clock.up, isWatched: () => isWatched });
  const run = (program: string, args: string[], signal: AbortSignal) => runCommand({ program, args, env: { ...env, ...soundEnv } }, signal);
  const cameras = (signal: AbortSignal) => readCameras(root, signal, (limited) => run('pw-dump', [], limited));
  const service = tellingChanges((signal) =>
    readSoundService(
      (args, limited) => run('pactl', args, limited),
      () => hasSession(system),
      signal,
    ),
  );
  const boot = createBoot({ root, now: clock.now, run });
  return {
    ...createOrders({ sound: readNow, run }),
    ask: async (question, signal) => (await question.linux?.(system, signal)) ?? notWritten,
    sound,
    soundService: service.ask,
    watchSound: shared((tell) => {
      const changed = () => {
        forget();
        tell();
      };
      const end = () => {
        isWatched = false;
      };
      isWatched = true;
      return both(watchSound({ env, clock }, changed), service.watch(changed), end);
    }),
    cameras,
    watchCameras: (changed) => watchCameras(root, clock, changed),
    figures: createFigures(root),
    network: async () => ({ known: true, value: await readNetwork(root) }),
    isNeighbourHeard: (gateway) => isNeighbourHeard(root, gateway),
    inventory: (signal) => readInventory(readMachine, { sound, cameras }, signal),
    power: () => readPower(root),
    climate: createClimate(root),
    hardware: () => readHardware(root),
    bootId: boot.id,
    crashedBefore: boot.crashedBefore,
    endBegun: boot.endBegun,
    isShuttingDown: boot.isShuttingDown,
  };
}

/** The folder that a session has from the first login to the last logout. */
async function hasSession({ root, env }: System): Promise<boolean> {
  return (await readNames(env['XDG_RUNTIME_DIR'] ?? join(root, 'run/user', `${process.getuid?.()}`))) !== undefined;
}

/** `isWatched`: somebody tells when what was read is old. */
type Watched = { up: Clock['up']; isWatched(): boolean };

/** One reading for all who ask while it is under way, and where it is watched in the moment after it: it takes six runs of a program. */
export function forAll<T>(read: (signal: AbortSignal) => Promise<T>, { up, isWatched }: Watched) {
  let last: { answer: Promise<T>; readUp: number } | undefined;
  return {
    async ask(signal: AbortSignal): Promise<T> {
      if (last === undefined || up() - last.readUp > (isWatched() ? momentMs : 0)) {
        const begun = { answer: read(AbortSignal.timeout(readLimitMs)), readUp: Number.POSITIVE_INFINITY };
        last = begun;
        const endedAt = (readUp: number) => {
          begun.readUp = readUp;
        };
        begun.answer.then(
          () => endedAt(up()),
          () => endedAt(Number.NEGATIVE_INFINITY),
        );
      }
      const answer = await last.answer;
      signal.throwIfAborted();
      return answer;
    },
    forget() {
      last = undefined;
    },
  };
}

/** A question whose watcher hears when the answer is another one than the last. */
function tellingChanges<T>(ask: (signal: AbortSignal) => Promise<T>) {
  let last: string | undefined;
  let tell: () => void = () => undefined;
  return {
    async ask(signal: AbortSignal): Promise<T> {
      const answer = await ask(signal);
      const now = JSON.stringify(answer);
      const isNews = last !== undefined && now !== last;
      last = now;
      if (isNews) tell();
      return answer;
    },
    watch(changed: () => void): Cancel {
      tell = changed;
      return () => {
        tell = () => undefined;
      };
    },
  };
}

function both(...cancels: Cancel[]): Cancel {
  return () => {
    for (const cancel of cancels) cancel();
  };
}
