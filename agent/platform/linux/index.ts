/** The Linux side of the platform: PipeWire or PulseAudio, sysfs and /proc. */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '#contracts';
import { readInventory } from '../inventory.ts';
import type { Platform } from '../platform.ts';
import { watchCameras } from './camera-watch.ts';
import { readCameras } from './cameras.ts';
import { readCard } from './card.ts';
import { runCommand } from './child.ts';
import { createFigures } from './figures.ts';
import { createOrders } from './orders.ts';
import { readSound, soundEnv } from './pactl.ts';
import { shared, watchSound } from './sound-watch.ts';

export type LinuxOptions = { root: string; env: Record<string, string>; clock: Clock };

/** `root` is the folder that holds proc, sys and dev; `env` is set for the programs that are run. */
export function createLinux({ root, env, clock }: LinuxOptions): Platform {
  const sound = (signal: AbortSignal) => readSound(env, signal);
  const cameras = (signal: AbortSignal) => readCameras(root, signal);
  return {
    ...createOrders({ sound, run: (program, args, signal) => runCommand({ program, args, env: { ...env, ...soundEnv } }, signal) }),
    sound,
    watchSound: shared((changed) => watchSound({ env, clock }, changed)),
    cameras,
    watchCameras: (changed) => watchCameras(root, clock, changed),
    figures: createFigures(root),
    card: (address) => readCard(root, address, networkInterfaces()),
    inventory: (signal) => readInventory({ sound, cameras }, signal),
    bootId: () => readFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'utf8').trim(),
  };
}
