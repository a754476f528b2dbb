/**
 * The two scheduled tasks by which Windows runs the agent; their texts stand in `windows/`. A trigger of each minute is in both, for
 * RestartOnFailure is for what failed: an agent that ends for its own update, or a session that was not ready yet, did not. Without conhost the
 * black window of a console would stand on the screen of whoever is signed in.
 */
import { win32 } from 'node:path';

/** Where the agent lies, and whether there is anything to do for it: a task of a PC that nobody has enrolled waits. */
export type Task = { program: string; data: string; enabled: boolean };
/** Their names in the folder of the Task Scheduler; the verbs that they run are called so too. */
export const taskNames = ['run', 'room'] as const;
/** One of them. */
export type TaskName = (typeof taskNames)[number];

/** What Node is started with for a verb of the agent. */
export function agentArguments({ program, data }: Omit<Task, 'enabled'>, verb: string, words: readonly string[] = []): string[] {
  return [`--env-file=${win32.join(program, 'agent.env')}`, win32.join(program, 'launch.mjs'), verb, ...words, '--data', data];
}

/** The file that `schtasks /create /xml` reads: UTF-16, with the mark of its order. */
export function taskFile(text: string, task: Task): Buffer {
  const values: Record<string, string> = { program: task.program, data: task.data, enabled: `${task.enabled}` };
  const filled = text.replaceAll(/\{(\w+)\}/g, (_, name: string) => escaped(values[name] ?? ''));
  return Buffer.from(`\ufeff${filled}`, 'utf16le');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
