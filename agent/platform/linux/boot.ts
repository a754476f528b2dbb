/** Reads the id of this boot, whether the previous boot crashed, and whether the PC is about to shut down or restart. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Output } from '../child.ts';

export type LinuxBootOptions = {
  root: string;
  /** Wall clock, milliseconds. */
  now(): number;
  run(program: string, args: string[], signal: AbortSignal): Promise<Output>;
};

/** Folders of kernel dumps: where the kernel writes them, and where systemd moves them at the next boot. Often only root may read them. */
const lastWords = { kernel: 'sys/fs/pstore', kept: 'var/lib/systemd/pstore' };
/** Marker files of systemd: a planned shutdown, and the ban on new logins once a shutdown has begun. */
const endMarks = ['run/systemd/shutdown/scheduled', 'run/nologin'];
/**
 * Files that show that this boot is about to end. Package updates touch theirs repeatedly; logind writes its file minutes before a
 * shutdown. A file older than `begunForMs` is a leftover.
 */
const marks = [
  ['update', 'run/unattended-upgrades.progress'],
  ['update', 'var/lib/dpkg/updates'],
  ['shutdown', 'run/nologin'],
] as const;
const begunForMs = 10 * 60_000;

export function createBoot({ root, now, run }: LinuxBootOptions) {
  return {
    id: (): string => readFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'utf8').trim(),
    crashedBefore(): boolean {
      if (names(join(root, lastWords.kernel)).some((name) => name.startsWith('dmesg-'))) return true;
      const bootedAt = now() - Number.parseFloat(readFileSync(join(root, 'proc/uptime'), 'utf8')) * 1_000;
      const folder = join(root, lastWords.kept);
      // A dump that was moved before this boot belongs to an earlier crash.
      return names(folder).some((name) => statSync(join(folder, name)).mtimeMs >= bootedAt);
    },
    endBegun(): 'update' | 'shutdown' | null {
      const isFresh = (mark: string) => Math.abs(now() - changedAt(join(root, mark))) < begunForMs;
      return marks.find(([, mark]) => isFresh(mark))?.[0] ?? null;
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

/** Returns NaN if the file is missing or unreadable. */
function changedAt(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NaN;
  } catch {
    return Number.NaN;
  }
}
