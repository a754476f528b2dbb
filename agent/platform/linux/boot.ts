/** How this boot began, and whether it is about to end. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Output } from '../child.ts';

/** What looking at a boot needs of the system. */
export type BootOptions = {
  root: string;
  /** Wall clock, milliseconds. */
  now(): number;
  run(program: string, args: string[], signal: AbortSignal): Promise<Output>;
};

/** Where the kernel leaves its last words, and where systemd puts them at the next boot. Often only root may look. */
const lastWords = { kernel: 'sys/fs/pstore', kept: 'var/lib/systemd/pstore' };
/** A planned shutdown stands in the first; systemd forbids new logins by the second once one has begun. */
const endMarks = ['run/systemd/shutdown/scheduled', 'run/nologin'];
/** Touched again and again while packages are exchanged; and what logind puts there minutes before a shutdown. One that is old was left behind. */
const begunMarks = [
  ['update', 'run/unattended-upgrades.progress'],
  ['update', 'var/lib/dpkg/updates'],
  ['shutdown', 'run/nologin'],
] as const;
const begunForMs = 10 * 60_000;

/** Reads the marks that kernel and systemd leave of a boot. */
export function createBoot({ root, now, run }: BootOptions) {
  return {
    id: (): string => readFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'utf8').trim(),
    crashedBefore(): boolean {
      if (names(join(root, lastWords.kernel)).some((name) => name.startsWith('dmesg-'))) return true;
      const bootedAt = now() - Number.parseFloat(readFileSync(join(root, 'proc/uptime'), 'utf8')) * 1_000;
      const folder = join(root, lastWords.kept);
      // What is older was put there after a crash of long ago.
      return names(folder).some((name) => statSync(join(folder, name)).mtimeMs >= bootedAt);
    },
    endBegun(): 'update' | 'shutdown' | null {
      const isFresh = (mark: string) => Math.abs(now() - changedAt(join(root, mark))) < begunForMs;
      return begunMarks.find(([, mark]) => isFresh(mark))?.[0] ?? null;
    },
    async isShuttingDown(signal: AbortSignal): Promise<boolean> {
      if (endMarks.some((mark) => existsSync(join(root, mark)))) return true;
      const said = await run('systemctl', ['show', '--property=SystemState', '--value'], signal);
      return said.ok && said.text.trim() === 'stopping';
    },
  };
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Not a number where there is no such file, or none for us. */
function changedAt(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NaN;
  } catch {
    return Number.NaN;
  }
}
