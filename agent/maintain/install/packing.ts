/** What the packages are made with: files put into a folder, and the programs that make one file of it. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KnownCentre } from '../../identity/known-centre.ts';
import { runCommand } from '../../platform/child.ts';

/** What goes into a package of the agent: `out` is the folder where `pack` has put the agent, and where the package is put. */
export type Deb = {
  out: string;
  version: string;
  /** Signs the releases: the PCs get its public half, and are updated by it. */
  key?: KeyObject;
  /** The server of the offices that get the package: nobody there types its name. */
  centre?: KnownCentre | undefined;
  /** Absent = the smallest, which takes a minute. */
  fast?: boolean;
};
/** What was made, or one line that says why it was not. */
export type MadeDeb = { ok: true; file: string } | { ok: false; line: string };

/** Writes a file of a package. */
export function put(root: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** Copies a file into a package. */
export function copy(root: string, from: string, path: string): void {
  put(root, path, readFileSync(from));
}

/** Runs a program to its end, in a folder where it needs one. Null, or one line that says why it failed. */
export async function run(program: string, args: string[], folder = '.'): Promise<string | null> {
  // A zip has times of day, without a zone; and `zip` says what went wrong where others say what they did.
  const told = ['sh', '-c', 'exec "$@" >&2', 'sh', program, ...args];
  const command = { program: 'env', args: ['-C', folder, ...told], env: { TZ: 'UTC' } };
  const ended = await runCommand(command, new AbortController().signal);
  return ended.ok ? null : ended.why === 'missing' ? `${program} is not installed` : `${program}: ${ended.text.trim().split('\n')[0]}`;
}
