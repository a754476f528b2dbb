/** A release: what a centre runs, in a folder of its own beside the others, never changed once it stands there. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { CentreError } from '../machine/centre-error.ts';
import type { Machine } from '../machine/machine.ts';
import { lastLine } from '../machine/owners.ts';
import type { Places } from '../machine/places.ts';
import { type Part, unitsOf } from '../units/units.ts';
import { draftIn } from './links.ts';
import { packagesOf } from './packages.ts';

/** Where it comes from: a folder with the sources and its packages. */
export type Sources = { from: string; places: Places; machine: Machine };

/** What of the sources a centre runs. */
const wanted = ['LICENSE', 'package.json', 'package-lock.json', 'start.ts', 'broker', 'centre', 'dashboards', 'flows'];
const isTest = (path: string) => /\.(test|test-helper)\.[jt]s$/.test(path);
const nodePath = 'node_modules/.bin/node';
const partsSchema = v.pipe(v.string(), v.parseJson(), v.array(v.object({ name: v.string(), args: v.array(v.string()) })));
const versionSchema = v.pipe(v.string(), v.parseJson(), v.object({ version: v.pipe(v.string(), v.regex(/^[\w.+-]{1,40}$/)) }));

/** The name of the release that these sources make: their version, and a mark of what they say. The lock file says it of the packages. */
export function nameOf(from: string): string {
  const version = v.safeParse(versionSchema, read(from, 'package.json'));
  if (!version.success) throw new CentreError(`${join(from, 'package.json')}: has no version`);
  const hash = createHash('sha256');
  for (const file of filesOf(from))
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(from, file)))
      .update('\0');
  return `${version.output.version}-${hash.digest('hex').slice(0, 10)}`;
}

/**
 * Lays a release beside the others, with the units that its parts become; answers its name. It asks `settings`, the file of the centre, which
 * parts there are. Throws a `CentreError` where it cannot be made.
 * Guarantee: under its name stands nothing, or all of it, on the disk.
 */
export function layRelease({ from, places, machine }: Sources, settings: string): string {
  const name = nameOf(from);
  const [draft, place] = [draftIn(places), join(places.releases, name)];
  if (existsSync(place)) {
    // It says what is wrong with settings that were changed since.
    partsOf(place, settings, machine);
    return name;
  }
  const remove = () => rmSync(draft, { recursive: true, force: true });
  try {
    remove();
    fill(draft, { from, places, machine }, settings);
    renameSync(draft, place);
  } catch (error) {
    remove();
    throw error;
  }
  return name;
}

function fill(draft: string, { from, places, machine }: Sources, settings: string): void {
  mkdirSync(draft, { recursive: true });
  for (const file of filesOf(from)) copy(from, draft, file);
  copyPackages(from, draft);
  const parts = partsOf(draft, settings, machine);
  mkdirSync(join(draft, 'units'));
  for (const unit of unitsOf(parts, places)) writeFileSync(join(draft, 'units', unit.name), unit.text);
  writeFileSync(join(draft, 'units', 'parts.json'), JSON.stringify(parts.map((one) => one.name)));
  writeFileSync(join(draft, 'units', 'sabha'), commandText(places), { mode: 0o755 });
  open(draft);
  const { code, err } = machine.run('sync', ['--file-system', draft]);
  if (code !== 0) throw new CentreError(`${draft}: cannot be written: ${lastLine(err)}`);
}

/** Names of the parts of a release that became services. */
export function partNames(release: string): string[] {
  return v.parse(v.pipe(v.string(), v.parseJson(), v.array(v.string())), readFileSync(join(release, 'units', 'parts.json'), 'utf8'));
}

/** What the centre of a release is run by. */
export function nodeIn(release: string): string {
  return join(release, nodePath);
}

/** Files below the sources that a release has, packages aside, in order. */
function filesOf(from: string): string[] {
  const below = (path: string): string[] => {
    const found = lstatSync(join(from, path), { throwIfNoEntry: false });
    if (found === undefined) throw new CentreError(`${join(from, path)}: is not there`);
    if (!found.isDirectory()) return isTest(path) ? [] : [path];
    return readdirSync(join(from, path))
      .toSorted()
      .flatMap((name) => (name === 'node_modules' ? [] : below(join(path, name))));
  };
  return wanted.flatMap(below);
}

function copyPackages(from: string, draft: string): void {
  const names = packagesOf(read(from, 'package-lock.json')).filter((name) => existsSync(join(from, 'node_modules', name)));
  if (!existsSync(join(from, nodePath))) throw new CentreError(`${join(from, nodePath)}: is not there: run "npm ci" in ${from} first`);
  for (const name of names) copy(from, draft, join('node_modules', name));
  mkdirSync(dirname(join(draft, nodePath)));
  symlinkSync(readlinkSync(join(from, nodePath)), join(draft, nodePath));
}

function copy(from: string, to: string, path: string): void {
  cpSync(join(from, path), join(to, path), { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
}

/** Every part may read it and nobody but root change it, whatever the umask was where it came from. */
function open(path: string): void {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return;
  const isProgram = found.isDirectory() || (found.mode & 0o100) !== 0;
  chmodSync(path, isProgram ? 0o755 : 0o644);
  if (found.isDirectory()) for (const name of readdirSync(path)) open(join(path, name));
}

function partsOf(release: string, settings: string, { run }: Machine): Part[] {
  const { code, out, err } = run(nodeIn(release), [join(release, 'start.ts'), '--parts'], { env: { SABHA_CONFIG: settings } });
  if (code !== 0) throw new CentreError(lastLine(err || out) || `${release}: does not say which parts it has`);
  const parts = v.safeParse(partsSchema, out);
  if (!parts.success) throw new CentreError(`${release}: does not say which parts it has`);
  return parts.output;
}

/** The operator's command, as the user of flows: what it restores or reads is that user's. */
function commandText({ current, data, settings }: Places): string {
  return `#!/bin/sh
set -eu
if [ "$(id -u)" -ne 0 ]; then
  echo 'sabha: this needs root: put sudo before it' >&2
  exit 2
fi
exec setpriv --reuid=sabha-flows --regid=sabha-flows --clear-groups --no-new-privs --inh-caps=-all -- env SABHA_CONFIG=${join(settings, 'sabha.json')} SABHA_DATA=${data} INIT_CWD="$PWD" ${join(current, nodePath)} ${join(current, 'flows/cli/cli.ts')} "$@"
`;
}

function read(from: string, file: string): string {
  try {
    return readFileSync(join(from, file), 'utf8');
  } catch (error) {
    throw new CentreError(`${join(from, file)}: cannot be read: ${error instanceof Error && 'code' in error ? error.code : error}`);
  }
}
