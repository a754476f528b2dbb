/** A process that is killed between two steps on the disk, within this one: after so many steps none is made any more. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** `left`: so many steps are still made. */
export type DyingDisk = { left: number; remove(): void };

const sync = ['writeFileSync', 'renameSync', 'rmSync', 'openSync', 'mkdirSync', 'copyFileSync', 'unlinkSync', 'rmdirSync'] as const;
const later = ['writeFile', 'rename', 'rm', 'open', 'mkdir', 'copyFile', 'cp', 'unlink'] as const;

/** Also for modules that have imported these long ago: files share what they load. To be removed at the end. */
export function installDyingDisk(): DyingDisk {
  const real = { sync: pick(fs, sync), later: pick(fs.promises, later) };
  const disk: DyingDisk = {
    left: Number.POSITIVE_INFINITY,
    remove() {
      Object.assign(fs, real.sync);
      Object.assign(fs.promises, real.later);
      syncBuiltinESMExports();
    },
  };
  const step = () => {
    if (disk.left <= 0) throw new Error('killed');
    disk.left -= 1;
  };
  for (const name of sync) Object.assign(fs, { [name]: after(step, fs[name] as Work) });
  for (const name of later) {
    const work = fs.promises[name] as Work;
    Object.assign(fs.promises, { [name]: async (...args: unknown[]) => after(step, work)(...args) });
  }
  syncBuiltinESMExports();
  return disk;
}

type Work = (...args: unknown[]) => unknown;

function after(step: () => void, work: Work): Work {
  return (...args) => {
    step();
    return work(...args);
  };
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
