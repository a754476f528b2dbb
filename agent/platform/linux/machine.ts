/**
 * Reads the parts of this PC with the library systeminformation, which needs more memory than the rest of the agent and starts shells.
 * The library therefore runs in a separate short process: `sabha-agent` with another command.
 */
import { join } from 'node:path';
import { realClock, withTimeout } from '@sabha/contracts';
import { runCommand } from '../child.ts';

declare const SABHA_VERSION: string | undefined;
const program = typeof SABHA_VERSION === 'string' ? import.meta.filename : join(import.meta.dirname, '../../cli.ts');
/** Time limit of a part, because systeminformation does not limit the programs it starts. */
const limitMs = 10_000;

/** Returns the parts by name; none if the separate process fails. The parts contain no serial number, address, user or network. */
export async function readMachine(signal: AbortSignal): Promise<Record<string, unknown>> {
  const output = await runCommand({ program: process.execPath, args: [...process.execArgv, program, 'machine'], env: {} }, signal);
  return output.ok ? JSON.parse(output.text) : {};
}

/** Runs in the separate process. Guarantee: a part that fails or takes longer than 10 s is left out, and the others are returned. */
export async function machine(): Promise<Record<string, unknown>> {
  const si = await import('systeminformation');
  const parts: Record<string, () => Promise<unknown>> = {
    os: async () => pick(await si.osInfo(), ['platform', 'distro', 'release', 'kernel', 'arch']),
    system: async () => pick(await si.system(), ['manufacturer', 'model', 'version', 'virtual']),
    bios: async () => pick(await si.bios(), ['vendor', 'version', 'releaseDate']),
    cpu: async () => pick(await si.cpu(), ['manufacturer', 'brand', 'cores', 'physicalCores']),
    memoryBytes: async () => (await si.mem()).total,
  };
  const clock = realClock();
  const read = Object.entries(parts).map(async ([name, ask]) => {
    const value = await withTimeout({ clock, limitMs, timeoutValue: undefined }, () => ask().catch(() => undefined));
    return [name, value] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

function pick<T extends object>(from: T, keys: (keyof T)[]): Partial<T> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Partial<T>;
}
