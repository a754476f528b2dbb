/**
 * The two scheduled tasks by which Windows runs the agent. Their templates are `packaging/windows/*.xml`. Each has a trigger for every minute, because
 * RestartOnFailure ignores an agent that ended for its own update. conhost hides the console window of the task `room`.
 */

/** The names of the tasks, which are also the verbs that they run. */
export const taskNames = ['run', 'room'] as const;
/** One of them. */
export type TaskName = (typeof taskNames)[number];

/** The file that `schtasks /create /xml` reads: UTF-16 with its byte order mark. A disabled task waits for the enrolment. */
export function taskFile(template: string, task: { program: string; data: string; enabled: boolean }): Buffer {
  const filled = template.replaceAll('{program}', task.program).replaceAll('{data}', task.data).replace('{enabled}', `${task.enabled}`);
  return Buffer.from(`\ufeff${filled}`, 'utf16le');
}
