/** Reads load, memory and disk use of a Windows PC through Node, and its power supply by a call to Windows. */
import { statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem, uptime } from 'node:os';
import type { Native } from '../native.ts';
import type { PcFigures, PowerFigures } from '../platform.ts';
import { attempt } from './attempt.ts';

/** The functions of Node's `os` module; tests replace them. */
export type MachineReadings = {
  cpus(): { times: { user: number; sys: number; irq: number; idle: number } }[];
  freemem(): number;
  totalmem(): number;
  uptime(): number;
};
export const thisMachine: MachineReadings = { cpus, freemem, totalmem, uptime };

/** Reads the figures of the PC. Each call measures the load since the previous one. `disk`: a folder on the disk of Windows. */
export function createFigures(disk: string, machine = thisMachine): () => Promise<PcFigures> {
  const load = createLoadMeter(machine);
  return async () => {
    const { blocks, bfree, bavail } = await statfs(disk);
    const used = blocks - bfree;
    return {
      uptimeSeconds: machine.uptime(),
      loadRatio: load(),
      memoryUsedRatio: 1 - machine.freemem() / machine.totalmem(),
      diskUsedRatio: used + bavail === 0 ? 0 : used / (used + bavail),
      temperatureCelsius: null,
      temperatureLimitCelsius: null,
    };
  };
}

/** Measures the busy time of all cores since the previous call, 0 to 1; null at the first. Windows counts interrupts as system time. */
export function createLoadMeter(machine = thisMachine): () => number | null {
  let before: { busy: number; all: number } | undefined;
  return () => {
    const times = machine.cpus().map((one) => one.times);
    const busy = times.reduce((sum, { user, sys }) => sum + user + sys, 0);
    const now = { busy, all: busy + times.reduce((sum, { idle }) => sum + idle, 0) };
    const ratio = before && now.all > before.all ? (now.busy - before.busy) / (now.all - before.all) : null;
    before = now;
    return ratio === null ? null : Math.min(1, Math.max(0, ratio));
  };
}

const none: PowerFigures = { onMains: null, batteryChargeRatio: null, isCharging: false, runtimeMs: null, batteryCelsius: null };
const lines = { battery: 0, mains: 1 };
const flags = { charging: 8, noBattery: 128, unknown: 255 };
const unknownPercent = 255;

/** Guarantee: a PC without a battery returns null values. Windows reports a USB UPS as a battery, unless another program manages it. */
export function readPower(native: Native): PowerFigures {
  const status = attempt(native.calls, (calls) => calls.power());
  if (!status.known) return none;
  const { line, flag, percent, seconds } = status.value;
  if (flag === flags.unknown || (flag & flags.noBattery) !== 0 || percent === unknownPercent) return none;
  return {
    onMains: line === lines.mains ? true : line === lines.battery ? false : null,
    batteryChargeRatio: Math.min(1, percent / 100),
    isCharging: (flag & flags.charging) !== 0,
    runtimeMs: line === lines.battery && seconds > 0 ? seconds * 1_000 : null,
    batteryCelsius: null,
  };
}
