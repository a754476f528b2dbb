import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { installation } from './installation.ts';
import { mark } from './machine.ts';
import { removal } from './removal.ts';
import { perform } from './steps.ts';
import { answers, type Heard, listener, type PlayedWindows, playWindows, unpack } from './windows.test-helper.ts';
import { phrases } from './words.ts';

async function install(windows: PlayedWindows, ...given: Parameters<PlayedWindows['machine']>) {
  const tell = listener();
  const ok = await perform(installation(windows.machine(...given)), tell);
  return { ok, lines: tell.lines };
}

const taskOf = ({ places }: PlayedWindows, name: string) => readFileSync(join(places.system, 'Tasks/Sabha', name), 'utf16le');
const isCall =
  (program: string, ...words: string[]) =>
  (call: Heard) =>
    call.program === program && words.every((word) => call.args.includes(word));

test('a PC gets program, closed data, a certificate and both tasks, which run', async () => {
  const windows = playWindows();
  const { places } = windows;
  expect(await install(windows, answers)).toEqual({
    ok: true,
    lines: [
      'stop',
      `program: ${places.program}`,
      `data: ${places.data} (closed to others)`,
      'enrolment: ladakh/leh/hall is enrolled until 2027-01-01',
      'tasks: Sabha\\run, Sabha\\room',
      'menu: This room (Sabha)',
      'start',
    ],
  });
  expect(readFileSync(join(places.program, 'agent.env'), 'utf8')).toBe(`SABHA_DATA='${places.data}'\n`);
  expect([...windows.running]).toEqual(['Sabha\\run', 'Sabha\\room']);
  for (const name of ['run', 'room']) expect(taskOf(windows, name)).toContain('<Enabled>true</Enabled>\n    <Hidden>');
  const leftOver = Object.keys(windows.tree()).filter((path) => /\.(new|old|gone)/.test(path));
  expect(leftOver).toEqual([]);
});

test('a clerk had no way to the room card: the Start menu of all users has one, in the language of the last installation', async () => {
  const windows = playWindows();
  const menuOf = () => Object.entries(windows.tree()).filter(([path]) => path.startsWith('Menu/'));
  const { program, menu } = windows.places;
  await install(windows, answers);
  expect(menuOf()).toEqual([
    ['Menu/This room (Sabha).url', `[InternetShortcut]\r\nURL=${pathToFileURL(join(program, 'room-card.cmd')).href}\r\n`],
  ]);
  writeFileSync(join(menu, 'Other.url'), 'kept');
  const say = (key: keyof typeof phrases) => phrases[key].hi;
  expect(await perform(installation({ ...windows.machine(), say }), listener())).toBe(true);
  expect(readdirSync(menu).sort()).toEqual(['Other.url', 'यह कमरा (सभा).url']);
  expect(await perform(removal({ ...windows.machine(), say: (key) => phrases[key].en }, false), listener())).toBe(true);
  expect(readdirSync(menu)).toEqual(['Other.url']);
});

test('the folder of the data is taken from whoever made it, closed, and what people may read of it opened, in this order: the versions, and no folder in which nothing ever lay', async () => {
  const windows = playWindows();
  const { data } = windows.places;
  await install(windows, answers);
  const all = ['*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F'];
  expect(windows.calls.filter(({ program }) => program === 'icacls.exe').map(({ args }) => args)).toEqual([
    [data, '/setowner', '*S-1-5-32-544'],
    [data, '/reset'],
    [data, '/inheritance:r', '/grant:r', ...all],
    [join(data, '*'), '/setowner', '*S-1-5-32-544', '/t'],
    [join(data, '*'), '/reset', '/t'],
    [join(data, 'update'), '/grant:r', '*S-1-5-32-545:(OI)(CI)RX'],
  ]);
});

test('an enrolment answered in the language of Windows, whatever the installation speaks', async () => {
  const windows = playWindows();
  await install(windows, answers);
  const [asked] = windows.calls.filter(({ program, args }) => program === 'node.exe' && args.includes('enrol'));
  expect(asked?.args.slice(asked.args.indexOf('--lang'))).toEqual(['--lang', 'hi', '--data', windows.places.data]);
});

