/** The Windows on which the agent is installed, as the steps see it: its folders, its programs, the person who sits there. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, type Language, oneLine } from '#contracts';
import { identityFolder } from '../identity/identity.ts';
import type { Ran, RunProgram } from '../platform/program.ts';
import type { Places } from './places.ts';
import type { Outcome } from './steps.ts';
import { type TaskName, taskNames } from './task.ts';
import type { phrases } from './words.ts';

/** What an enrolment takes, as a person gives it. */
export type Answers = { code: string; centre: string; pc: string };
/** The machine on which it is done. */
export type Machine = {
  places: Places;
  run: RunProgram;
  /** What is given for an enrolment, at first or after it failed for this reason; `nobody` = nobody can be asked again. */
  answers(failed: string | null): Promise<Answers | 'without' | 'nobody'>;
  pause(ms: number): Promise<void>;
  /** Throws where something in it is held. */
  rename(from: string, to: string): void;
  language: Language;
  say(key: keyof typeof phrases): string;
};
/** What a folder of data is known by. */
export const mark = 'sabha-agent';
/** What a program that was just ended, or one that looks for viruses, still holds is free a moment later. */
const [freeTries, freePauseMs] = [20, 500];

/** True where somebody has typed a code; the second name is what a power cut in a renewal leaves. */
export function isEnrolled({ data }: Pick<Places, 'data'>): boolean {
  return [identityFolder(data), `${identityFolder(data)}.old`].some((path) => existsSync(path));
}

/** True where there is something to remove. */
export function isInstalled({ places }: Machine, purge: boolean): boolean {
  const { program, data } = places;
  const paths = [program, setAside(program, 'program'), goneProgram(places), ...taskNames.map((name) => keptTask(places, name))];
  return [...paths, ...(purge ? [join(data, mark), setAside(data, 'data')] : [])].some((path) => existsSync(path));
}

/** Where a folder lies while it is removed. Beside the data lies what people put there, a copy of them too: that name is one that nobody gives. */
export function setAside(folder: string, name: 'program' | 'data'): string {
  return name === 'data' ? `${folder}.sabha-gone` : `${folder}.old`;
}

/** Where a program that removed itself lies: it could be renamed only, for it ran. */
export function goneProgram({ program }: Pick<Places, 'program'>): string {
  return `${program}.gone.exe`;
}

/** Where the Task Scheduler keeps a task: in what language it would answer, nobody knows. */
export function keptTask({ system }: Pick<Places, 'system'>, name: TaskName): string {
  return join(system, 'Tasks', 'Sabha', name);
}

/** The tasks that are there. */
export function tasksOf(places: Places): TaskName[] {
  return taskNames.filter((name) => existsSync(keptTask(places, name)));
}

/** Calls a program of the system again and again; the first call that fails ends it. */
export async function call({ places, run }: Machine, name: 'schtasks' | 'icacls', calls: readonly (readonly string[])[]): Promise<Outcome> {
  for (const args of calls) {
    const ran = await run(join(places.system, `${name}.exe`), args);
    if (ran.code !== 0) return { ok: false, line: `${name} ${args[0]}: ${lineOf(ran)}` };
  }
  return { ok: true };
}

/** The first line of what a program said. */
export function lineOf({ code, text }: Ran): string {
  return oneLine(text.split('\n', 1).join(), 300).trim() || (code === null ? 'no answer' : `exit code ${code}`);
}

/** A task as its programs call it. */
export function pathOf(name: TaskName): string {
  return `Sabha\\${name}`;
}

/** Ends what runs. What does not run cannot be ended, which is as well; what goes on running is told where its files are wanted. */
export async function endTasks(machine: Machine): Promise<void> {
  for (const name of tasksOf(machine.places)) await call(machine, 'schtasks', [['/end', '/tn', pathOf(name)]]);
}

/** Renames a folder, waiting a while until nobody holds anything in it: what the trigger of each minute has started meanwhile is ended again. */
export async function renameOnceFree(from: string, to: string, machine: Machine): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return machine.rename(from, to);
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (tries === freeTries) throw new Error(`${from}: something in it is in use, or this needs an administrator`);
    }
    await endTasks(machine);
    await machine.pause(freePauseMs);
  }
}

/** True where the system did not let us. */
export function isRefused(error: unknown): boolean {
  return ['EBUSY', 'EPERM', 'EACCES'].includes(codeOf(error));
}

/** Takes a file or a folder away with all that is in it; nothing where it is not there. */
export function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
