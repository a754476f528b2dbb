/** Implements the platform for Windows in this process. A worker thread makes the calls that may hang. */

import { release, totalmem } from 'node:os';
import { win32 } from 'node:path';
import { readInventory } from '../inventory.ts';
import type { Native, RunProgram } from '../native.ts';
import { type Answer, type Hardware, type Part, type Platform, type SeenDisk, unsupportedSystem, type WindowsSystem } from '../platform.ts';
import { shared, watchByPolling } from '../shared-watch.ts';
import { shortId, shortText } from '../text.ts';
import { readValue } from './attempt.ts';
import { createBoot } from './boot.ts';
import { readCameras } from './cameras.ts';
import { createFigures, createLoadMeter, readPower, thisMachine } from './figures.ts';
import { disksOf, readByPowerShell } from './inventory.ts';
import { isNeighbourReachable, readNetwork } from './network.ts';
import { createOrders } from './orders.ts';
import { readSound, readSoundService } from './sound.ts';

/** Guarantee: no library is loaded and no thread is started before the first question. */
export function createWindows({ run, disk, ...given }: Omit<WindowsSystem, 'disks'> & { run: RunProgram; disk?: string }): Platform {
  const { native, root, clock } = given;
  const machine = createMachine(run);
  const system: WindowsSystem = { ...given, disks: machine.disks };
  const boot = createBoot({ native, root, now: clock.now, uptime: thisMachine.uptime });
  const sound = () => readSound(native(), root);
  const cameras = () => readCameras(system, boot.bootedAt());
  const load = createLoadMeter();
  return {
    ...createOrders(run, native),
    ask: async (question, signal) => (await question.windows?.(system, signal)) ?? unsupportedSystem,
    sound,
    soundService: () => readSoundService(native()),
    watchSound: shared((tell) => watchByPolling(sound, clock, tell)),
    cameras,
    watchCameras: shared((tell) => watchByPolling(() => native().ask('marks'), clock, tell)),
    figures: createFigures(disk ?? win32.parse(root).root),
    network: async () => readNetwork(native()),
    isNeighbourReachable: async (gateway) => isNeighbourReachable(native(), gateway),
    inventory: (signal) => readInventory(machine.read, { sound, cameras }, signal),
    power: async () => readPower(native()),
    climate: async () => ({ uptimeSeconds: thisMachine.uptime(), loadRatio: load(), sensors: [], humidityRatio: null }),
    hardware: async () => ({ turningDisks: turning(machine.disks()), models: await readModels(native()) }),
    bootId: boot.bootId,
    crashedBefore: boot.crashedBefore,
    endBegun: boot.endBegun,
    isShuttingDown: boot.isShuttingDown,
  };
}

/** Reads the inventory by PowerShell and keeps the state of the disks, so that probes need not start a program. */
function createMachine(run: RunProgram) {
  let disks: Answer<SeenDisk[]> = { known: false, reason: 'not checked since the start' };
  return {
    disks: () => disks,
    async read(signal: AbortSignal): Promise<Record<string, unknown>> {
      const found = await readByPowerShell(run, signal);
      disks = found.known ? disksOf(found.value) : found;
      const own = { os: { platform: 'win32', release: release() }, memoryBytes: totalmem() };
      return { ...own, ...(found.known ? found.value : { unknown: found.reason }) };
    },
  };
}

function turning(disks: Answer<SeenDisk[]>): Part[] {
  const seen = disks.known ? disks.value : [];
  return seen.filter(({ isTurning }) => isTurning === true).map(({ name }) => ({ id: shortId(name), name }));
}

/** Registry key to which Windows writes the data of the firmware at each boot. */
const firmware = 'HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS';

async function readModels(native: Native): Promise<Hardware['models']> {
  const words = [await readValue(native, firmware, 'SystemManufacturer'), await readValue(native, firmware, 'SystemProductName')];
  const name = shortText(words.filter((word) => typeof word === 'string').join(' '));
  return name === '' ? [] : [{ id: 'model', name }];
}
