/** A Windows of folders of this machine, whose programs are played: schtasks keeps its tasks as files, icacls is only heard, the agent enrols. */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createAuthority } from '../../test/security/authority.ts';
import { identityFolder, storeIdentity } from '../identity/identity.ts';
import type { Answers, Machine } from './machine.ts';
import type { Places } from './places.ts';
import { payload } from './places.ts';
import type { Outcome, Step, Tell } from './steps.ts';
import { phrases } from './words.ts';

export type Heard = { program: string; args: readonly string[] };
export type PlayedWindows = {
  places: Places;
  /** What was called, oldest first. */
  calls: Heard[];
  /** Tasks that were started and not ended. */
  running: Set<string>;
  /** From now on these calls fail. */
  refuse(which: (call: Heard) => boolean): void;
  /** `given`: what somebody gives, one after the other; then nobody is there. */
  machine(...given: (Answers | 'without')[]): Machine;
  /** All files but those of the running system's own, with their content. */
  tree(): Record<string, string>;
};

export const answers: Answers = { code: 'CODE', centre: 'https://centre.test:8443', pc: 'ladakh/leh/hall' };

/** Only the program is in it, unpacked. */
export function playWindows(version = '1'): PlayedWindows {
  const root = mkdtempSync(join(tmpdir(), 'sabha windows-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const at = (...names: string[]) => join(root, ...names);
  const places = { source: at('zip'), program: at('Programs', 'Sabha'), data: at('Data', 'सभा'), system: at('System32'), menu: at('Menu') };
  for (const folder of ['Programs', 'Data', 'System32/Tasks/Sabha']) mkdirSync(at(folder), { recursive: true });
  unpack(places.source, version);
  const calls: Heard[] = [];
  const running = new Set<string>();
  let isRefused = (_: Heard) => false;
  const run: Machine['run'] = async (path, args) => {
    const call = { program: basename(path), args };
    calls.push(call);
    if (isRefused(call)) return { code: 1, text: 'ERROR: refused\r\nmore' };
    if (call.program === 'schtasks.exe') return schedule(at('System32/Tasks'), args, running);
    if (call.program === 'node.exe') return enrolled(args);
    return { code: 0, text: '' };
  };
  return {
    places,
    calls,
    running,
    refuse: (which) => {
      isRefused = which;
    },
    machine: (...given) => ({
      places,
      run,
      answers: async () => given.shift() ?? 'nobody',
      pause: async () => {},
      rename: renameSync,
      language: 'hi',
      say: (key) => phrases[key].en,
    }),
    tree: () => Object.fromEntries(filesIn(root).map((path) => [path.slice(root.length + 1), contentOf(path)])),
  };
}

/** What the zip has, each file with the version as its content. */
export function unpack(folder: string, version: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of payload) {
    const file = new URL(`windows/${name}`, import.meta.url);
    if (existsSync(file) && name.includes('.')) cpSync(file, join(folder, name));
    else if (name.includes('.')) writeFileSync(join(folder, name), version);
    else {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'one'), version);
    }
  }
}

/** Remembers what it is told, in lines. */
export function listener(): Tell & { lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    done: (name: Step['name'], outcome: Outcome) =>
      lines.push(outcome.ok ? `${name}${outcome.note ? `: ${outcome.note}` : ''}` : `${name} failed: ${outcome.line}`),
    undone: (name, why) => lines.push(why === null ? `${name} back` : `${name} not back: ${why}`),
  };
}

function schedule(folder: string, args: readonly string[], running: Set<string>) {
  const after = (word: string) => args[args.indexOf(word) + 1] ?? '';
  const name = after('/tn');
  const file = join(folder, ...name.split('\\'));
  const fails = { code: 1, text: `ERROR: ${name} is not there` };
  if (args[0] === '/create') writeFileSync(file, readFileSync(after('/xml')));
  else if (!existsSync(file)) return fails;
  else if (args[0] === '/delete') rmSync(file);
  else if (args[0] === '/run') running.add(name);
  else if (args[0] === '/change') writeFileSync(file, Buffer.from(disabled(readFileSync(file, 'utf16le')), 'utf16le'));
  else if (args[0] === '/end') running.delete(name);
  else throw new Error(`schtasks ${args.join(' ')}`);
  return { code: 0, text: '' };
}

function disabled(task: string): string {
  return task.replace(/(?<=<Enabled>)true(?=<\/Enabled>\s*<Hidden>)/, 'false');
}

async function enrolled(args: readonly string[]) {
  const [verb, code, pc = ''] = [args[2], args[3], args[7]];
  if (verb !== 'enrol') throw new Error(args.join(' '));
  if (code !== 'CODE') return { code: 1, text: 'the code is not known' };
  const authority = await createAuthority('Sabha');
  const { key, pem } = await authority.issue({ cn: pc.replaceAll('/', '.'), use: 'client' });
  const centre = { host: 'centre.test', mqttPort: 8_883, enrolPort: 8_443, centreKey: null };
  storeIdentity(identityFolder(args.at(-1) ?? ''), { key, chain: pem, roots: [authority.root], centre });
  return { code: 0, text: `${pc} is enrolled until 2027-01-01` };
}

/** No link is followed. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

function contentOf(path: string): string {
  return lstatSync(path).isSymbolicLink() ? `link to ${readlinkSync(path)}` : readFileSync(path, 'latin1');
}
