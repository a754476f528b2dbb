/**
 * The zip for Windows, installed, run, updated and removed in a Windows of Wine, whose Node is the real one. Wine's schtasks keeps tasks and starts
 * none, its icacls takes every call and does nothing: who would be kept out stands in the unit test, and in agent/install/WINDOWS.md.
 */
import { spawnSync } from 'node:child_process';
import { createHash, createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeSigningKeys } from '#contracts';
import { pack } from '../../agent/install/pack.ts';
import { type TaskName, taskFile, taskNames } from '../../agent/install/task.ts';
import { nodeSha256, packZip } from '../../agent/install/zip.ts';
import { startEnrollingCentre } from './enrolling-centre.ts';
import { installed, requirePart } from './parts.ts';
import { hasWine, startWine, type Wine, type WineProgram } from './wine.ts';

const runs = requirePart('Wine (wine, wine64), zip and unzip', hasWine() && installed(['zip', 'unzip', 'npm']));
const key = createPrivateKey(makeSigningKeys().privateKey);
/** A look for an update that went wrong is made again in three to five minutes. */
const patience = { timeout: 300_000, interval: 200 };
const program = 'C:\\Program Files\\Sabha';
const data = 'C:\\ProgramData\\Sabha';
/** As a clerk unpacks it. */
const unpacked = 'C:\\users\\आशा देवी\\Downloads\\the zip (1)';