test('a second time changes nothing but the program, and asks for no code', async () => {
  const windows = playWindows();
  await install(windows, answers);
  writeFileSync(join(windows.places.data, 'spool.db'), 'kept');
  const before = windows.tree();
  unpack(windows.places.source, '2');
  const { ok, lines } = await install(windows);
  expect(ok).toBe(true);
  expect(lines).toContain('enrolment: ladakh/leh/hall, done before');
  const after = windows.tree();
  const changed = Object.keys(after).filter((path) => after[path] !== before[path] && !path.startsWith('zip/'));
  expect(changed).toEqual(['agent.mjs', 'koffi/one', 'launch.mjs', 'licences/one', 'node.exe'].map((name) => `Programs/Sabha/${name}`));
  expect(Object.keys(after)).toEqual(Object.keys(before));
  expect([...windows.running]).toEqual(['Sabha\\run', 'Sabha\\room']);
});

test('an upgrade opened the key for a moment, and forgot the version that had come as an update: what is closed stays closed', async () => {
  const windows = playWindows();
  const { data } = windows.places;
  await install(windows, answers);
  writeFileSync(join(data, 'update/slots.json'), 'kept');
  windows.calls.length = 0;
  expect((await install(windows)).ok).toBe(true);
  expect(readFileSync(join(data, 'update/slots.json'), 'utf8')).toBe('kept');
  // To a folder itself that is what lies around it may do with it; to what is in it, what the folder may.
  expect(windows.calls.some(({ args }) => args[0] === data && args[1] === '/reset')).toBe(false);
  expect(windows.calls.some(({ args }) => args[0] === data && args[1] === '/inheritance:r')).toBe(true);
});

test('S15 what the Task Scheduler is to run lay where any program of the same person could change it before it was read', async () => {
  const windows = playWindows();
  await install(windows, answers);
  const files = windows.calls.filter(isCall('schtasks.exe', '/create')).map(({ args }) => args[args.indexOf('/xml') + 1] ?? '');
  expect(files).toHaveLength(2);
  for (const file of files) expect(file.startsWith(join(windows.places.program, '/'))).toBe(true);
});

test('run from where it is installed it leaves the program as it is', async () => {
  const windows = playWindows();
  await install(windows, answers);
  const before = windows.tree();
  const machine = windows.machine();
  const tell = listener();
  const places = { ...windows.places, source: windows.places.program };
  expect(await perform(installation({ ...machine, places }), tell)).toBe(true);
  expect(tell.lines).toContain('program: done before');
  expect(windows.tree()).toEqual(before);
});

test('without a code the tasks wait, and run from the first code on', async () => {
  const windows = playWindows();
  const { ok, lines } = await install(windows, 'without');
  expect([ok, lines.at(-1)]).toEqual([true, 'start: not done; install again with the code of the office']);
  for (const name of ['run', 'room']) expect(taskOf(windows, name)).toContain('<Enabled>false</Enabled>\n    <Hidden>');
  expect([...windows.running]).toEqual([]);
  expect((await install(windows, answers)).ok).toBe(true);
  expect(taskOf(windows, 'run')).toContain('<Enabled>true</Enabled>\n    <Hidden>');
  expect([...windows.running]).toEqual(['Sabha\\run', 'Sabha\\room']);
});

test('a person who mistypes the code is asked again, hears why, and may go on without', async () => {
  const windows = playWindows();
  const heard: (string | null)[] = [];
  const given = [{ ...answers, code: 'WRONG' }, answers];
  const machine = windows.machine();
  const tell = listener();
  const asked = async (failed: string | null) => {
    heard.push(failed);
    return given.shift() ?? 'nobody';
  };
  expect(await perform(installation({ ...machine, answers: asked }), tell)).toBe(true);
  expect(heard).toEqual([null, 'the code is not known']);
  const other = playWindows();
  const { ok, lines } = await install(other, { ...answers, code: 'WRONG' }, 'without');
  expect([ok, lines]).toEqual([true, expect.arrayContaining(['enrolment: not done; install again with the code of the office'])]);
});

