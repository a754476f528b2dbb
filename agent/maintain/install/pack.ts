/**
 * The agent as one file, its seat in a session as another, its launcher, and with the key of the releases (which is kept away from the network) the
 * signed manifest of an update. `packaging/agent.ts` makes packages of them.
 */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Manifest, pinOf, sealSigned } from '#contracts';
import type { KnownCentre } from '../../identity/known-centre.ts';
import { addressOf, placeOf } from '../../identity/place.ts';
import { lean } from './lean.ts';
import { licencesOf } from './licences.ts';

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
