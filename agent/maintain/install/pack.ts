/**
 * Bundles the agent into one file, its session helper and its launcher into others. With the release key (which is kept offline) it
 * also writes the signed manifest of an update. `packaging/agent.ts` makes packages of them.
 */
import crypto, { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns/promises';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type Manifest, pinOf, sealSigned } from '@sabha/contracts';
import { build, type Plugin, type StdinOptions } from 'esbuild';
import { type KnownCentre, parseAddress, serverUrl } from '../../identity/known-server.ts';

export type Pack = {
  out: string;
  version: string;
  minimum: string;
  /** Wall clock, ms. */
  expires: number;
  key?: KeyObject;
  /** Entry file of the bundle; another one only in tests. */
  entry?: string;
};

const root = new URL('../../../', import.meta.url);

/** Contains the verb `room` alone, because the session helper keeps its code in memory for months. */
const roomEntry = `
  import { main } from './agent/room.ts';
  import { dataFolder } from './agent/uplink/store/data-folder.ts';
  await main(process.env, dataFolder(process.env, process.argv.slice(2)));
  process.exit();
`;

/** Writes `agent.mjs` with its licences, `room.mjs`, `launch.mjs` and, with a key, `manifest.json` into the folder. */
export async function pack({ out, version, minimum, expires, key, entry = 'agent/cli.ts' }: Pack): Promise<Manifest> {
  mkdirSync(out, { recursive: true });
  const known = { SABHA_VERSION: JSON.stringify(version), ...(await threadsOf()) };
  // In one bundled file `import.meta.main` would be true for every module.
  const packed = await bundle(entry, join(out, 'agent.mjs'), { ...known, 'import.meta.main': 'false' });
  writeFileSync(join(out, 'agent.mjs.LEGAL.txt'), licencesOf(packed, fileURLToPath(root)));
  await bundle({ contents: roomEntry, resolveDir: fileURLToPath(root) }, join(out, 'room.mjs'), known);
  await bundle('agent/maintain/update/main.ts', join(out, 'launch.mjs'), known);
  const content = readFileSync(join(out, 'agent.mjs'));
  const manifest = { version, minimum, expires, size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  if (key !== undefined) writeFileSync(join(out, 'manifest.json'), JSON.stringify(sealSigned(manifest, key)));
  return manifest;
}

/** `known`: names that the bundler replaces. Resolves with the input files that contribute to the output. */
async function bundle(entry: string | StdinOptions, outfile: string, known: Record<string, string>): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(root),
    ...(typeof entry === 'string' ? { entryPoints: [entry] } : { stdin: entry }),
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    minify: true,
    legalComments: 'none',
    metafile: true,
    charset: 'ascii',
    plugins: [shrinkPlugin],
    define: known,
    // CommonJS packages call `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  // The bundler does not escape characters in regular expressions.
  const text = readFileSync(outfile, 'utf8');
  const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  writeFileSync(outfile, text.replaceAll(/\P{ASCII}/gu, escaped));
  const inputs = Object.values(metafile.outputs).flatMap((one) => Object.entries(one.inputs));
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
}

/** A worker thread needs a separate program, which the bundle holds as a string under this name. Only Windows uses it. */
export async function threadsOf(): Promise<{ SABHA_ASKING_THREAD: string }> {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(root),
    entryPoints: ['agent/platform/windows/native/call-queue-thread.ts'],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node26',
    minify: true,
    charset: 'ascii',
    logLevel: 'error',
    define: { SABHA_VERSION: "'packed'" },
  });
  return { SABHA_ASKING_THREAD: JSON.stringify(outputFiles[0]?.text) };
}

/**
 * Returns the address of the server and its pin, to be packed; undefined without both options. `roots`: path of the server's `roots.pem`,
 * whose first certificate gives the pin. Throws if only one is given, the address is not `https://HOST:PORT`, or the file has no
 * certificate.
 */
