/**
 * Bundles the agent, its session helper and its launcher into one file each. With the release key, which is kept offline, it also writes
 * the signed manifest of an update. `packaging/agent.ts` makes packages of these files.
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
  /** Time at which the manifest expires, in ms since 1970. */
  expires: number;
  key?: KeyObject;
  /** Entry file of the agent's bundle; tests use another one. */
  entry?: string;
};

const root = new URL('../../../', import.meta.url);

/** Entry of the session helper. It has only the verb `room`, because the helper keeps its code in memory for months. */
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

/** Writes one bundle. `known`: names that the bundler replaces by texts. Resolves with the input files whose code is in the bundle. */
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
    // CommonJS packages in the bundle call `require`, which an ES module lacks.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  // The bundler leaves non-ASCII characters in regular expressions unescaped.
  const text = readFileSync(outfile, 'utf8');
  const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  writeFileSync(outfile, text.replaceAll(/\P{ASCII}/gu, escaped));
  const inputs = Object.values(metafile.outputs).flatMap((one) => Object.entries(one.inputs));
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
}

/** Returns the source code of the worker thread, which the agent's bundle contains as a text. Only Windows uses it. */
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
 * Returns the address and the pin of the server, which the package contains; undefined without both options. `roots`: path of the
 * server's `roots.pem`, whose first certificate gives the pin. Throws if only one option is given, the address is not
 * `https://HOST:PORT`, or the file has no certificate.
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

/** Packages that the agent never uses: for MQTT over WebSocket, by proxy or in a browser, MQTT 5 aliases, and a logging thread. */
const unused = ['ws', 'socks', 'worker-timers', 'lru-cache', 'thread-stream'];
/** Modules of systeminformation that are left out. The inventory uses only system, osinfo, cpu and memory. */
const unusedInventoryModules =
  'battery|graphics|filesystem|network|wifi|processes|users|internet|docker|virtualbox|printer|usb|audio|bluetooth';
/** Modules that are left out because only the server uses them, by their importer: a further language, and faults of the server. */
const serverOnlyModules: Readonly<Record<string, string>> = {
  './mr.ts': '/domain/words/words.ts',
  './faults/centre.ts': '/domain/faults.ts',
};
/** Packages that a module of Node replaces. */
const nodeReplacements: Record<string, string> = { 'readable-stream': 'node:stream' };
/** Modules of Node that are loaded at first use. The session helper never uses them. An ES import of node:http also loads undici. */
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

/** Returns the code of a module that exports all names of a Node module, and loads the Node module when a name is first used. */
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
