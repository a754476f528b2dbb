/** Tests the steps of the MSI with a simulated Windows: folders on this machine, tasks as files, and recorded program calls. */
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../../../test/security/authority.ts';
import { identityFolder, storeIdentity } from '../../identity/identity.ts';
import { type MsiProperties, remove, setUp, stop, type Windows } from './install.ts';

type ProgramCall = { program: string; args: readonly string[] };
type Played = {
  windows: Windows;
  calls: ProgramCall[];
  /** Tasks that were started and not ended. */
  running: Set<string>;
  /** Makes matching calls fail from now on. */
  refuse(which: (call: ProgramCall) => boolean): void;
  tree(): string[];
};

const given: MsiProperties = { code: 'CODE', centre: '', pc: '', isUpdate: false };
const none: MsiProperties = { ...given, code: '' };

function playWindows(): Played {
  const root = mkdtempSync(join(tmpdir(), 'sabha windows-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const [program, data, system] = ['Programs/Sabha', 'Data/Sabha', 'System32'].map((name) => join(root, name)) as [string, string, string];
  for (const folder of [program, join(root, 'Data'), join(system, 'Tasks/Sabha')]) mkdirSync(folder, { recursive: true });
  for (const name of ['run', 'room']) {
    const template = new URL(`../../../packaging/windows/${name}.xml`, import.meta.url);
    writeFileSync(join(program, `${name}.xml`), readFileSync(template));
  }
  const calls: ProgramCall[] = [];
  const running = new Set<string>();
  let isRefused = (_: ProgramCall) => false;
  const run: Windows['run'] = async (path, args) => {
    const call = { program: basename(path), args };
    calls.push(call);
    if (isRefused(call)) return { code: 1, text: 'ERROR: refused\r\nmore' };
    if (call.program === 'schtasks.exe') return schedule(join(system, 'Tasks'), args, running);
    return call.program === 'node.exe' ? enrolled(args) : { code: 0, text: '' };
  };
  return {
    windows: { program, data, system, run, isHeld: () => running.size > 0, pause: async () => {} },
    calls,
    running,
    refuse: (which) => {
      isRefused = which;
    },
    tree: () => readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => !lstatSync(join(root, path)).isDirectory()),
  };
}

function schedule(folder: string, args: readonly string[], running: Set<string>) {
  const after = (word: string) => args[args.indexOf(word) + 1] ?? '';
  const name = after('/tn');
  const file = join(folder, ...name.split('\\'));
  if (args[0] === '/create') writeFileSync(file, readFileSync(after('/xml')));
  else if (!existsSync(file)) return { code: 1, text: `ERROR: ${name} is missing` };
  else if (args[0] === '/delete') rmSync(file);
  else if (args[0] === '/run') running.add(name);
  else if (args[0] === '/end') running.delete(name);
  return { code: 0, text: '' };
}

async function enrolled(args: readonly string[]) {
  if (args[1] !== 'enrol' || args[2] !== 'CODE') return { code: 1, text: 'the code is not known' };
  const authority = await createAuthority('Sabha');
  const { key, pem } = await authority.issue({ cn: 'ladakh.leh.hall', use: 'client' });
  const centre = { host: 'centre.test', mqttPort: 8_883, enrolPort: 8_443, centreKey: null };
  storeIdentity(identityFolder(args.at(-1) ?? ''), { key, chain: pem, roots: [authority.root], centre });
  return { code: 0, text: 'enrolled' };
}

const taskOf = ({ windows }: Played, name: string) => readFileSync(join(windows.system, 'Tasks/Sabha', name), 'utf16le');
const isEnabled = (played: Played, name: string) => /<Enabled>true<\/Enabled>\s*<Hidden>/.test(taskOf(played, name));

describe('setUp', () => {
  test('the installer restricts access to the data, enrols with the code, writes the settings and starts both tasks', async () => {
    const played = playWindows();
    const { windows, calls } = played;
    writeFileSync(join(windows.program, 'update.pub'), 'key');
    await setUp(windows, { ...given, centre: 'https://centre.test', pc: 'ladakh/leh/hall' });
    expect(readFileSync(join(windows.program, 'agent.env'), 'utf8').split('\n')).toEqual([
      `SABHA_DATA='${windows.data}'`,
      `SABHA_LOG='${join(windows.data, 'log', 'agent.log')}'`,
      `SABHA_UPDATE_KEY='${join(windows.program, 'update.pub')}'`,
      '',
    ]);
    expect(calls.find(({ program }) => program === 'node.exe')?.args.slice(1)).toEqual([
      'enrol',
      'CODE',
      '--centre',
      'https://centre.test',
      '--pc',
      'ladakh/leh/hall',
      '--data',
      windows.data,
    ]);
    expect([...played.running]).toEqual(['Sabha\\run', 'Sabha\\room']);
    expect(['run', 'room'].map((name) => isEnabled(played, name))).toEqual([true, true]);
  });

  test('S15 the installer removes agent versions that another user wrote into the data folder before the first installation', async () => {
    const { windows } = playWindows();
    mkdirSync(join(windows.data, 'update/a'), { recursive: true });
    writeFileSync(join(windows.data, 'sabha-agent'), '');
    writeFileSync(join(windows.data, 'update/a/agent.mjs'), 'evil');
    await setUp(windows, none);
    expect(readdirSync(join(windows.data, 'update'))).toEqual([]);
  });

  test('S15 the installer gives the Task Scheduler only a file that administrators alone can change', async () => {
    const { windows, calls } = playWindows();
    await setUp(windows, none);
    const files = calls.flatMap(({ args }) => (args[0] === '/create' ? [args[args.indexOf('/xml') + 1]] : []));
    expect(files).toEqual([join(windows.program, 'task.xml'), join(windows.program, 'task.xml')]);
    expect(existsSync(join(windows.program, 'task.xml'))).toBe(false);
  });

  test.each<[string, (data: string) => void, string]>([
    ['files of another program', (data) => writeFileSync(join(data, 'letter.txt'), ''), "it holds files that are not the agent's"],
    [
      'a link',
      (data) => {
        writeFileSync(join(data, 'sabha-agent'), '');
        mkdirSync(join(data, 'update'));
        symlinkSync('/etc', join(data, 'update/a'));
      },
      'update/a: a link leads out of the folder',
    ],
  ])('S15 the installer refuses a data folder with %s', async (_, prepare, reason) => {
    const played = playWindows();
    mkdirSync(played.windows.data);
    prepare(played.windows.data);
    const before = played.tree();
    await expect(setUp(played.windows, given)).rejects.toThrow(reason);
    expect(played.tree()).toEqual(before);
  });

  test.each<[string, (call: ProgramCall) => boolean, string]>([
    ['icacls', ({ program }) => program === 'icacls.exe', 'icacls '],
    ['the enrolment', ({ program }) => program === 'node.exe', 'enrolment: ERROR: refused'],
    ['schtasks', ({ args }) => args[0] === '/create', 'schtasks /create: ERROR: refused'],
  ])('the installer fails with one line and starts no task if %s fails', async (_, which, reason) => {
    const played = playWindows();
    played.refuse(which);
    await expect(setUp(played.windows, given)).rejects.toThrow(reason);
    expect(played.running.size).toBe(0);
  });
});

describe('remove', () => {
  test('the installer ends and deletes the tasks and keeps the data; with purge it deletes the data too', async () => {
    const played = playWindows();
    await setUp(played.windows, given);
    await remove(played.windows, false);
    expect([played.running.size, readdirSync(join(played.windows.system, 'Tasks/Sabha'))]).toEqual([0, []]);
    expect(existsSync(identityFolder(played.windows.data))).toBe(true);
    await remove(played.windows, true);
    expect(existsSync(played.windows.data)).toBe(false);
  });

  test('the installer never deletes a folder that is not marked as data of the agent', async () => {
    const { windows } = playWindows();
    mkdirSync(windows.data);
    writeFileSync(join(windows.data, 'letter.txt'), '');
    await remove(windows, true);
    expect(existsSync(join(windows.data, 'letter.txt'))).toBe(true);
  });
});

describe('stop', () => {
  test('the installer ends the tasks until no program runs from its folder, and fails with one line after the last attempt', async () => {
    const played = playWindows();
    await setUp(played.windows, given);
    let held = 3;
    await stop({ ...played.windows, isHeld: () => --held > 0 });
    expect(held).toBe(0);
    await expect(stop({ ...played.windows, isHeld: () => true })).rejects.toThrow('a program in it does not end');
  });
});
