/** Selects the platform (Linux or Windows). No other file of the agent depends on the operating system. */
import { hash } from 'node:crypto';
import { type Clock, realClock } from '@sabha/contracts';
import { createLinux } from './platform/linux/linux.ts';
import type { Platform } from './platform/platform.ts';
import { createUnsupported } from './platform/unsupported.ts';
import { createRunner, inSystem32, systemRoot } from './platform/windows/native/child.ts';
import { openNative } from './platform/windows/native/native.ts';
import { createWindows } from './platform/windows/windows.ts';

export type PlatformOptions = {
  system?: NodeJS.Platform;
  /** Folder that contains `proc`, `sys` and `dev`; tests replace it. */
  root?: string;
  /** Variables added to the environment of programs that the platform starts. */
  env?: Record<string, string>;
  clock?: Clock;
};

const sessionVariables = ['XDG_RUNTIME_DIR', 'HOME', 'SystemRoot'];

/** Returns the environment variables that locate the user's session, the home folder, and Windows itself. */
export function sessionEnv(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(sessionVariables.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** Creates the platform of this PC. Until its first use, it opens and starts nothing. */
export function createPlatform(options: PlatformOptions = {}): Platform {
  const { system = process.platform, root = '/', env = {}, clock = realClock() } = options;
  if (system === 'linux') return createLinux({ root, env, clock });
  if (system !== 'win32') return createUnsupported();
  const windows = systemRoot(env);
  return createWindows({ native: openNative(), root: windows, clock, run: createRunner(inSystem32(windows)) });
}

/** Returns the address for local connections between processes: a socket at this path, or on Windows a named pipe. */
export function localAddress(file: string, system = process.platform): { address: string; isPipe: boolean } {
  if (system !== 'win32') return { address: file, isPipe: false };
  return { address: `\\\\.\\pipe\\sabha-${hash('sha256', file.toLowerCase()).slice(0, 16)}`, isPipe: true };
}
