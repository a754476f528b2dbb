/** The Linux side of the platform: PipeWire or PulseAudio, sysfs and /proc. */
import { runCommand } from '../child.ts';
import { readInventory } from '../inventory.ts';
import { notWritten, type Platform, type System } from '../platform.ts';
import { createBoot } from './boot.ts';
import { watchCameras } from './camera-watch.ts';
import { readCameras } from './cameras.ts';
import { createClimate } from './climate.ts';
import { createFigures } from './figures.ts';
import { readHardware } from './hardware.ts';
import { isNeighbourHeard, readNetwork } from './network.ts';
import { createOrders } from './orders.ts';
import { readSound, soundEnv } from './pactl.ts';
import { readPower } from './power.ts';
import { shared, watchSound } from './sound-watch.ts';

/** `root` is the folder that holds proc, sys and dev; `env` is set for the programs that are run. */
export function createLinux(system: System): Platform {
  const { root, env, clock } = system;
  const sound = (signal: AbortSignal) => readSound(env, signal);
  const cameras = (signal: AbortSignal) => readCameras(root, signal);
  const run = (program: string, args: string[], signal: AbortSignal) => runCommand({ program, args, env: { ...env, ...soundEnv } }, signal);
  const boot = createBoot({ root, now: clock.now, run });
  return {
    ...createOrders({ sound, run }),
    ask: async (question, signal) => (await question.linux?.(system, signal)) ?? notWritten,
    sound,
    watchSound: shared((changed) => watchSound({ env, clock }, changed)),
    cameras,
    watchCameras: (changed) => watchCameras(root, clock, changed),
    figures: createFigures(root),
    network: async () => ({ known: true, value: await readNetwork(root) }),
    isNeighbourHeard: (gateway) => isNeighbourHeard(root, gateway),
    inventory: (signal) => readInventory({ sound, cameras }, signal),
    power: () => readPower(root),
    climate: createClimate(root),
    hardware: () => readHardware(root),
    bootId: boot.id,
    crashedBefore: boot.crashedBefore,
    endBegun: boot.endBegun,
    isShuttingDown: boot.isShuttingDown,
  };
}
