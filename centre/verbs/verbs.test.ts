import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Language } from '#contracts';
import { nameOf } from '../release/release.ts';
import { helpOf } from './help.ts';
import { canStart, current, Killed, type Scripted, scripted, sourcesOf } from './verbs.test-helper.ts';
import { usage, verbOf } from './verbs.ts';

let scene: Scripted;
beforeEach(() => {
  scene = scripted();
  mkdirSync(scene.places.units, { recursive: true });
});
afterEach(() => rmSync(scene.root, { recursive: true }));

const call = (...words: string[]) => verbOf(words)(scene);
const at = (path: string) => join(scene.root, path);
/** Of the data, as they were before this release. */
const copyOf = (name: string) => at(`var/backups/sabha/before-${name}.backup`);
const newer = () => {
  scene.from = sourcesOf(scene.root, '2.0.0');
  return nameOf(scene.from);
};

test.each([[[]], [['instal']], [['toString']], [['install', '--purge']], [['upgrade', 'x']]])(
  '%j is no call: one line says how it is called',
  (words) => {
    expect(() => verbOf(words)).toThrow(usage);
  },
);

test('help says of each verb and option what it does, in both languages', () => {
  const words = (language: Language) => helpOf(language).match(/(?<=^ +)(?:[a-z]+|--[a-z-]+)(?= )/gm);
  const called = usage
    .replace(/.* -- /, '')
    .split(/[ |[\]]+/)
    .filter((word) => !['', 'FILE'].includes(word));
  expect([words('en'), words('hi')]).toEqual([called, called]);
  expect(helpOf('hi').match(/\p{Script=Devanagari}.*$/gmu)).toHaveLength(called.length);
});

