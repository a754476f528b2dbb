/**
 * Simulates a process that is killed between two disk operations, within this process: after so many steps none is made. An operation with several system calls is several steps here. A file is created before it is filled, and a folder is copied or removed in two halves.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

/** `left`: remaining steps. */
export type DyingDisk = {
  left: number;
  /** Counts another operation as a step. Throws if the process is dead. */
  step(): void;
  remove(): void;
};

const single = ['renameSync', 'openSync', 'mkdirSync', 'unlinkSync', 'rmdirSync', 'symlinkSync'] as const;
const many = ['writeFileSync', 'copyFileSync', 'rmSync', 'cpSync'] as const;
const later = ['writeFile', 'rename', 'rm', 'open', 'mkdir', 'copyFile', 'cp', 'unlink'] as const;

/** Replaces the functions, also for modules that imported them earlier. Call `remove` at the end. */
export function installDyingDisk(): DyingDisk {
  const real = { sync: pick(fs, [...single, ...many]), later: pick(fs.promises, later) };
  const disk: DyingDisk = {
    left: Number.POSITIVE_INFINITY,
    step() {
      if (disk.left <= 0) throw new Error('killed');
      disk.left -= 1;
    },
    remove() {
      Object.assign(fs, real.sync);
      Object.assign(fs.promises, real.later);
      syncBuiltinESMExports();
    },
  };
  for (const name of single) Object.assign(fs, { [name]: after(disk.step, fs[name] as Work) });
  Object.assign(fs, inSteps(disk.step, real.sync));
  for (const name of later) {
    const work = fs.promises[name] as Work;
    Object.assign(fs.promises, { [name]: async (...args: unknown[]) => after(disk.step, work)(...args) });
  }
  syncBuiltinESMExports();
  return disk;
}

type Work = (...args: unknown[]) => unknown;
type Real = Pick<typeof fs, (typeof single)[number] | (typeof many)[number]>;

function after(step: () => void, work: Work): Work {
  return (...args) => {
    step();
    return work(...args);
  };
}

function inSteps(step: () => void, real: Real): Pick<typeof fs, (typeof many)[number]> {
  const writeFileSync: typeof fs.writeFileSync = (file, content, how) => {
    step();
    if (typeof file !== 'number' && !(typeof how === 'object' && how?.flag)) {
      real.writeFileSync(file, '', how);
      step();
    }
    real.writeFileSync(file, content, how);
  };
  const copyFileSync: typeof fs.copyFileSync = (from, to, mode = 0) => {
    step();
    if (!fs.existsSync(to)) {
      real.writeFileSync(to, '');
      step();
      real.rmSync(to);
    }
    real.copyFileSync(from, to, mode);
  };
  const rmSync: typeof fs.rmSync = (path, how) => {
    const isFolder = fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
    step();
    if (isFolder) {
      for (const name of halfOf(path)) real.rmSync(join(`${path}`, name), how);
      step();
    }
    real.rmSync(path, how);
  };
  const cpSync: typeof fs.cpSync = (from, to, how) => {
    step();
    if (!fs.lstatSync(from).isDirectory()) return real.cpSync(from, to, how);
    const first = halfOf(from);
    real.mkdirSync(to, { recursive: true });
    for (const name of first) real.cpSync(join(`${from}`, name), join(`${to}`, name), how);
    step();
    for (const name of fs.readdirSync(from)) if (!first.includes(name)) real.cpSync(join(`${from}`, name), join(`${to}`, name), how);
  };
  return { writeFileSync, copyFileSync, rmSync, cpSync };
}

function halfOf(folder: fs.PathLike | URL): string[] {
  const names = fs.readdirSync(folder);
  return names.slice(0, Math.ceil(names.length / 2));
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
