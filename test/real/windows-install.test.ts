/**
 * Tests the MSI under Wine: signed, installed, enrolled, upgraded and removed by msiexec, with the real Node. Limits of Wine: its installer
 * restores no earlier version, its schtasks starts no task, its icacls does nothing. docs/install/agent-windows.md lists what is
 * untested.
 */
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey } from 'node:crypto';
import { copyFileSync, existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { makeSigningKeys } from '@sabha/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TaskName, taskFile, taskNames } from '../../agent/maintain/install/install.ts';
import { centreOf, pack } from '../../agent/maintain/install/pack.ts';
import { nodeSha256, packMsi } from '../../packaging/msi.ts';
import { type EnrollingCentre, startEnrollingCentre } from './enrolling-centre.ts';
import { installed, requirePart } from './parts.ts';
import { hasWine, startWine, type Wine, type WineProgram } from './wine.ts';

const tools = ['wixl', 'msibuild', 'osslsigncode', 'openssl', 'npm'];
const runs = requirePart('Wine (wine, wine64), wixl, msitools and osslsigncode', hasWine() && installed(tools));
const key = createPrivateKey(makeSigningKeys().privateKey);
/** A failed update check is retried after three to five minutes. */
const patience = { timeout: 300_000, interval: 200 };
const program = 'C:\\Program Files\\Sabha';
const data = 'C:\\ProgramData\\Sabha';
const uninstallKey = 'HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall';

describe.runIf(runs)('the MSI for Windows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-msi-'));
  const certificate = join(folder, 'certificate.pem');
  let centre: EnrollingCentre;
  let wine: Wine;
  beforeAll(async () => {
    centre = await startEnrollingCentre(['hall']);
    const options = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Test', '-addext', 'extendedKeyUsage=codeSigning'];
    const files = ['-keyout', join(folder, 'key.pem'), '-out', certificate];
    execFileSync('openssl', ['req', '-x509', ...options, ...files], { stdio: 'ignore' });
    wine = await startWine();
    for (const version of ['0.1.0', '0.3.0']) copyFileSync(await made(version), wine.path(`C:\\agent-${version}.msi`));
    // A fresh Windows starts its scheduler a moment later.
    await vi.waitFor(async () => expect((await wine.run(['schtasks', '/query'])).code).toBe(0), patience);
  }, 900_000);
  afterAll(async () => {
    await wine?.remove();
    centre?.remove();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => async () => {
    for (const version of ['0.1.0', '0.3.0']) await msiexec('/x', version);
    expect(await left()).toEqual([]);
  });

  const made = async (version: string) => {
    const out = join(folder, version);
    await release(version, out);
    // A relative folder, as a person might type it.
    const msi = await packMsi({ out: relative('.', out), version, key, centre: centreOf({ centre: centre.at, roots: centre.roots }) });
    if (!msi.ok) throw new Error(msi.line);
    const signed = `${msi.file}.signed`;
    const by = ['-certs', certificate, '-key', join(folder, 'key.pem')];
    execFileSync('osslsigncode', ['sign', ...by, '-n', 'Sabha agent', '-in', msi.file, '-out', signed]);
    return signed;
  };
  const msiexec = (verb: '/i' | '/x', version: string, ...properties: string[]) =>
    wine.run(['msiexec', verb, `C:\\agent-${version}.msi`, '/qn', ...properties]);
  const command = (...words: string[]) => wine.run(['cmd', '/c', `${program}\\sabha-agent.cmd`, ...words]);
  const read = (file: string) => readFileSync(wine.path(file), 'utf8');
  const versions = async () => {
    const { out } = await wine.run(['reg', 'query', uninstallKey, '/s', '/reg:64']);
    return [...out.matchAll(/DisplayName\s+REG_SZ\s+Sabha agent[\s\S]*?DisplayVersion\s+REG_SZ\s+(\S+)/g)].map(([, version]) => version);
  };
  /** Returns what an installation leaves: program, data, tasks, menu, entry. */
  const left = async () => {
    const folders = ['C:\\Program Files', 'C:\\ProgramData', 'C:\\windows\\system32\\tasks\\Sabha'].map(wine.path);
    // Wine puts the start menu of all users into the start menu of the installing user.
    const menu = globSync('*/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/*Sabha*', { cwd: wine.path('C:\\users') });
    const names = folders.flatMap((parent) => (existsSync(parent) ? readdirSync(parent) : []));
    return [
      ...names.filter((name) => /^(Sabha|run|room)$/.test(name)),
      ...menu.map((path) => basename(path)).sort(),
      ...(await versions()),
    ];
  };

  test('has a signature that osslsigncode verifies and a changed byte breaks', () => {
    const file = join(folder, '0.1.0/sabha-agent-0.1.0-x64.msi.signed');
    const verify = (path: string) => execFileSync('osslsigncode', ['verify', '-CAfile', certificate, '-in', path], { encoding: 'utf8' });
    expect(verify(file)).toContain('Signature verification: ok');
    const bytes = readFileSync(file);
    const at = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    const changed = join(folder, 'changed.msi');
    writeFileSync(changed, bytes);
    expect(() => verify(changed)).toThrow();
  });

  test('installs silently without a code, upgrades and keeps the data, refuses a downgrade, and keeps the data on request', async () => {
    expect(await msiexec('/i', '0.1.0')).toMatchObject({ code: 0 });
    expect(await left()).toEqual(['Sabha', 'Sabha', 'room', 'run', 'Connect this PC (Sabha).lnk', 'This room (Sabha).lnk', '0.1.0']);
    const node = readFileSync(wine.path(`${program}\\node.exe`));
    expect(createHash('sha256').update(node).digest('hex')).toBe(nodeSha256);
    const koffi = "console.log(require('node:module').createRequire(process.execPath)('./koffi').version)";
    expect(await wine.run([`${program}\\node.exe`, '--lite-mode', '-e', koffi])).toMatchObject({ code: 0, out: '3.3.4\n' });
    expect(JSON.parse((await command('check', '--json')).out)).toMatchObject({ pc: 'capital/this-office/this-pc' });
    expect(await command('room', '--card')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^There is no room card yet\. [^\n]+\n$/),
    });
    expect(await command('install')).toMatchObject({ code: 2, err: expect.stringContaining('msiexec /i ') });

    writeFileSync(wine.path(`${data}\\spool.db`), 'kept');
    expect(await msiexec('/i', '0.3.0')).toMatchObject({ code: 0 });
    expect([read(`${data}\\spool.db`), await versions()]).toEqual(['kept', ['0.3.0']]);
    expect(read(`${program}\\install.log`).replaceAll(/^\S+ /gm, '')).toBe('set-up: done\nstop: done\nset-up: done\n');
    expect((await msiexec('/i', '0.1.0')).code).not.toBe(0);
    expect(await versions()).toEqual(['0.3.0']);

    expect(await msiexec('/x', '0.3.0', 'KEEPDATA=1')).toMatchObject({ code: 0 });
    expect([await left(), read(`${data}\\spool.db`)]).toEqual([['Sabha'], 'kept']);
    expect(await msiexec('/i', '0.3.0')).toMatchObject({ code: 0 });
    expect(read(`${data}\\spool.db`)).toBe('kept');
  });

  test('fails with a wrong code, writes the reason to its log, and leaves only the log and the protected data folder', async () => {
    expect((await msiexec('/i', '0.1.0', `CODE=${'X'.repeat(20)}`)).code).not.toBe(0);
    expect(read(`${program}\\install.log`)).toMatch(/ set-up: enrolment: [^\n]*code[^\n]*\n$/);
    expect([await left(), readdirSync(wine.path(program))]).toEqual([['Sabha', 'Sabha'], ['install.log']]);
    for (const path of [program, data]) rmSync(wine.path(path), { recursive: true });
  });

  test('S15 enrols with the code as its only property; the agent connects over TLS, updates itself, writes its log and is upgraded', async () => {
    await release('0.2.0', centre.updates);
    // The package contains the address of the server and the second half of the code.
    const half = centre.code.split('-').slice(0, 4).join('-');
    expect(await msiexec('/i', '0.1.0', `CODE=${half}`)).toMatchObject({ code: 0 });
    expect(existsSync(wine.path(`${data}\\identity\\certificate.pem`))).toBe(true);
    // Only the session helper checks the microphone.
    const microphone = async () => `${await centre.heard()}`;
    await runAsTheirTasks(async () => {
      await expect.poll(centre.seen, patience).toBe('online 0.2.0');
      await expect.poll(microphone, patience).toMatch(/the session helper is silent|not checked/);
    }, ['run']);
    const lines = read(`${data}\\log\\agent.log`).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(expect.objectContaining({ msg: 'ready', version: '0.2.0' }));

    expect(await msiexec('/i', '0.3.0')).toMatchObject({ code: 0 });
    const joined = () => expect.poll(microphone, patience).not.toMatch(/the session helper is silent|not checked|undefined/);
    await runAsTheirTasks(async () => {
      await expect.poll(centre.seen, patience).toBe('online 0.3.0');
      await joined();
    });
  }, 1_800_000);

  /** Plays the Task Scheduler: starts the program of each task, and restarts it when it ends. */
  async function runAsTheirTasks(work: () => Promise<unknown>, names: readonly TaskName[] = taskNames) {
    let isOver = false;
    const running = new Map<TaskName, WineProgram>();
    const said: string[] = [];
    // Speed 100 for the first start only: the first update check comes after 10 to 20 min. The new version has its full five minutes to
    // connect.
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

  /**
   * Returns the command line from the task file, because Wine's scheduler keeps only a part of it. Wine's conhost cannot start without a
   * window, so the command behind it is used.
   */
  function commandOf(name: TaskName): string[] {
    const task = taskFile(readFileSync(join(wine.path(program), `${name}.xml`), 'utf8'), { program, data, enabled: true }).toString(
      'utf16le',
    );
    const text = (element: string) => new RegExp(`<${element}>(.*)</${element}>`).exec(task)?.[1] ?? '';
    const words = [text('Command'), ...[...text('Arguments').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')];
    return words.slice(words.indexOf('--headless') + 1);
  }
});

function release(version: string, out: string) {
  return pack({ out, version, minimum: '0.0.0', expires: Date.now() * 2, key });
}
