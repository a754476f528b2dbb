// @module-tag long
/** Each verb of the centre, killed at each step on the disk and at each program that it calls. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type DyingDisk, installDyingDisk } from '../../test/dying-disk.ts';
import { readPrevious } from '../release/links.ts';
import { nameOf } from '../release/release.ts';
import { canStart, current, type Scripted, scripted, sourcesOf } from './verbs.test-helper.ts';
import { verbOf } from './verbs.ts';

let disk: DyingDisk;
beforeAll(() => {
  disk = installDyingDisk();
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    scene = scripted();
    const name = sources(version, 13);
    call('install');
    whole.set(name, filesIn(join(scene.places.releases, name)));
    rmSync(scene.root, { recursive: true });
  }
});
afterAll(() => disk.remove());

let scene: Scripted;
afterEach(() => {
  disk.left = Number.POSITIVE_INFINITY;
  for (const folder of [scene.root, `${scene.root}.kept`]) rmSync(folder, { recursive: true, force: true });
});

const call = (...words: string[]) => verbOf(words)(scene);
/** Sources of a version are in turn; its release knows this version of the ledger. */
const sources = (version: string, ledger: number): string => {
  scene.from = sourcesOf(scene.root, version);
  const name = nameOf(scene.from);
  scene.knows.set(name, ledger);
  return name;
};

/** Which release is in use before a verb and after it, on which version of the ledger; `verb` where it is not the name, and how it refuses. */
type Scene = { before: string | undefined; after: string | undefined; ledger: number; verb?: string; refuses?: string };
const scenes: Record<string, () => Scene> = {
  install: () => ({ before: undefined, after: sources('1.0.0', 13), ledger: 13 }),
  /** With a release that goes, since it is of before the last. */
  upgrade() {
    sources('1.0.0', 13);
    call('install');
    const before = sources('2.0.0', 14);
    call('upgrade');
    const after = sources('3.0.0', 15);
    // How it is laid is seen at the install.
    call('upgrade', '--check');
    return { before, after, ledger: 15 };
  },
  'upgrade to a release that does not come up'() {
    const before = sources('1.0.0', 13);
    call('install');
    const name = sources('2.0.0', 14);
    call('upgrade', '--check');
    scene.broken.add(name);
    return { before, after: before, ledger: 13, verb: 'upgrade', refuses: `; ${before} is in use again` };
  },
  rollback() {
    const before = sources('1.0.0', 13);
    call('install');
    const name = sources('2.0.0', 14);
    call('upgrade');
    return { before: name, after: before, ledger: 13 };
  },
  uninstall() {
    const before = sources('1.0.0', 13);
    call('install');
    return { before, after: undefined, ledger: 13 };
  },
};

/** A centre as it stands before a verb. */
function prepared(verb: string): Scene & { again(): void } {
  scene = scripted();
  mkdirSync(scene.places.units, { recursive: true });
  const made = scenes[verb]?.() as Scene;
  return { ...made, ...kept() };
}

/** `again` brings back what is here now, as often as wanted. */
function kept(): { again(): void } {
  const [copy, running] = [`${scene.root}.kept`, scene.running()];
  rmSync(copy, { recursive: true, force: true });
  cpSync(scene.root, copy, { recursive: true, verbatimSymlinks: true });
  const again = () => {
    rmSync(scene.root, { recursive: true });
    cpSync(copy, scene.root, { recursive: true, verbatimSymlinks: true });
    scene.runs(running);
  };
  return { again };
}

/** True where it was killed after so many steps. */
function killedAfter(steps: number, verb: string): boolean {
  Object.assign(scene, { step: disk.step });
  disk.left = steps;
  try {
    call(verb);
    return false;
  } catch {
    return disk.left <= 0;
  } finally {
    disk.left = Number.POSITIVE_INFINITY;
  }
}

/** The machine starts anew, and with it whatever is in use. */
function reboot(): void {
  scene.machine.run('systemctl', ['stop']);
  if (current(scene.places) !== undefined) scene.machine.run('systemctl', ['restart']);
}

const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String).toSorted() : []);
/** All that a release is made of. */
const whole = new Map<string, string[]>();

/** A release stands there whole or not at all, as do the copy for the way back and the settings; and the one in use starts. */
function judge(where: string): void {
  const { places } = scene;
  const releases = existsSync(places.releases) ? readdirSync(places.releases).filter((name) => !name.startsWith('.')) : [];
  for (const name of releases) expect(filesIn(join(places.releases, name)), where).toEqual(whole.get(name));
  const copies = filesIn(places.copies).filter((name) => name.endsWith('.backup'));
  for (const name of copies) expect(Number(readFileSync(join(places.copies, name), 'utf8')), where).toBeGreaterThan(12);
  const settings = join(places.settings, 'sabha.json');
  if (existsSync(settings)) expect(readFileSync(settings, 'utf8'), where).toMatch(/^\{.*\}\n$/s);
  const name = current(places);
  if (name === undefined) return;
  const previous = readPrevious(places);
  if (previous?.backup) expect(existsSync(previous.backup), where).toBe(true);
  expect(releases, where).toEqual(expect.arrayContaining([name, ...(previous ? [previous.release] : [])]));
}

/** What a call that ended left of itself. */
const left = () => filesIn(scene.root).filter((name) => /\.(new|part|draft|restoring)$/.test(name));

const cases = Object.keys(scenes).flatMap((verb) => ['at once', 'after the machine started anew'].map((when) => [verb, when] as const));
test.each(cases)(
  'F24 %s, killed at each of its steps, leaves the old release or the new one, whole, with data on which it starts; the same call again, %s, ends it',
  (name, when) => {
    const { before, after, ledger, again, verb = name, refuses } = prepared(name);
    /** Where it was killed between the two renames of a restore: no release starts. */
    let cut = 0;
    let steps = 0;
    for (let isKilled = true; isKilled; steps += 1) {
      again();
      isKilled = killedAfter(steps, verb);
      const where = `${name} after ${steps} steps`;
      judge(where);
      expect(refuses === undefined ? [before, after] : [before, ...scene.broken], where).toContain(current(scene.places));
      if (!canStart(scene, current(scene.places))) cut += 1;
      if (when !== 'at once') reboot();
      if (isKilled && refuses !== undefined) expect(() => call(verb), where).toThrow(refuses);
      else if (isKilled) call(verb);
      judge(`${where}, again`);
      expect([current(scene.places), scene.running(), scene.ledger, left()], where).toEqual([after, after, ledger, []]);
    }
    expect(steps).toBeGreaterThan(15);
    expect(cut).toBe(ledger === 13 && before !== undefined && name !== 'uninstall' ? 1 : 0);
  },
);

test('a release that was being removed when its upgrade or its uninstall was killed stood there by half, and the next install took it for whole', () => {
  const { after: name = '' } = prepared('install');
  call('install');
  const { again } = kept();
  for (let steps = 0, isKilled = true; isKilled; steps += 1) {
    again();
    isKilled = killedAfter(steps, 'uninstall');
    call('install');
    expect(filesIn(join(scene.places.releases, name)), `after ${steps} steps`).toEqual(whole.get(name));
    expect(scene.running()).toBe(name);
  }
});

test('an install that was killed while it wrote the first settings left an empty file, which no later one mended', () => {
  const { again } = prepared('install');
  for (let steps = 0, isKilled = true; isKilled; steps += 1) {
    again();
    isKilled = killedAfter(steps, 'install');
    const file = join(scene.places.settings, 'sabha.json');
    expect(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}, `after ${steps} steps`).toBeTypeOf('object');
  }
});
