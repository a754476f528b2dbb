/**
 * A program by its whole path, run to its end: what an installation calls, on Windows too, where there is neither the `env` nor the group of
 * processes by which `child.ts` runs one.
 */
import { execFile } from 'node:child_process';

/** How it ended, and what it said, of an error before all else; a program that could not be started or took too long has no code. */
export type Ran = { code: number | null; text: string };
/** Guarantee: an argument vector and never a shell; an end always comes. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<Ran>;

/** An enrolment over a satellite takes a minute. */
const timeout = 300_000;

/** As the type says. */
export const runProgram: RunProgram = (program, args) =>
  new Promise((resolve) => {
    const child = execFile(program, args, { timeout, windowsHide: true }, (error, out, err) => {
      // The message names all arguments: a code of enrolment may be among them.
      resolve(child.pid === undefined ? { code: null, text: `${error?.message}` } : { code: child.exitCode, text: (err || out).trim() });
    });
  });
