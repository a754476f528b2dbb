/** `npm run pack:server [-- --out FOLDER] [--version X.Y.Z]`: builds the server as a Debian package. Installed folder: `server/`. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { copy, type PackageResult, put } from '../agent/maintain/install/packing.ts';
import { buildDeb, layOut, nodeDepends, nodeFolder } from './deb.ts';

const sources = fileURLToPath(new URL('../', import.meta.url));
const site = 'docs/.vitepress/dist';
const library = 'usr/lib/sabha-server';
const documents = 'usr/share/doc/sabha-server';
const programs = ['start.ts', 'broker', 'flows', 'dashboards'];
const isAgents = /\/(node-linux-.*|@sabha\/agent)$/;
const isLeftOut = /\.(test|test-helper)\.[jt]s$|\/node_modules$/;
const fields = {
  Depends: `${nodeDepends}, passwd, util-linux, systemd-standalone-sysusers | systemd`,
  Description:
    'server of Sabha, which checks conferencing rooms before each meeting\n It receives the state of each PC, turns faults into incidents, and\n notifies technicians.',
};

/** Builds `sabha-server_VERSION_ARCHITECTURE.deb` from these sources and their packages, with its own Node. */
async function packServer(out: string, version: string): Promise<PackageResult> {
  if (!existsSync(join(sources, site))) return { ok: false, line: `${site} is missing: run npm run pack:docs first` };
  mkdirSync(out, { recursive: true });
  const root = mkdtempSync(join(out, 'deb-'));
  const bring = (path: string, filter: (from: string) => boolean) =>
    cpSync(join(sources, path), join(root, library, path), { recursive: true, verbatimSymlinks: true, filter });
  try {
    const problem = await layOut(root, 'server/', join(library, 'node'));
    if (problem !== null) return { ok: false, line: problem };
    for (const path of programs) bring(path, (from) => !isLeftOut.test(from));
    for (const path of runtimePackages()) bring(path, () => true);
    cpSync(join(sources, site), join(root, library, 'docs'), { recursive: true });
    put(root, join(library, 'package.json'), JSON.stringify({ ...read('package.json'), version }));
    copy(root, join(sources, 'LICENSE'), join(documents, 'copyright'));
    copy(root, join(nodeFolder, 'LICENSE'), join(documents, 'node.copyright'));
    return await buildDeb(root, { name: 'sabha-server', version, fields, out, fast: true });
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Returns the folders of the npm packages that the server needs at run time. A nested package is copied with the outer package. */
function runtimePackages(): string[] {
  const { packages }: { packages: Record<string, { dev?: boolean; devOptional?: boolean }> } = read('package-lock.json');
  const paths = Object.keys(packages).filter((path) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !isAgents.test(path));
  return paths.filter((path) => !packages[path]?.dev && !packages[path]?.devOptional && existsSync(join(sources, path)));
}

function read(file: string) {
  return JSON.parse(readFileSync(join(sources, file), 'utf8'));
}

const { out, version } = parseArgs({
  options: { out: { type: 'string', default: 'dist/server' }, version: { type: 'string', default: read('package.json').version } },
}).values;
const made = await packServer(out, version);
console.log(made.ok ? made.file : made.line);
process.exitCode = made.ok ? 0 : 1;
