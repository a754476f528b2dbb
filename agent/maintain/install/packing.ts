/** Tools to build packages: writes files into a folder, and runs programs that archive it. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KnownCentre } from '../../identity/known-server.ts';
import { runCommand } from '../../platform/child.ts';

/** Input for a package of the agent. `out` holds the output of `pack` and receives the package. */
export type Deb = {
  out: string;
  version: string;
  /** Private key that signs releases. The package contains the public key, by which PCs accept updates. */
  key?: KeyObject;
  /** Server that the package contains, so that nobody types its address during an installation. */
  centre?: KnownCentre | undefined;
  /** True = a larger package in seconds; absent = the smallest one, which takes a minute. */
  fast?: boolean;
};
export type PackageResult = { ok: true; file: string } | { ok: false; line: string };

export function put(root: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

export function copy(root: string, from: string, path: string): void {
  put(root, path, readFileSync(from));
}

/** Runs a program to its end, optionally in a folder. Returns null, or one line with the reason of the failure. */
export async function run(program: string, args: string[], folder = '.'): Promise<string | null> {
  // A zip file stores local times without a zone, so UTC is set. `zip` prints errors on stdout, so stdout is redirected to stderr.
  const told = ['sh', '-c', 'exec "$@" >&2', 'sh', program, ...args];
  const command = { program: 'env', args: ['-C', folder, ...told], env: { TZ: 'UTC' } };
  const ended = await runCommand(command, new AbortController().signal);
  return ended.ok ? null : ended.why === 'missing' ? `${program} is not installed` : `${program}: ${ended.text.trim().split('\n')[0]}`;
}
