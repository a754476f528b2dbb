/** Steps of a Windows installation that an MSI file cannot describe as data. The MSI runs them as the user SYSTEM. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { codeOf, messageOf, oneLine } from '@sabha/contracts';
import { identityFolder, openIdentity } from '../../identity/identity.ts';
import { type RunTextProgram, runProgram } from '../../platform/program.ts';

/** The PC of the installation: folders of program, data and Windows tools, and functions that act on Windows; tests replace them. */
export type Windows = {
  program: string;
  data: string;
  system: string;
  run: RunTextProgram;
  /** Returns true while a running program holds this file. */
  isHeld(file: string): boolean;
  pause(ms: number): Promise<void>;
};
/** Properties of the MSI; empty = not given. `isUpdate`: an earlier installation has restricted access to the data folder. */
export type MsiProperties = { code: string; centre: string; pc: string; isUpdate: boolean };

/** File with the public key of releases. A package without updates has no such file. */
const updateKey = 'update.pub';
/** File in the program folder with the environment variables of the agent. */
const settings = 'agent.env';
/** File that marks a folder as data of the agent, so that the installer never deletes another folder. */
const mark = 'sabha-agent';
/** Folder with agent versions. The signed-in user may read this folder, and no other data. */
const readable = 'update';
/** SIDs of accounts, because Windows translates account names. */
const [system, administrators, users] = ['*S-1-5-18', '*S-1-5-32-544', '*S-1-5-32-545'];
/** Library that a running agent has loaded. The installer tests with it whether an agent runs. */
const library = 'koffi/build/koffi/win32_x64/koffi.node';
/** Attempts to end the agent, and the pause between them, because an ended program releases its files with a delay. */
const [freeTries, freePauseMs] = [20, 500];

/** Arguments after the verb, environment and program path of the process. */
export type StepCall = { args: string[]; env: Record<string, string | undefined>; execPath: string };

/**
 * Runs one step for the MSI: `set-up`, `stop`, `remove`, or `undo` after a failed installation. Resolves with the exit code. The file
 * `install.log` in the program folder records each step, also of a failed installation. A removal deletes that file.
 */
export async function runStep({ args, env, execPath }: StepCall): Promise<0 | 1> {
  const text = { type: 'string', default: '' } as const;
  const options = { code: text, centre: text, pc: text, update: text, purge: { type: 'boolean', default: false } } as const;
  const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
  const { ProgramData: common, SystemRoot: root } = env;
  if (!common || !root) throw new Error('ProgramData and SystemRoot are not both set');
  const program = dirname(execPath);
  const windows = { program, data: join(common, 'Sabha'), system: join(root, 'System32'), run: runProgram, isHeld: isHeldFile, pause };
  const log = join(program, 'install.log');
  const steps: Record<string, () => Promise<void>> = {
    'set-up': () => setUp(windows, { ...values, isUpdate: values.update !== '' }),
    stop: () => stop(windows),
    undo: () => remove(windows, false),
    remove: () => remove(windows, values.purge).then(() => rmSync(log, { force: true })),
  };
  const [name = ''] = positionals;
  const failure = await (steps[name]?.() ?? Promise.reject(new Error('no such step'))).then(() => null, messageOf);
  if (failure !== null || name !== 'remove') appendFileSync(log, `${new Date().toISOString()} ${name}: ${failure ?? 'done'}\n`);
  return failure === null ? 0 : 1;
}

/** Restricts the data folder, enrols the PC and creates the tasks. Throws with the reason on failure. */
export async function setUp(windows: Windows, given: MsiProperties): Promise<void> {
  await restrictDataAccess(windows, given.isUpdate);
  await enrol(windows, given);
  const { program, data } = windows;
  const key = existsSync(join(program, updateKey)) ? `SABHA_UPDATE_KEY='${join(program, updateKey)}'\n` : '';
  writeFileSync(join(program, settings), `SABHA_DATA='${data}'\nSABHA_LOG='${join(data, 'log', 'agent.log')}'\n${key}`);
  const enabled = [identityFolder(data), `${identityFolder(data)}.old`].some((folder) => existsSync(folder));
  for (const name of taskNames) await createTask(windows, name, enabled);
  // A task that cannot be started now starts by its trigger within a minute.
  if (enabled) for (const name of taskNames) await tryScheduler(windows, ['/run', '/tn', pathOf(name)]);
}

/** Ends the agent before its program is replaced. */
export async function stop(windows: Windows): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    for (const name of tasksOf(windows)) await tryScheduler(windows, ['/end', '/tn', pathOf(name)]);
    if (!windows.isHeld(join(windows.program, library))) return;
    if (tries === freeTries) throw new Error(`${windows.program}: a program in it does not end`);
    await windows.pause(freePauseMs);
  }
}

/** Ends the agent and deletes its tasks; with `purges` also its data. */
export async function remove(windows: Windows, purges: boolean): Promise<void> {
  // A task that is disabled first cannot start again before it is deleted.
  for (const name of tasksOf(windows)) await tryScheduler(windows, ['/change', '/tn', pathOf(name), '/disable']);
  await stop(windows);
  for (const name of tasksOf(windows)) await call(windows, 'schtasks', ['/delete', '/tn', pathOf(name), '/f']);
  rmSync(join(windows.program, settings), { force: true });
  if (purges && existsSync(join(windows.data, mark))) rmSync(windows.data, { recursive: true, maxRetries: 10, retryDelay: 200 });
}

