/** Builds a Debian package from a folder with the layout of the installed files. */
import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PackageResult, put, run } from '../agent/maintain/install/packing.ts';

/**
 * A package to build. `fields`: control fields besides those that all packages share. `fast`: a larger package in seconds, not a minute.
 */
export type Package = { name: string; version: string; fields: Record<string, string>; out: string; fast: boolean };

const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };
const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));
/** Folder of the npm package that contains Node for this machine, and its licence. */
export const nodeFolder = join(modules, `node-linux-${process.arch}`);
/** Shared libraries that Node needs. */
export const nodeDepends = 'libc6 (>= 2.28), libstdc++6, libgcc-s1, libatomic1';

/** Copies a folder beside this file, and Node without debug symbols, to their installed places. Returns null, or a one-line error. */
export async function layOut(root: string, folder: string, node: string): Promise<string | null> {
  cpSync(new URL(folder, import.meta.url), root, { recursive: true, verbatimSymlinks: true });
  mkdirSync(dirname(join(root, node)), { recursive: true });
  return run('strip', ['-o', join(root, node), join(nodeFolder, 'bin/node')]);
}

/**
 * Builds `NAME_VERSION_ARCHITECTURE.deb` in `out`, for the architecture of this machine.
 * Guarantee: the same files and the same SOURCE_DATE_EPOCH give the same package, byte by byte, with any umask.
 */
export async function buildDeb(root: string, { name, version, fields, out, fast }: Package): Promise<PackageResult> {
  const architecture = architectures[process.arch];
  if (process.platform !== 'linux' || architecture === undefined) return { ok: false, line: 'it is made on Linux, x64 or arm64' };
  const control = {
    ...{ Package: name, Version: version, Architecture: architecture },
    ...{ Maintainer: 'The maintainers of Sabha <sabha@localhost>', Section: 'net', Priority: 'optional' },
    ...fields,
  };
  put(
    root,
    'DEBIAN/control',
    Object.entries(control)
      .flatMap(([field, value]) => `${field}: ${value}\n`)
      .join(''),
  );
  setModes(root);
  const file = join(out, `${name}_${version}_${architecture}.deb`);
  const compression = fast ? ['-Zzstd', '-z1'] : ['-Zxz'];
  const problem = await run('dpkg-deb', ['--root-owner-group', ...compression, '--build', root, file]);
  return problem === null ? { ok: true, file } : { ok: false, line: problem };
}

/** Makes the files readable by everyone and writable by root only. A file that its owner may execute stays executable. */
function setModes(path: string): void {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return;
  const isProgram = found.isDirectory() || (found.mode & 0o100) !== 0;
  chmodSync(path, isProgram ? 0o755 : 0o644);
  if (found.isDirectory()) for (const name of readdirSync(path)) setModes(join(path, name));
}
