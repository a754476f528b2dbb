/** What the packages are made with: files put into a folder, and the programs that make one file of it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from '../platform/child.ts';

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
