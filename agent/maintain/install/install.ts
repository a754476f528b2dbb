/** Steps of a Windows installation that its MSI cannot describe as data. The MSI calls them as SYSTEM. */
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

/** The PC: folders of the program, the data and the Windows tools, and the functions that act on the system. */
export type Windows = {
  program: string;
  data: string;
  system: string;
  run: RunTextProgram;
  /** Returns true while a running program holds this file. */
  isHeld(file: string): boolean;
  pause(ms: number): Promise<void>;
};
/** Properties of the MSI; empty = not given. `isUpdate`: an earlier installation restricted access to the data folder. */
export type MsiProperties = { code: string; centre: string; pc: string; isUpdate: boolean };

/** Public key for releases; a package without updates lacks it. */
const updateKey = 'update.pub';
/** Environment file of the agent, in the program folder. */
const settings = 'agent.env';
/** Marks a folder as the data of the agent. */
const mark = 'sabha-agent';
/** The signed-in user may read the agent versions in this folder, and nothing else of the data. */
const readable = 'update';
/** Accounts by SID, since Windows translates their names. */
const [system, administrators, users] = ['*S-1-5-18', '*S-1-5-32-544', '*S-1-5-32-545'];
/** A running agent loads this library; the installation does not. */
const library = 'koffi/build/koffi/win32_x64/koffi.node';
/** A program that has just ended releases its files within moments. */
const [freeTries, freePauseMs] = [20, 500];

/** Arguments after the verb, and values of the process. */
export type StepCall = { args: string[]; env: Record<string, string | undefined>; execPath: string };

/**
 * Runs `set-up`, `stop`, `remove`, or `undo` after a failed installation, for the MSI. Resolves with the exit code. `install.log` in
 * the program folder records each step, also of a failed installation; a removal deletes it.
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

/** Prepares the installed program to run. Throws with the reason on failure. */
export async function setUp(windows: Windows, given: MsiProperties): Promise<void> {
  await restrictDataAccess(windows, given.isUpdate);
  await enrol(windows, given);
  const { program, data } = windows;
  const key = existsSync(join(program, updateKey)) ? `SABHA_UPDATE_KEY='${join(program, updateKey)}'\n` : '';
  writeFileSync(join(program, settings), `SABHA_DATA='${data}'\nSABHA_LOG='${join(data, 'log', 'agent.log')}'\n${key}`);
  const enabled = [identityFolder(data), `${identityFolder(data)}.old`].some((folder) => existsSync(folder));
  for (const name of taskNames) await createTask(windows, name, enabled);
  // A task that does not start now starts within a minute.
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
  // A disabled task starts nothing between its end and its deletion.
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

/** Restricts the data to SYSTEM and administrators. The folder may exist already, because any user can create one there. */
async function restrictDataAccess(windows: Windows, isUpdate: boolean): Promise<void> {
  const { data } = windows;
  const found = lstatSync(data, { throwIfNoEntry: false });
  if (found && !found.isDirectory()) throw new Error(`${data}: this is no folder`);
  if (found && !existsSync(join(data, mark)) && readdirSync(data).length > 0)
    throw new Error(`${data}: it holds files that are not the agent's`);
  mkdirSync(data, { recursive: true });
  // The owner is set first, since an owner can grant access again. A reset grants access for a moment, so an update skips it.
  await call(windows, 'icacls', [data, '/setowner', administrators]);
  if (!isUpdate) await call(windows, 'icacls', [data, '/reset']);
  await call(windows, 'icacls', [data, '/inheritance:r', '/grant:r', `${system}:(OI)(CI)F`, `${administrators}:(OI)(CI)F`]);
  // From here on no other user can add a link.
  const link = linkIn(data);
  if (link !== undefined) throw new Error(`${link}: a link leads out of the folder`);
  writeFileSync(join(data, mark), 'The data of the Sabha agent.\r\n');
  // SYSTEM runs the versions in it, and another user may have written them.
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

/** A PC that has a certificate keeps it. */
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
  // In the program folder only administrators can change the file before it is read.
  const file = join(program, 'task.xml');
  writeFileSync(file, taskFile(readFileSync(join(program, `${name}.xml`), 'utf8'), { ...windows, enabled }));
  await call(windows, 'schtasks', ['/create', '/tn', pathOf(name), '/xml', file, '/f']).finally(() => rmSync(file));
}

/** Returns the existing tasks. The Task Scheduler keeps each as a file; the output of schtasks is localised. */
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
 * The two scheduled tasks by which Windows runs the agent. Their templates are `packaging/windows/*.xml`. Each has a trigger every
 * minute, because RestartOnFailure ignores an agent that ended for an update. The program conhost hides the console window of the task
 * `room`.
 */

/** Task names, which are also the verbs that they run. */
export const taskNames = ['run', 'room'] as const;
export type TaskName = (typeof taskNames)[number];

/** Returns the file for `schtasks /create /xml`: UTF-16 with byte order mark. A disabled task waits for the enrolment. */
export function taskFile(template: string, task: { program: string; data: string; enabled: boolean }): Buffer {
  const filled = template.replaceAll('{program}', task.program).replaceAll('{data}', task.data).replace('{enabled}', `${task.enabled}`);
  return Buffer.from(`\ufeff${filled}`, 'utf16le');
}
