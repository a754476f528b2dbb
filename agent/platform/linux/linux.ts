/** The Linux platform: PipeWire or PulseAudio, sysfs and /proc. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Cancel, Clock } from '@sabha/contracts';
import { type Output, runCommand } from '../child.ts';
import { readInventory } from '../inventory.ts';
import { type Answer, type Platform, type System, unsupportedSystem } from '../platform.ts';
import { shared } from '../shared-watch.ts';
import { createBoot } from './boot.ts';
import { readCameras, watchCameras } from './cameras.ts';
import { ofThisSession, readSound, readSoundService, soundEnv } from './desktop/pactl.ts';
import { pipeWireSocket, testPipeWire, testSoundServer } from './desktop/probe-socket.ts';
import { type Watching, watchSound } from './desktop/sound-watch.ts';
import { readVideoSources, silentPipeWire, type VideoSource, type VideoWatch, videoLimitMs, watchVideo } from './desktop/video-sources.ts';
import { createClimate, createFigures } from './figures.ts';
import { readNames } from './files.ts';
import { readHardware } from './hardware.ts';
import { readMachine } from './machine.ts';
import { isNeighbourReachable, readNetwork } from './network.ts';
import { createOrders } from './orders.ts';
import { readPower } from './power.ts';

const defaultTtlMs = 2_000;
/** Time to live of a cached reading while a watch reports changes. After it, a missed event does no further harm. */
const watchedMs = 300_000;
/** Time limit of a reading. */
const readLimitMs = 4_500;

/** `root`: folder with proc, sys and dev. `env`: environment of the programs it runs. */
export function createLinux(system: System): Platform {
  const { root, env, clock } = system;
  const session = env['XDG_RUNTIME_DIR'];
  const readNow = async (signal: AbortSignal) => ofThisSession(await readSound(env, signal), () => hasSession(system));
  let watching: Watching | undefined;
  const { ask: sound, forget } = sharedReading(readNow, {
    up: clock.up,
    keptMs: ({ known }) => (watching === undefined ? 0 : known && watching.isLive() ? watchedMs : defaultTtlMs),
  });
  const run = (program: string, args: string[], signal: AbortSignal) => runCommand({ program, args, env: { ...env, ...soundEnv } }, signal);
  const video = createVideo({ system, run });
  const cameras = (signal: AbortSignal) => readCameras(root, signal, video.ask);
  const service = withChangeEvents((signal) =>
    readSoundService(
      {
        knock: async (limited) => (session === undefined ? 'closed' : testSoundServer(session, limited)),
        pactl: (args, limited) => run('pactl', args, limited),
        isSession: () => hasSession(system),
      },
      signal,
    ),
  );
  const boot = createBoot({ root, now: clock.now, run });
  return {
    ...createOrders({ sound: readNow, run }),
    ask: async (question, signal) => (await question.linux?.(system, signal)) ?? unsupportedSystem,
    sound,
    soundService: service.ask,
    watchSound: shared((tell) => {
      const changed = () => {
        forget();
        tell();
      };
      watching = watchSound({ env, clock }, changed);
      const end = () => {
        watching = undefined;
      };
      return both(watching.stop, service.watch(changed), end);
    }),
    cameras,
    watchCameras: shared((tell) => both(watchCameras(root, clock, tell), video.watch(tell))),
    figures: createFigures(root),
    network: async () => ({ known: true, value: await readNetwork(root) }),
    isNeighbourReachable: (gateway) => isNeighbourReachable(root, gateway),
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

/** Cameras of PipeWire. While the watch runs, its state is used, and PipeWire is only tested for a response. */
function createVideo({ system, run }: { system: System; run(program: string, args: string[], signal: AbortSignal): Promise<Output> }) {
  const { env, clock } = system;
  const session = env['XDG_RUNTIME_DIR'];
  let watching: VideoWatch | undefined;
  const asked = (signal: AbortSignal) => readVideoSources((limited) => run('pw-dump', [], limited), signal);
  return {
    async ask(signal: AbortSignal): Promise<Answer<VideoSource[]>> {
      if (session === undefined || !(await hasSession(system)))
        return { known: false, reason: 'only the session at the PC knows its cameras' };
      if (watching?.sources() === undefined) return asked(signal);
      const heard = await testPipeWire(session, AbortSignal.any([signal, AbortSignal.timeout(videoLimitMs)]));
      signal.throwIfAborted();
      const value = watching?.sources();
      if (heard === 'silent') return { known: false, reason: silentPipeWire };
      return heard === 'closed' || value === undefined ? asked(signal) : { known: true, value };
    },
    watch(changed: () => void): Cancel {
      if (session === undefined) return () => undefined;
      watching = watchVideo({ env: { ...env, ...soundEnv }, clock, isThere: () => existsSync(pipeWireSocket(session)) }, changed);
      return () => {
        watching?.stop();
        watching = undefined;
      };
    },
  };
}

/** Returns whether a session runs: its folder exists from the first sign-in to the last sign-out of the user. */
async function hasSession({ root, env }: System): Promise<boolean> {
  return (await readNames(env['XDG_RUNTIME_DIR'] ?? join(root, 'run/user', `${process.getuid?.()}`))) !== undefined;
}

/** `keptMs`: time to live of a result. */
type SharedReadingOptions<T> = { up: Clock['up']; keptMs(answer: T): number };

/** Shares one reading among concurrent callers and caches the result for `keptMs`, because a reading of the sound runs six programs. */
export function sharedReading<T>(read: (signal: AbortSignal) => Promise<T>, { up, keptMs }: SharedReadingOptions<T>) {
  let last: { answer: Promise<T>; isOld(): boolean } | undefined;
  return {
    async ask(signal: AbortSignal): Promise<T> {
      if (last === undefined || last.isOld()) {
        const begun = { answer: read(AbortSignal.timeout(readLimitMs)), isOld: () => false };
        last = begun;
        begun.answer.then(
          (answer) => {
            const readUp = up();
            begun.isOld = () => up() - readUp > keptMs(answer);
          },
          () => {
            begun.isOld = () => true;
          },
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

/** Wraps a reading so that a watcher is called when its result differs from the previous one. */
function withChangeEvents<T>(ask: (signal: AbortSignal) => Promise<T>) {
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