/** Returns true while Windows refuses to open a file for writing, because a program runs from it. */
export function isHeldFile(file: string): boolean {
  try {
    closeSync(openSync(file, 'r+'));
    return false;
  } catch (error) {
    return ['EBUSY', 'EPERM', 'EACCES'].includes(codeOf(error));
  }
}

/** Restricts the data folder to SYSTEM and administrators. Any user can create this folder, so it may exist with hostile content. */
async function restrictDataAccess(windows: Windows, isUpdate: boolean): Promise<void> {
  const { data } = windows;
  const found = lstatSync(data, { throwIfNoEntry: false });
  if (found && !found.isDirectory()) throw new Error(`${data}: this is no folder`);
  if (found && !existsSync(join(data, mark)) && readdirSync(data).length > 0)
    throw new Error(`${data}: it holds files that are not the agent's`);
  mkdirSync(data, { recursive: true });
  // The owner changes first, because the old owner could grant access again. A reset grants access for a moment, so an update skips it.
  await call(windows, 'icacls', [data, '/setowner', administrators]);
  if (!isUpdate) await call(windows, 'icacls', [data, '/reset']);
  await call(windows, 'icacls', [data, '/inheritance:r', '/grant:r', `${system}:(OI)(CI)F`, `${administrators}:(OI)(CI)F`]);
  // No other user can add a link any longer, so one search finds every link.
  const link = linkIn(data);
  if (link !== undefined) throw new Error(`${link}: a link leads out of the folder`);
  writeFileSync(join(data, mark), 'The data of the Sabha agent.\r\n');
  // SYSTEM runs the agent versions in this folder. Before the first installation another user may have written them.
  if (!isUpdate) rmSync(join(data, readable), { recursive: true, force: true });
  for (const folder of [readable, 'log']) mkdirSync(join(data, folder), { recursive: true });
  await call(windows, 'icacls', [join(data, '*'), '/setowner', administrators, '/t']);
  await call(windows, 'icacls', [join(data, '*'), '/reset', '/t']);
  await call(windows, 'icacls', [join(data, readable), '/grant:r', `${users}:(OI)(CI)RX`]);
}

/** Returns the first link below a folder. Follows no link. */
function linkIn(folder: string): string | undefined {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const found = entry.isDirectory() ? linkIn(path) : entry.isSymbolicLink() ? path : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Enrols the PC. A PC that has a certificate keeps the certificate. */
async function enrol({ program, data, run }: Windows, { code, centre, pc }: MsiProperties): Promise<void> {
  const held = openIdentity(identityFolder(data));
  if (!held.ok) throw new Error(held.line);
  if (held.value !== undefined || code === '') return;
  const words = [code, ...(centre && ['--centre', centre]), ...(pc && ['--pc', pc])];
  const { code: exit, text } = await run(join(program, 'node.exe'), [join(program, 'agent.mjs'), 'enrol', ...words, '--data', data]);
  if (exit !== 0) throw new Error(`enrolment: ${firstLine(text) || `exit code ${exit}`}`);
}

async function createTask(windows: Windows, name: TaskName, enabled: boolean): Promise<void> {
  const { program } = windows;
  // The file is in the program folder, where only administrators can change it before the Task Scheduler reads it.
  const file = join(program, 'task.xml');
  writeFileSync(file, taskFile(readFileSync(join(program, `${name}.xml`), 'utf8'), { ...windows, enabled }));
  await call(windows, 'schtasks', ['/create', '/tn', pathOf(name), '/xml', file, '/f']).finally(() => rmSync(file));
}

/** Returns the existing tasks by their files, because the output of schtasks depends on the language of Windows. */
function tasksOf({ system: folder }: Windows): TaskName[] {
  return taskNames.filter((name) => existsSync(join(folder, 'Tasks', 'Sabha', name)));
}

function pathOf(name: TaskName): string {
  return `Sabha\\${name}`;
}

async function call({ system: folder, run }: Windows, name: 'schtasks' | 'icacls', args: readonly string[]): Promise<void> {
  const { code, text } = await run(join(folder, `${name}.exe`), args);
  if (code !== 0) throw new Error(`${name} ${args[0]}: ${firstLine(text) || `exit code ${code}`}`);
}

/** Calls the Task Scheduler and ignores a refusal: for example, a task that does not run cannot be ended. */
async function tryScheduler(windows: Windows, args: readonly string[]): Promise<void> {
  await call(windows, 'schtasks', args).catch(() => undefined);
}

function firstLine(text: string): string {
  return oneLine(text.split('\n', 1).join(), 300).trim();
}

/**
 * The two scheduled tasks by which Windows runs the agent. Their templates are `packaging/windows/*.xml`. Each task starts again within a
 * minute by a trigger, because RestartOnFailure ignores an agent that ended for an update. The program conhost hides the console window
 * of the task `room`.
 */

/** Task names, which are also the verbs that they run. */
export const taskNames = ['run', 'room'] as const;
export type TaskName = (typeof taskNames)[number];

/** Returns the file for `schtasks /create /xml`: UTF-16 with byte order mark. A disabled task waits for the enrolment. */
export function taskFile(template: string, task: { program: string; data: string; enabled: boolean }): Buffer {
  const filled = template.replaceAll('{program}', task.program).replaceAll('{data}', task.data).replace('{enabled}', `${task.enabled}`);
  return Buffer.from(`\ufeff${filled}`, 'utf16le');
}
