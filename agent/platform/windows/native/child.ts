/** Runs programs of Windows by their full path, without a shell or a window. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { win32 } from 'node:path';
import type { Output } from '../../child.ts';
import type { RunProgram } from '../../native.ts';

const outputLimitBytes = 2 * 1024 * 1024;
const taskkillMs = 5_000;

export function systemRoot(env: Record<string, string | undefined>): string {
  return env['SystemRoot'] ?? 'C:\\Windows';
}

export function inSystem32(root: string): (program: string) => string {
  return (program) => win32.join(root, 'System32', program);
}

/** `place` returns the full path of a program. Guarantee: if the signal aborts, the program and its child processes are ended. */
export function createRunner(place: (program: string) => string): RunProgram {
  return (program, args, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve({ ok: false, why: 'aborted', text: '' });
      const options = { windowsHide: true, maxBuffer: outputLimitBytes, encoding: 'utf8' as const };
      const child = execFile(place(program), args, options, (error, stdout, stderr) => {
        signal.removeEventListener('abort', abort);
        resolve(outputOf(error, signal.aborted, { stdout, stderr }));
      });
      const abort = () => endTree(place('taskkill.exe'), child);
      signal.addEventListener('abort', abort, { once: true });
    });
}

/**
 * Ends a process with its children. Windows does not end the children of a process, and finds them only while their parent exists. The
 * parent is therefore ended last.
 */
function endTree(taskkill: string, child: ChildProcess): void {
  const end = () => void child.kill();
  if (child.pid === undefined) return;
  const options = { windowsHide: true, stdio: 'ignore', timeout: taskkillMs } as const;
  spawn(taskkill, ['/T', '/F', '/PID', `${child.pid}`], options)
    .once('error', end)
    .once('exit', end);
}

type ProgramOutput = { stdout: string; stderr: string };

function outputOf(error: (Error & { code?: unknown }) | null, isAborted: boolean, { stdout, stderr }: ProgramOutput): Output {
  if (error === null) return { ok: true, text: stdout };
  if (isAborted) return { ok: false, why: 'aborted', text: '' };
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return { ok: false, why: 'oversized', text: '' };
  if (error.code === 'ENOENT') return { ok: false, why: 'missing', text: '' };
  return { ok: false, why: 'failed', text: stderr.trim() || error.message };
}