test('a zip that was packed with the key of the releases, and for a centre, brings them along', async () => {
  const windows = playWindows();
  writeFileSync(join(windows.places.source, 'update.pub'), 'key');
  writeFileSync(join(windows.places.source, 'centre.json'), 'centre');
  await install(windows, answers);
  const key = join(windows.places.program, 'update.pub');
  expect(readFileSync(key, 'utf8')).toBe('key');
  expect(readFileSync(join(windows.places.program, 'centre.json'), 'utf8')).toBe('centre');
  expect(readFileSync(join(windows.places.program, 'agent.env'), 'utf8')).toContain(`\nSABHA_UPDATE_KEY='${key}'\n`);
});

describe('each step that fails takes back what was done', () => {
  const failing: [what: string, isIt: (call: Heard) => boolean, line: string][] = [
    ['closing the data', isCall('icacls.exe', '/inheritance:r'), 'data failed: icacls '],
    ['opening the data', isCall('icacls.exe', '*S-1-5-32-545:(OI)(CI)RX'), 'data failed: icacls '],
    ['the enrolment', isCall('node.exe', 'enrol'), 'enrolment failed: ERROR: refused'],
    ['the first task', isCall('schtasks.exe', '/create', 'Sabha\\run'), 'tasks failed: schtasks /create: ERROR: refused'],
    ['the second task', isCall('schtasks.exe', '/create', 'Sabha\\room'), 'tasks failed: schtasks /create: ERROR: refused'],
  ];

  test.each(failing)('%s, on a new PC: nothing is left but a certificate that was given', async (_, isIt, line) => {
    const windows = playWindows();
    const before = windows.tree();
    windows.refuse(isIt);
    const { ok, lines } = await install(windows, answers);
    expect(ok).toBe(false);
    expect(lines.find((one) => one.includes('failed'))).toMatch(new RegExp(`^${RegExp.escape(line)}[^\n]*$`));
    const left = windows.tree();
    const isEnrolled = Object.keys(left).some((path) => path.includes('identity/'));
    expect(isEnrolled).toBe(line.startsWith('tasks'));
    const ofData = Object.keys(left).filter((path) => path.startsWith('Data/'));
    expect(isEnrolled || ofData.length === 0).toBe(true);
    for (const path of ofData) delete left[path];
    expect(left).toEqual(before);
    expect([...windows.running]).toEqual([]);
    // The next try goes on from there.
    windows.refuse(() => false);
    expect((await install(windows, answers)).ok).toBe(true);
  });

  test.each(failing.filter(([what]) => what !== 'the enrolment'))(
    '%s, on a PC that has it: the version of before runs on',
    async (_, isIt) => {
      const windows = playWindows();
      await install(windows, answers);
      const before = windows.tree();
      unpack(windows.places.source, '2');
      let times = 0;
      // What takes it back is not refused.
      windows.refuse((call) => isIt(call) && ++times === 1);
      expect((await install(windows)).ok).toBe(false);
      const after = windows.tree();
      for (const tree of [before, after]) for (const path of Object.keys(tree)) if (path.startsWith('zip/')) delete tree[path];
      expect(after).toEqual(before);
      expect([...windows.running]).toEqual(['Sabha\\run', 'Sabha\\room']);
    },
  );

  test('a program that cannot be copied whole: nothing is left of it', async () => {
    const windows = playWindows();
    rmSync(join(windows.places.source, 'koffi'), { recursive: true });
    symlinkSync('nowhere', join(windows.places.source, 'koffi'));
    const before = windows.tree();
    const { ok, lines } = await install(windows, answers);
    expect([ok, lines.at(-3)]).toEqual([false, `program failed: koffi is not in ${windows.places.source}; unpack the whole zip`]);
    expect(existsSync(windows.places.program)).toBe(false);
    expect(windows.tree()).toEqual(before);
  });

  test('a start that fails is none of them: it comes by itself', async () => {
    const windows = playWindows();
    windows.refuse(isCall('schtasks.exe', '/run'));
    const { ok, lines } = await install(windows, answers);
    expect([ok, lines.at(-1)]).toEqual([true, 'start: it starts by itself in a minute (schtasks /run: ERROR: refused)']);
  });

  test('what cannot be taken back is told, and the rest is', async () => {
    const windows = playWindows();
    windows.refuse((call) => isCall('schtasks.exe', 'Sabha\\room')(call) || isCall('schtasks.exe', '/delete')(call));
    const { ok, lines } = await install(windows, answers);
    expect(ok).toBe(false);
    expect(lines.slice(-5)).toEqual([
      'tasks failed: schtasks /create: ERROR: refused',
      'tasks not back: schtasks /delete: ERROR: refused',
      'data back',
      'program back',
      'stop back',
    ]);
    expect(existsSync(windows.places.program)).toBe(false);
  });
});