test('each call that docs/operate.md names is one', () => {
  const page = readFileSync(new URL('../../docs/operate.md', import.meta.url), 'utf8');
  const calls = [...page.matchAll(/npm run centre -- ([a-z]+(?: --[a-z-]+| [~A-Z][^ `|]*)*)/g)].map(([, words = '']) => words.split(' '));
  expect(calls.length).toBeGreaterThanOrEqual(5);
  for (const words of calls) expect(() => verbOf(words)).not.toThrow();
});

test('what takes long in each verb is said while it is at it', () => {
  const begun = (...words: string[]) => {
    call(...words);
    return scene.begun.splice(0);
  };
  expect(begun('install')).toEqual(['lay', 'prepare', 'start']);
  newer();
  expect(begun('upgrade')).toEqual(['lay', 'copy', 'start']);
  scene.ledger = 14;
  expect(begun('rollback')).toEqual(['stop', 'bring', 'start']);
  expect(begun('uninstall')).toEqual(['stop', 'remove']);
});

describe('install', () => {
  test('brings users, folders, settings, a release, its units and the command, and starts the parts', () => {
    call('install');
    const name = nameOf(scene.from);
    expect([current(scene.places), scene.running()]).toEqual([name, name]);
    expect(scene.calls[0]).toContain('systemd-sysusers --inline u sabha-broker');
    expect(JSON.parse(readFileSync(at('etc/sabha/sabha.json'), 'utf8'))).toEqual({ site: null, people: [] });
    const unit = at('etc/systemd/system/sabha-flows.service');
    expect(readlinkSync(unit)).toBe(at('opt/sabha/current/units/sabha-flows.service'));
    expect(readFileSync(unit, 'utf8')).toContain('User=sabha-flows');
    expect(readFileSync(at('etc/systemd/system/multi-user.target.wants/sabha.target'), 'utf8')).toContain('[Install]');
    expect(statSync(at('usr/local/bin/sabha')).mode & 0o111).toBe(0o111);
    const modes = ['', '/flows', '/broker', '/broker/own', '/dashboards/own'].map(
      (one) => statSync(at(`var/lib/sabha${one}`)).mode & 0o7777,
    );
    expect(modes).toEqual([0o711, 0o700, 0o2750, 0o2750, 0o700]);
  });

  test('of a release is neither test nor what only develops, and everybody may read it', () => {
    call('install');
    const release = at('opt/sabha/current');
    expect(readdirSync(join(release, 'node_modules')).toSorted()).toEqual(['.bin', 'mqtt', 'node']);
    expect(readdirSync(join(release, 'broker'))).toEqual(['main.ts']);
    expect([statSync(join(release, 'broker')).mode & 0o777, statSync(join(release, 'start.ts')).mode & 0o777]).toEqual([0o755, 0o644]);
  });

  test('done twice it changes nothing; settings that stand there stay', () => {
    call('install');
    writeFileSync(at('etc/sabha/sabha.json'), '{"site": null}');
    call('install');
    expect(readFileSync(at('etc/sabha/sabha.json'), 'utf8')).toBe('{"site": null}');
    expect(readdirSync(at('opt/sabha/releases'))).toEqual([nameOf(scene.from)]);
  });

  test('"From npm start to services" led to a centre with a key of its own, which refused the backup: it begins with a backup, before it has any', () => {
    const closed = at('root/sabha.backup');
    mkdirSync(at('root'));
    writeFileSync(closed, 'of the trial');
    writeFileSync(at('root/words'), 'correct horse');
    call('install', '--from', 'root/sabha.backup', '--passphrase-file', 'root/words');
    const brought = at('var/lib/sabha/brought');
    const restored = `node ${at('opt/sabha/releases')}/${nameOf(scene.from)}/flows/cli/cli.ts restore ${brought}/a.backup --passphrase-file ${brought}/passphrase`;
    const [first, second] = scene.calls.filter((one) => /restore|--prepare/.test(one));
    expect([first, second]).toEqual([restored, expect.stringContaining('--prepare')]);
    expect([existsSync(brought), current(scene.places)]).toEqual([false, nameOf(scene.from)]);
    expect(scene.said[0]).toBe('root/sabha.backup is whole');
    expect(() => call('install', '--from', 'root/sabha.backup')).toThrow(
      `${at('var/lib/sabha')}: a centre has its data there already: "install" without --from goes on with them`,
    );
    expect(() => call('install', '--passphrase-file', 'root/words')).toThrow('--passphrase-file is of a backup: --from names it');
  });

  test('killed at any program while a backup is brought, the next call goes on, and nothing of what was brought stays', () => {
    writeFileSync(at('x.backup'), 'of the trial');
    const brought = at('var/lib/sabha/brought');
    for (let killAt = 1; killAt < 40; killAt += 1) {
      // What a kill leaves, which an exception does not.
      mkdirSync(brought, { recursive: true });
      writeFileSync(join(brought, 'passphrase'), 'correct horse');
      Object.assign(scene, { killAt });
      scene.calls.length = 0;
      try {
        call('install', '--from', 'x.backup');
        break;
      } catch (error) {
        if (error instanceof Killed) continue;
        // The data are there: it goes on with them.
        expect((error as Error).message).toContain('"install" without --from goes on with them');
        Object.assign(scene, { killAt: Number.POSITIVE_INFINITY });
        call('install');
        break;
      }
    }
    expect([existsSync(brought), current(scene.places), scene.running()]).toEqual([false, nameOf(scene.from), nameOf(scene.from)]);
    call('uninstall');
    expect(() => call('install', '--from', 'x.backup')).toThrow('"install" without --from goes on with them');
    call('install');
    expect(scene.running()).toBe(nameOf(scene.from));
  });

  test('where the disk of the data is mounted, all that was on it goes, and the place stays', () => {
    call('install');
    call('uninstall', '--purge');
    expect([existsSync(at('var/lib/sabha')), existsSync(at('var/backups/sabha'))]).toEqual([false, true]);
  });

  test('a backup that is not there, or that cannot be put here, is one line, and the next call begins anew', () => {
    expect(() => call('install', '--from', 'none')).toThrow('none: cannot be read: ENOENT');
    writeFileSync(at('half'), 'half');
    scene.refuses = 'half of it is missing; nothing is changed';
    expect(() => call('install', '--from', 'half')).toThrow(
      'the backup cannot be put here: half: half of it is missing; nothing is changed',
    );
    expect([existsSync(at('var/lib/sabha/brought')), current(scene.places), scene.running()]).toEqual([false, undefined, undefined]);
    call('install');
    expect(scene.running()).toBe(nameOf(scene.from));
  });

  test('over another release it is refused', () => {
    call('install');
    const [before, name] = [nameOf(scene.from), newer()];
    expect(() => call('install')).toThrow(`${before} is installed: "upgrade" brings ${name}`);
    expect(current(scene.places)).toBe(before);
  });

  test('sources without their packages are one line, and nothing is there', () => {
    rmSync(join(scene.from, 'node_modules'), { recursive: true });
    expect(() => call('install')).toThrow(`is not there: run "npm ci" in ${scene.from} first`);
    expect([current(scene.places), existsSync(at('etc/systemd/system/sabha.target'))]).toEqual([undefined, false]);
    expect(readdirSync(at('opt/sabha/releases'))).toEqual([]);
  });
});

describe('upgrade and rollback', () => {
  let before: string;
  beforeEach(() => {
    call('install');
    before = nameOf(scene.from);
    scene.calls.length = 0;
  });

  test('the data are copied, then the new release runs; the way back leads to the old one, once', () => {
    const name = newer();
    rmSync(at('var/backups/sabha'), { recursive: true });
    call('upgrade');
    expect([current(scene.places), scene.running()]).toEqual([name, name]);
    const releases = at('opt/sabha');
    expect(scene.calls.filter((one) => one.includes('/cli.ts'))).toEqual([
      `node ${releases}/current/flows/cli/cli.ts backup ${copyOf(name)} --json`,
      `node ${releases}/releases/${name}/flows/cli/cli.ts restore ${copyOf(name)} --check --json`,
    ]);
    call('rollback');
    expect([current(scene.places), scene.running(), scene.ledger]).toEqual([before, before, 13]);
    expect(() => call('rollback')).toThrow('there is no release to go back to');
  });

  test('--check only looks: it says what would come, and that the copy is whole', () => {
    const name = newer();
    call('upgrade', '--check');
    expect([current(scene.places), scene.running()]).toEqual([before, before]);
    expect(scene.said.at(-1)).toBe(
      `${name} would take the place of ${before}: its settings are good, the copy ${scene.root}/hourly is whole`,
    );
    expect(readdirSync(at('var/backups/sabha'))).toEqual([]);
  });

  test('a ledger that the new release changed is put back with the old release', () => {
    const name = newer();
    call('upgrade');
    scene.ledger = 14;
    call('rollback');
    expect([current(scene.places), scene.ledger]).toEqual([before, 13]);
    expect(scene.said.at(-2)).toContain(`the ledger is that of ${copyOf(name)} again`);
  });

  test('the copy of an upgrade was one of those of each hour, which are swept: a day later the way back ended half way, with nothing that ran', () => {
    const name = newer();
    call('upgrade');
    scene.ledger = 14;
    rmSync(copyOf(name));
    expect(() => call('rollback')).toThrow(`the copy of the data cannot be used: ${copyOf(name)}: ENOENT; nothing is changed`);
    expect([current(scene.places), scene.running(), scene.ledger]).toEqual([name, name, 14]);
  });

  test('a release that does not come up is taken back at once, and the line has its last words', () => {
    const name = newer();
    scene.broken.add(name);
    scene.knows.set(name, 14);
    expect(() => call('upgrade')).toThrow(
      `sabha-broker.service does not start: the ledger has version 14, this flows knows 13 and older; ${before} is in use again`,
    );
    expect([current(scene.places), scene.running(), scene.ledger]).toEqual([before, before, 13]);
  });

  test('a release that had not come up when its upgrade was killed was kept by the next call, which does not come up either', () => {
    const name = newer();
    scene.broken.add(name);
    const isReload = (one = '') => one === 'systemctl daemon-reload';
    scene.step = () => {
      if (isReload(scene.calls.at(-1))) throw new Killed();
    };
    expect(() => call('upgrade')).toThrow(Killed);
    expect(current(scene.places)).toBe(name);
    scene.step = () => undefined;
    expect(() => call('upgrade')).toThrow(`; ${before} is in use again`);
    expect([current(scene.places), scene.running()]).toEqual([before, before]);
  });

  test('a rollback that was killed before the copy was back left the older release on the newer ledger, and the machine started without a centre', () => {
    const name = newer();
    scene.knows.set(before, 13).set(name, 14);
    call('upgrade');
    let isCutShort = true;
    for (let killAt = 1; isCutShort; killAt += 1) {
      scene.calls.length = 0;
      scene.killAt = killAt;
      try {
        call('rollback');
        isCutShort = false;
      } catch {
        expect(canStart(scene, current(scene.places)), `killed at program ${killAt}`).toBe(true);
      }
    }
    expect([scene.running(), scene.ledger]).toEqual([before, 13]);
  });

  test('a rollback that was killed between the two renames of its restore was ended by no further one', () => {
    const name = newer();
    scene.knows.set(before, 13).set(name, 14);
    call('upgrade');
    const flows = at('var/lib/sabha/flows');
    scene.machine.run('systemctl', ['stop']);
    renameSync(flows, `${flows}.before-1`);
    mkdirSync(`${flows}.restoring`);
    call('rollback');
    expect([scene.running(), scene.ledger]).toEqual([before, 13]);
  });

  test('a centre that does not run cannot be copied: nothing is changed, unless that is wanted', () => {
    const name = newer();
    scene.machine.run('systemctl', ['stop', 'sabha.target']);
    expect(() => call('upgrade')).toThrow('no copy of the data can be made: the centre does not answer');
    expect(current(scene.places)).toBe(before);
    call('upgrade', '--without-copy');
    expect(scene.running()).toBe(name);
  });

  test('releases of before the last are removed', () => {
    const second = newer();
    call('upgrade');
    scene.from = sourcesOf(scene.root, '3.0.0');
    call('upgrade');
    expect(readdirSync(at('opt/sabha/releases')).toSorted()).toEqual([second, nameOf(scene.from)].toSorted());
    expect(readdirSync(at('var/backups/sabha'))).toEqual([`before-${nameOf(scene.from)}.backup`]);
  });

  test('where no centre is installed there is nothing to upgrade', () => {
    call('uninstall');
    expect(() => call('upgrade')).toThrow('no centre is installed here: "install" does that');
  });
});

test('uninstall keeps data and settings, and a unit that somebody else linked; --purge removes what is ours', () => {
  call('install');
  symlinkSync('/dev/null', at('etc/systemd/system/other.service'));
  call('uninstall');
  expect(['opt/sabha', 'usr/local/bin/sabha', 'etc/systemd/system/sabha.target'].map((path) => existsSync(at(path)))).toEqual([
    false,
    false,
    false,
  ]);
  expect(lstatSync(at('etc/systemd/system/other.service')).isSymbolicLink()).toBe(true);
  expect([existsSync(at('var/lib/sabha/flows')), existsSync(at('etc/sabha/sabha.json'))]).toEqual([true, true]);
  call('uninstall', '--purge');
  expect([existsSync(at('var/lib/sabha')), existsSync(at('etc/sabha'))]).toEqual([false, false]);
});
