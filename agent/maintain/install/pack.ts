/**
 * The agent as one file, its seat in a session as another, its launcher, and with the key of the releases (which is kept away from the network) the
 * signed manifest of an update. `packaging/agent.ts` makes packages of them.
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
import { build, type Plugin } from 'esbuild';
import { addressOf, type KnownCentre, placeOf } from '../../identity/known-centre.ts';

/** What is packed, from where, and to where. */
export type Pack = {
  out: string;
  version: string;
  minimum: string;
  /** Wall clock, ms. */
  expires: number;
  key?: KeyObject;
  /** The program that is packed; another one only in a test. */
  entry?: string;
};

const root = new URL('../../../', import.meta.url);

/** The verb `room` without the others: the seat holds for months the text of all that it was loaded with. */
const seat = `
  import { main } from './agent/room.ts';
  import { dataFolder } from './agent/uplink/store/data-folder.ts';
  await main(process.env, dataFolder(process.env, process.argv.slice(2)));
  process.exit();
`;

/** Writes `agent.mjs` with its licences, `room.mjs`, `launch.mjs` and, where there is a key, `manifest.json` into the folder. */
export async function pack({ out, version, minimum, expires, key, entry = 'agent/cli.ts' }: Pack): Promise<Manifest> {
  mkdirSync(out, { recursive: true });
  const known = { SABHA_VERSION: JSON.stringify(version), ...(await threadsOf()) };
  // In one file every module would be the one that was started.
  const packed = await bundle(entry, join(out, 'agent.mjs'), { ...known, 'import.meta.main': 'false' });
  writeFileSync(join(out, 'agent.mjs.LEGAL.txt'), licencesOf(packed, fileURLToPath(root)));
  await bundle({ contents: seat, resolveDir: fileURLToPath(root) }, join(out, 'room.mjs'), known);
  await bundle('agent/maintain/update/main.ts', join(out, 'launch.mjs'), known);
  const content = readFileSync(join(out, 'agent.mjs'));
  const manifest = { version, minimum, expires, size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  if (key !== undefined) writeFileSync(join(out, 'manifest.json'), JSON.stringify(sealSigned(manifest, key)));
  return manifest;
}

/** `known`: names that the packer replaces. Resolves with the files of which something is in it. */
async function bundle(
  entry: string | { contents: string; resolveDir: string },
  outfile: string,
  known: Record<string, string>,
): Promise<string[]> {
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
    plugins: [lean],
    define: known,
    // Packages of the old module form ask for `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  // The packer leaves what stands in patterns as it is.
  const text = readFileSync(outfile, 'utf8');
  const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  writeFileSync(outfile, text.replaceAll(/\P{ASCII}/gu, escaped));
  const inputs = Object.values(metafile.outputs).flatMap((one) => Object.entries(one.inputs));
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
}

/** A thread has a program of its own; in one file that is a text in it, by its name. Only Windows is asked like this. */
export async function threadsOf(): Promise<{ SABHA_ASKING_THREAD: string }> {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(root),
    entryPoints: ['agent/platform/windows/native/asking-thread.ts'],
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

/** The centre for whose offices it is; `roots`: its `roots.pem`, of which the first is the one that codes name. Throws. */
export function centreOf({ centre, roots }: { centre?: string | undefined; roots?: string | undefined }): KnownCentre | undefined {
  if (centre === undefined && roots === undefined) return undefined;
  if (centre === undefined || roots === undefined)
    throw new Error('--centre and --roots go together: its address, and its data/flows/ca/roots.pem');
  const place = placeOf(centre);
  if (place === undefined) throw new Error(`--centre: "${centre}" is no address https://HOST:PORT`);
  const pem = readFileSync(roots, 'utf8');
  if (!/^-----BEGIN CERTIFICATE-----/m.test(pem)) throw new Error(`--roots: ${roots} has no certificate`);
  return { centre: addressOf(place), pin: pinOf(new X509Certificate(pem).raw) };
}

/** MQTT over web sockets, through a proxy, in a browser and with the aliases of MQTT 5; a log that is written by a thread of its own. */
const unused = ['ws', 'socks', 'worker-timers', 'lru-cache', 'thread-stream'];
/** Of systeminformation the inventory asks system, osinfo, cpu and memory. */
const unasked = 'battery|graphics|filesystem|network|wifi|processes|users|internet|docker|virtualbox|printer|usb|audio|bluetooth';
/** What the centre alone says, by who asks for it: a language that the agent does not speak, and the faults that no PC reports. */
const centres: Readonly<Record<string, string>> = { './mr.ts': '/domain/words/words.ts', './faults/centre.ts': '/domain/faults.ts' };
/** Node's own streams do what the package copies for other systems. */
const copies: Record<string, string> = { 'readable-stream': 'node:stream' };
/** Loaded when something of them is first used: the seat in the session, which has no network, never does. Of node:http an ES module would load undici too. */
const costly: Readonly<Record<string, object>> = {
  'node:http': http,
  'node:https': https,
  'node:tls': tls,
  'node:crypto': crypto,
  'node:dgram': dgram,
  'node:dns/promises': dns,
};

const named = (names: readonly string[]) => new RegExp(`^(?:${names.join('|')})$`);

/** The plugin of the packer. */
const lean: Plugin = {
  name: 'lean',
  setup(build) {
    build.onResolve({ filter: named(unused) }, ({ path }) => ({ path, namespace: 'unused' }));
    build.onResolve({ filter: new RegExp(`^\\./(?:${unasked})$`) }, ({ path, importer }) =>
      importer.includes('/systeminformation/lib/') ? { path, namespace: 'unused' } : undefined,
    );
    build.onResolve({ filter: /\.ts$/ }, ({ path, importer }) => {
      const by = centres[path];
      return by !== undefined && importer.endsWith(by) ? { path, namespace: 'unused' } : undefined;
    });
    build.onResolve({ filter: named(Object.keys(copies)) }, ({ path }) => ({ path, namespace: 'builtin' }));
    build.onResolve({ filter: named(Object.keys(costly)) }, ({ path }) => ({ path, namespace: 'costly' }));
    build.onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(copies[path])});`,
    }));
    build.onLoad({ filter: /./, namespace: 'costly' }, ({ path }) => ({ contents: whenUsed(path) }));
  },
};

/** A module that has all names of this one of Node's, and asks it for what is behind a name when that is used. */
function whenUsed(path: string): string {
  const names = Object.keys(costly[path] ?? {});
  return `let loaded;
const all = () => (loaded ??= process.getBuiltinModule(${JSON.stringify(path)}));
for (const name of ${JSON.stringify(names)}) Object.defineProperty(module.exports, name, { enumerable: true, get: () => all()[name] });`;
}

/** The text of the licence of each package that has something in the bundle; `files` as the packer names them, `root` is where they lie. */
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