describe.runIf(runs)('the zip for Windows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-zip-'));
  let wine: Wine;
  beforeAll(async () => {
    for (const version of ['0.1.0', '0.3.0']) await made(version, version);
    wine = await startWine();
    // The scheduler of a fresh Windows starts a moment after it.
    await vi.waitFor(async () => expect((await wine.run(['schtasks', '/query'])).code).toBe(0), patience);
  }, 900_000);
  afterAll(async () => {
    await wine?.remove();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    unpack('0.1.0');
    return async () => {
      await call('uninstall', '--purge', '--silent');
      expect(left()).toEqual([]);
    };
  });

  const made = async (version: string, into: string) => {
    const out = join(folder, into);
    await release(version, out);
    // As it is named on a command line: into a folder from here it was never made.
    const zip = await packZip({ out: relative('.', out), version, key, fast: true });
    if (!zip.ok) throw new Error(zip.line);
    return zip.file;
  };
  const unpack = (version: string) => {
    const here = wine.path(unpacked);
    rmSync(here, { recursive: true, force: true });
    const name = `sabha-agent-${version}-win-x64`;
    mkdirSync(join(here, '..'), { recursive: true });
    unzip('-q', join(folder, version, `${name}.zip`), '-d', join(folder, 'unpacked'));
    renameSync(join(folder, 'unpacked', name), here);
  };
  const call = (verb: string, ...words: string[]) => wine.run([`${unpacked}\\node.exe`, `${unpacked}\\agent.mjs`, verb, ...words]);
  /** What an installation would leave. */
  const left = () => {
    const tasks = wine.path('C:\\windows\\system32\\tasks\\Sabha');
    const names = ['C:\\Program Files', 'C:\\ProgramData'].flatMap((parent) => readdirSync(wine.path(parent)));
    return [...names.filter((name) => name.startsWith('Sabha')), ...(existsSync(tasks) ? readdirSync(tasks) : [])];
  };
  const all = ['Sabha', 'Sabha', 'room', 'run'];

  test('is the same, byte by byte, whoever packs it wherever, and its Node is the signed one as it came', async () => {
    const [umask, zone] = [process.umask(0o077), process.env['TZ']];
    onTestFinished(() => {
      process.umask(umask);
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    });
    process.env['TZ'] = 'Asia/Kolkata';
    const first = readFileSync(await made('0.1.0', 'one'));
    expect(first.equals(readFileSync(join(folder, '0.1.0/sabha-agent-0.1.0-win-x64.zip')))).toBe(true);
    const node = readFileSync(join(wine.path(unpacked), 'node.exe'));
    expect(createHash('sha256').update(node).digest('hex')).toBe(nodeSha256);
  });

  test('has koffi whole beside its node.exe, which takes it without its compiler', async () => {
    const script = "console.log(require('node:module').createRequire(process.execPath)('./koffi').version)";
    expect(await wine.run([`${unpacked}\\node.exe`, '--lite-mode', '-e', script])).toMatchObject({ code: 0, out: '3.3.4\n' });
  });

  test('is installed twice without harm, kept in its folder, removed with its data staying, and purged', async () => {
    const home = 'C:\\सभा डेटा';
    const first = await call('install', '--data', home, '--lang', 'en');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out.split('\n')).toEqual([
      '✔ Agent stopped',
      `✔ Program of the agent: ${program}`,
      `✔ Data: ${home} (closed to others)`,
      '✔ Enrolment: not done; install again with the code of the office',
      '✔ Tasks: Sabha\\run, Sabha\\room',
      '✔ Start menu: This room (Sabha)',
      '✔ Start: not done; install again with the code of the office',
      '',
    ]);
    expect(await call('install', '--silent')).toEqual({ code: 0, out: '', err: '' });
    expect(await call('install', '--data', 'C:\\other')).toMatchObject({
      code: 2,
      err: `--data: the agent of this PC has its data in ${home}; uninstall it first\n`,
    });
    expect(readFileSync(join(wine.path(program), 'agent.env'), 'utf8')).toContain(`SABHA_DATA='${home}'\n`);
    const checked = await wine.run(['cmd', '/c', `${program}\\sabha-agent.cmd`, 'check', '--json']);
    expect(JSON.parse(checked.out)).toMatchObject({ pc: 'capital/this-office/this-pc' });
    const entry = 'C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\This room (Sabha).url';
    const url = '[InternetShortcut]\r\nURL=file:///C:/Program%20Files/Sabha/room-card.cmd\r\n';
    expect(readFileSync(wine.path(entry), 'utf8')).toBe(url);
    const card = await wine.run(['cmd', '/c', `${program}\\sabha-agent.cmd`, 'room', '--card']);
    expect(card).toMatchObject({ code: 1, err: expect.stringMatching(/^There is no room card yet\. [^\n]+\n$/) });

    expect(await call('uninstall', '--lang', 'en')).toMatchObject({ code: 0, err: '' });
    expect([left(), existsSync(wine.path(home)), existsSync(wine.path(entry))]).toEqual([[], true, false]);
    expect((await call('uninstall', '--purge', '--data', home, '--lang', 'en')).out).toContain(`✔ Data: ${home}, removed\n`);
    expect([left(), existsSync(wine.path(home))]).toEqual([[], false]);
    expect(await call('uninstall', '--purge', '--lang', 'hi')).toMatchObject({ code: 0, out: 'यहाँ कुछ इंस्टॉल नहीं है\n' });
  });

  test('S13 tells in one line what is wrong with a call, and changes nothing', async () => {
    const told = async (...words: string[]) => {
      const { code, out, err } = await call('install', ...words);
      return [code, out, err.replace(/; usage: .*/, '; usage')];
    };
    expect(await told('--data', 'C:\\a"b')).toEqual([2, '', expect.stringMatching(/^"C:\\a"b" will not do: [^\n]*\n$/)]);
    expect(await told('--data', 'सभा')).toEqual([2, '', expect.stringMatching(/^"सभा" will not do: [^\n]*\n$/)]);
    expect(await told('X')).toEqual([2, '', 'a code goes with --centre and --pc; usage\n']);
    expect(await told('--pc', 'a/b/c')).toEqual([2, '', 'a code goes with --centre and --pc; usage\n']);
    expect(await told('--what')).toEqual([2, '', 'there is no option --what; usage\n']);
    expect(left()).toEqual([]);
  });

  test('where a step fails, one line says so and nothing is left: a wrong code, and a Windows without a program of its own', async () => {
    const code = ['X'.repeat(40), '--centre', 'https://localhost:1', '--pc', 'a/b/c'];
    const { code: exit, err } = await call('install', ...code, '--lang', 'en');
    expect([exit, err.split('\n').map((line) => line.replace(/(Enrolment: ).+/, '$1…'))]).toEqual([
      4,
      ['✖ Enrolment: …', '  Taken back: Data', '  Taken back: Program of the agent', '  Taken back: Agent stopped', ''],
    ]);
    expect(left()).toEqual([]);
    const schtasks = wine.path('C:\\windows\\system32\\schtasks.exe');
    const kept = readFileSync(schtasks);
    rmSync(schtasks);
    onTestFinished(() => writeFileSync(schtasks, kept));
    const without = await call('install', '--lang', 'en');
    expect(without.err).toMatch(/^✖ Tasks: schtasks \/create: [^\n]+\n {2}Taken back: Tasks\n/);
    expect([without.code, left()]).toEqual([4, []]);
    writeFileSync(schtasks, kept);
  });

  test('removes itself where it is called from its own folder, and leaves the Node that runs to the next one', async () => {
    await call('install', '--silent');
    expect(left()).toEqual(all);
    const own = await wine.run([`${program}\\node.exe`, `${program}\\agent.mjs`, 'uninstall', '--lang', 'en']);
    expect(own.out).toContain(`✔ Program of the agent: ${program}, removed (${program}.gone.exe stays)\n`);
    expect(left()).toEqual(['Sabha.gone.exe', 'Sabha']);
  });

  test('S15 a clerk types a code, the verdict ends it; the agent is born over TLS, updated, and upgraded', async () => {
    const centre = await startEnrollingCentre();
    onTestFinished(centre.remove);
    await release('0.2.0', centre.updates);
    const enrolled = await call('install', centre.code, '--centre', centre.at, '--pc', centre.pc, '--lang', 'en');
    expect(enrolled.out, enrolled.err).toMatch(/\n✔ Enrolment: ladakh\/leh\/hall is enrolled until /);
    expect(enrolled.out).toMatch(/\n✔ Start\n\nladakh\/leh\/hall\n/);
    expect([0, 1, 3]).toContain(enrolled.code);
    // Only the seat of the room asks it.
    const microphone = async () => `${await centre.heard()}`;
    await runAsTheirTasks(async () => {
      await expect.poll(centre.seen, patience).toBe('online 0.2.0');
      await expect.poll(microphone, patience).toMatch(/room seat silent|not checked/);
    }, ['run']);

    unpack('0.3.0');
    const again = await call('install', centre.code, '--centre', centre.at, '--pc', centre.pc, '--lang', 'en');
    expect(again.out, again.err).toContain('\n✔ Enrolment: ladakh/leh/hall, done before\n');
    const joined = () => expect.poll(microphone, patience).not.toMatch(/room seat silent|not checked|undefined/);
    await runAsTheirTasks(async () => {
      await expect.poll(centre.seen, patience).toBe('online 0.3.0');
      await joined();
    });
  }, 1_800_000);

  /** Plays the Task Scheduler, which starts the program of a task, and starts it again when it has ended. */
  async function runAsTheirTasks(work: () => Promise<unknown>, names: readonly TaskName[] = taskNames) {
    let isOver = false;
    const running = new Map<TaskName, WineProgram>();
    const said: string[] = [];
    // The first look for an update comes after 10 to 20 min, the second after hours; the new version has its whole five to be heard.
    const speeds = names.length > 1 ? [] : ['100'];
    const supervised = names.map(async (name) => {
      while (!isOver) {
        const program = wine.start(commandOf(name), { SABHA_SPEED: speeds.shift() ?? '1' });
        running.set(name, program);
        await program.ended;
        said.push(program.said());
      }
    });
    try {
      await work();
    } finally {
      isOver = true;
      for (const program of running.values()) await program.kill();
      await Promise.all(supervised);
      console.log(said.join('').slice(-4_000));
    }
  }

  /** As the Task Scheduler is told; what Wine's keeps of a task is not all of it. Its conhost starts nothing without a window: what stands behind it is started. */
  function commandOf(name: TaskName): string[] {
    const task = taskFile(readFileSync(join(wine.path(program), `${name}.xml`), 'utf8'), { program, data, enabled: true }).toString(
      'utf16le',
    );
    const text = (element: string) => new RegExp(`<${element}>(.*)</${element}>`).exec(task)?.[1] ?? '';
    const words = [text('Command'), ...[...text('Arguments').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')];
    return words.slice(words.indexOf('--headless') + 1);
  }
});

/** The agent in one file, signed, as a release. */
function release(version: string, out: string) {
  return pack({ out, version, minimum: '0.0.0', expires: Date.now() * 2, key });
}

function unzip(...words: string[]): void {
  const { status, stderr } = spawnSync('unzip', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