export function centreOf({ centre, roots }: { centre?: string | undefined; roots?: string | undefined }): KnownCentre | undefined {
  if (centre === undefined && roots === undefined) return undefined;
  if (centre === undefined || roots === undefined)
    throw new Error('--centre and --roots go together: the address of the server, and its data/flows/ca/roots.pem');
  const place = parseAddress(centre);
  if (place === undefined) throw new Error(`--centre: "${centre}" is no address https://HOST:PORT`);
  const pem = readFileSync(roots, 'utf8');
  if (!/^-----BEGIN CERTIFICATE-----/m.test(pem)) throw new Error(`--roots: ${roots} has no certificate`);
  return { centre: serverUrl(place), pin: pinOf(new X509Certificate(pem).raw) };
}

/** Unused: MQTT over WebSocket, by proxy or in a browser, MQTT 5 aliases, and a logging thread. */
const unused = ['ws', 'socks', 'worker-timers', 'lru-cache', 'thread-stream'];
/** Unused parts of systeminformation; the inventory uses system, osinfo, cpu and memory. */
const unusedInventoryModules =
  'battery|graphics|filesystem|network|wifi|processes|users|internet|docker|virtualbox|printer|usb|audio|bluetooth';
/** Modules that only the server uses, by their importer: a language that the agent lacks, and faults that no PC reports. */
const serverOnlyModules: Readonly<Record<string, string>> = {
  './mr.ts': '/domain/words/words.ts',
  './faults/centre.ts': '/domain/faults.ts',
};
/** Node's own streams replace this copy for other systems. */
const nodeReplacements: Record<string, string> = { 'readable-stream': 'node:stream' };
/** Loaded on first use: the session helper, which has no network, never does. An ES import of node:http would also load undici. */
const loadedOnDemand: Readonly<Record<string, object>> = {
  'node:http': http,
  'node:https': https,
  'node:tls': tls,
  'node:crypto': crypto,
  'node:dgram': dgram,
  'node:dns/promises': dns,
};

const named = (names: readonly string[]) => new RegExp(`^(?:${names.join('|')})$`);

const shrinkPlugin: Plugin = {
  name: 'lean',
  setup(build) {
    build.onResolve({ filter: named(unused) }, ({ path }) => ({ path, namespace: 'unused' }));
    build.onResolve({ filter: new RegExp(`^\\./(?:${unusedInventoryModules})$`) }, ({ path, importer }) =>
      importer.includes('/systeminformation/lib/') ? { path, namespace: 'unused' } : undefined,
    );
    build.onResolve({ filter: /\.ts$/ }, ({ path, importer }) => {
      const by = serverOnlyModules[path];
      return by !== undefined && importer.endsWith(by) ? { path, namespace: 'unused' } : undefined;
    });
    build.onResolve({ filter: named(Object.keys(nodeReplacements)) }, ({ path }) => ({ path, namespace: 'builtin' }));
    build.onResolve({ filter: named(Object.keys(loadedOnDemand)) }, ({ path }) => ({ path, namespace: 'costly' }));
    build.onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(nodeReplacements[path])});`,
    }));
    build.onLoad({ filter: /./, namespace: 'costly' }, ({ path }) => ({ contents: lazyModule(path) }));
  },
};

/** Returns a module that exports all names of a Node module and loads it when one is first used. */
function lazyModule(path: string): string {
  const names = Object.keys(loadedOnDemand[path] ?? {});
  return `let loaded;
const all = () => (loaded ??= process.getBuiltinModule(${JSON.stringify(path)}));
for (const name of ${JSON.stringify(names)}) Object.defineProperty(module.exports, name, { enumerable: true, get: () => all()[name] });`;
}

/** Returns the licence texts of all packages in the bundle; `files` as the bundler names them, relative to `root`. */
function licencesOf(files: readonly string[], root: string): string {
  const folders = files.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  const texts = [...new Set(folders)].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, folder)).find((one) => /^licen[cs]e/i.test(one));
    const text = file === undefined ? '' : `\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`;
    return `${name} ${version}: ${license}\n${text}`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n`);
}