describe('a power cut in an installation', () => {
  test('in the renewal of a certificate, and an upgrade after it: its tasks were made to wait for a code', async () => {
    const windows = playWindows();
    await install(windows, answers);
    const identity = join(windows.places.data, 'identity');
    cpSync(identity, `${identity}.new`, { recursive: true });
    renameSync(identity, `${identity}.old`);
    const { ok, lines } = await install(windows);
    expect([ok, lines]).toEqual([true, expect.arrayContaining(['enrolment: ladakh/leh/hall, done before', 'start'])]);
    expect(taskOf(windows, 'run')).toContain('<Enabled>true</Enabled>\n    <Hidden>');
  });

  test('between two versions: the one of before comes back, and the new one after it', async () => {
    const windows = playWindows();
    await install(windows, answers);
    const { program, source } = windows.places;
    renameSync(program, `${program}.old`);
    cpSync(source, `${program}.new`, { recursive: true });
    windows.refuse(isCall('icacls.exe', '/reset'));
    expect((await install(windows)).ok).toBe(false);
    expect(existsSync(join(program, 'agent.env'))).toBe(true);
    windows.refuse(() => false);
    expect((await install(windows)).ok).toBe(true);
    expect(Object.keys(windows.tree()).filter((path) => /\.(new|old)\//.test(path))).toEqual([]);
  });
});

describe('S15 a folder that somebody made before us', () => {
  const planted = async (plant: (folder: string) => void) => {
    const windows = playWindows();
    plant(windows.places.data);
    const before = windows.tree();
    const { ok, lines } = await install(windows, answers);
    expect(ok).toBe(false);
    expect(windows.tree()).toEqual(before);
    return lines.find((line) => line.includes('failed'))?.replaceAll(windows.places.data, 'DATA');
  };

  test('is not taken with files that are not ours', async () => {
    const line = await planted((folder) => {
      mkdirSync(folder);
      writeFileSync(join(folder, 'x'), '');
    });
    expect(line).toBe("data failed: DATA: files that are not the agent's are in it; empty it, or name another folder by --data");
  });

  test('brought a version of the agent with it, which ran as the system: none is taken from a folder that no installation closed', async () => {
    const windows = playWindows();
    const update = join(windows.places.data, 'update');
    mkdirSync(join(update, 'a'), { recursive: true });
    writeFileSync(join(windows.places.data, mark), 'planted');
    writeFileSync(join(update, 'slots.json'), 'planted');
    writeFileSync(join(update, 'a/agent.mjs'), 'planted');
    expect((await install(windows, answers)).ok).toBe(true);
    expect(readdirSync(update)).toEqual([]);
  });

  test('is not taken where it is a link, nor where it is a file', async () => {
    expect(await planted((folder) => symlinkSync('/tmp', folder))).toBe('data failed: DATA: this is no folder');
    expect(await planted((folder) => writeFileSync(folder, ''))).toBe('data failed: DATA: this is no folder');
  });

  test('is not taken with a link in it, whatever else is there', async () => {
    const line = await planted((folder) => {
      mkdirSync(join(folder, 'a'), { recursive: true });
      writeFileSync(join(folder, mark), 'planted');
      symlinkSync('/tmp', join(folder, 'a/b'));
    });
    expect(line).toBe('data failed: DATA/a/b: a link leads out of the folder');
  });
});
