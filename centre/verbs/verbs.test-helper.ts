/** A machine of scripted programs, in a folder of its own, and sources of a Sabha that is small. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Ran } from '../machine/machine.ts';
import { type Places, placesOf } from '../machine/places.ts';
import type { Context } from './context.ts';

export type Scripted = Context & {
  root: string;
  /** What was said. */
  said: string[];
  /** What it was at, one after the other. */
  begun: string[];
  /** Programs that were called, as one line each. */
  calls: string[];
  /** Which release the parts run, as it was at their last start; undefined while they are stopped. */
  running(): string | undefined;
  /** Sets it. */
  runs(release: string | undefined): void;
  /** The version of the ledger, as it stands in its file; undefined where there is none. */
  ledger: number | undefined;
  /** To which version a release brings the ledger; it starts on no newer one. One that is not here takes any as it is. */
  knows: Map<string, number>;
  /** Called before each program. */
  step(): void;
  /** Ends the call at this program, as a kill would. */
  killAt: number;
  /** Why a restore is refused; '' = it is done. */
  refuses: string;
  /** Releases that do not come up. */
  broken: Set<string>;
};

export class Killed extends Error {}

const done = (out = ''): Ran => ({ code: 0, out, err: '' });
const failed = (err: string): Ran => ({ code: 1, out: '', err });

/** Sources of a version. */
export function sourcesOf(root: string, version: string): string {
  const from = join(root, 'sources', version);
  const files: Record<string, string> = {
    LICENSE: 'Apache-2.0',
    'package.json': JSON.stringify({ version }),
    'package-lock.json': JSON.stringify({
      packages: { '': {}, 'node_modules/mqtt': {}, 'node_modules/node': {}, 'node_modules/vitest': { dev: true } },
    }),
    'start.ts': `// ${version}`,
    'broker/main.ts': '',
    'broker/main.test.ts': '',
    'centre/cli.ts': '',
    'dashboards/main.ts': '',
    'flows/main.ts': '',
    'node_modules/mqtt/package.json': '{}',
    'node_modules/vitest/package.json': '{}',
    'node_modules/node/bin/node': '',
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(from, file)), { recursive: true });
    writeFileSync(join(from, file), text);
  }
  mkdirSync(join(from, 'node_modules/.bin'), { recursive: true });
  if (!existsSync(join(from, 'node_modules/.bin/node'))) symlinkSync('../node/bin/node', join(from, 'node_modules/.bin/node'));
  return from;
}

export function scripted(): Scripted {
  const root = mkdtempSync(join(tmpdir(), 'sabha-centre-'));
  const places = placesOf(root);
  const said: string[] = [];
  const begun: string[] = [];
  const calls: string[] = [];
  let running: string | undefined;
  const ledger = join(places.data, 'flows/ledger.db');
  const versionIn = (file: string) => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined);
  const own = { user: process.getuid?.() ?? 0, group: process.getgid?.() ?? 0 };
  const scene: Scripted = {
    root,
    places,
    said,
    begun,
    calls,
    from: sourcesOf(root, '1.0.0'),
    calledIn: root,
    machine: { run },
    idOf: () => own,
    isBooted: true,
    say: (line) => said.push(line),
    begin: (step) => begun.push(step),
    running: () => running,
    runs(release) {
      running = release;
    },
    get ledger() {
      return versionIn(ledger);
    },
    set ledger(version) {
      writeFileSync(ledger, `${version}`);
    },
    knows: new Map(),
    step: () => undefined,
    killAt: Number.POSITIVE_INFINITY,
    refuses: '',
    broken: new Set(),
  };
  const answers: Record<string, (words: string[]) => Ran> = {
    systemctl([verb = '', unit = '']) {
      if (verb === 'stop') running = undefined;
      if (verb === 'restart') {
        running = current(places);
        if (canStart(scene, running)) scene.ledger = Math.max(scene.ledger ?? 13, scene.knows.get(running ?? '') ?? 0);
      }
      if (['is-active', 'start'].includes(verb) && !isUp()) return failed(`${unit} failed`);
      return done();
    },
    journalctl: () => done('{"level":60,"msg":"the ledger has version 14, this flows knows 13 and older"}\n'),
    node([first = '', ...words]) {
      if (first.endsWith('/flows/cli/cli.ts')) return sabha(words);
      return done(words.includes('--parts') ? partsText : first === '-e' ? `${scene.ledger}\n` : '');
    },
  };

  /** A release that is broken does not come up, and none does on a newer ledger or in the middle of a restore. */
  const isUp = () => !scene.broken.has(running ?? '') && canStart(scene, running);

  function sabha([verb, file = '', ...more]: string[]): Ran {
    if (verb === 'backup') return running === undefined ? failed('the centre does not answer') : backup(file);
    if (!existsSync(file)) return failed(`${file}: ENOENT; nothing is changed`);
    if (scene.refuses !== '') return failed(`${file}: ${scene.refuses}`);
    if (!more.includes('--check')) restore(file);
    return done(more.includes('--json') ? JSON.stringify({ about: { ledger: versionIn(file), file } }) : `${file} is whole\n`);
  }

  /** As the real one: what stood here is put aside, and the other takes its place. */
  function restore(file: string): void {
    const [flows, restoring] = [dirname(ledger), `${dirname(ledger)}.restoring`];
    rmSync(restoring, { recursive: true, force: true });
    mkdirSync(restoring);
    writeFileSync(join(restoring, 'ledger.db'), `${versionIn(file) || 13}`);
    if (existsSync(flows)) renameSync(flows, `${flows}.before-${calls.length}`);
    renameSync(restoring, flows);
  }

  function backup(to: string): Ran {
    const file = to === '--json' ? join(root, 'hourly') : to;
    writeFileSync(`${file}.part`, `${scene.ledger}`);
    renameSync(`${file}.part`, file);
    return done(JSON.stringify({ file }));
  }

  function run(program: string, args: readonly string[]): Ran {
    scene.step();
    calls.push([basename(program), ...args].join(' '));
    if (calls.length === scene.killAt) throw new Killed();
    return answers[basename(program)]?.([...args]) ?? done();
  }
  return scene;
}

const partsText = JSON.stringify(['broker', 'flows', 'dashboards'].map((name) => ({ name, args: [`${name}/main.ts`] })));

/** Whether the parts of a release start on the data that are there, as their own start judges it. */
export function canStart({ places, ledger, knows }: Scripted, release: string | undefined): boolean {
  const flows = join(places.data, 'flows');
  if (!existsSync(flows)) return !existsSync(`${flows}.restoring`);
  return (ledger ?? 0) <= (knows.get(release ?? '') ?? Number.POSITIVE_INFINITY);
}

/** The release in use, whatever is whole of it. */
export function current({ current: link }: Places): string | undefined {
  return existsSync(link) ? basename(readlinkSync(link)) : undefined;
}
