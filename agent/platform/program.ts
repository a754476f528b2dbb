/** Runs a program by its full path. The installation uses it, also on Windows, which lacks `env` and the process groups of `child.ts`. */
import { execFile } from 'node:child_process';

/** Exit code and output (stderr first). The code is null if the program did not start or took too long. */
export type ProgramResult = { code: number | null; text: string };
/** Guarantee: it runs the program without a shell, and returns within the time limit. */
export type RunTextProgram = (program: string, args: readonly string[]) => Promise<ProgramResult>;

/** Time limit of a program. An enrolment over a satellite link takes a minute. */
const timeout = 300_000;

export const runProgram: RunTextProgram = (program, args) =>
  new Promise((resolve) => {
    const child = execFile(program, args, { timeout, windowsHide: true }, (error, out, err) => {
      // The error message contains all arguments, which may include an enrolment code.
      resolve(child.pid === undefined ? { code: null, text: `${error?.message}` } : { code: child.exitCode, text: (err || out).trim() });
    });
  });
