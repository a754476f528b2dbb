/** Selects the platform. No other file of the agent depends on the operating system. */
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
  /** Folder that contains proc, sys and dev, for tests. */
  root?: string;
  /** Added to the agent's environment for programs that the platform starts. */
  env?: Record<string, string>;
  clock?: Clock;
};

const sessionVariables = ['XDG_RUNTIME_DIR', 'HOME', 'SystemRoot'];

/** Returns the variables that locate the session and home folder of the user, and Windows itself. */
export function sessionEnv(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(sessionVariables.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** Creates the platform of this PC. Opens and starts nothing before its first use. */
export function createPlatform(options: PlatformOptions = {}): Platform {
  const { system = process.platform, root = '/', env = {}, clock = realClock() } = options;
  if (system === 'linux') return createLinux({ root, env, clock });
  if (system !== 'win32') return createUnsupported();
  const windows = systemRoot(env);
  return createWindows({ native: openNative(), root: windows, clock, run: createRunner(inSystem32(windows)) });
}

/** Returns the local address of another process on this PC: a socket at this path, or on Windows a named pipe. */
export function localAddress(file: string, system = process.platform): { address: string; isPipe: boolean } {
  if (system !== 'win32') return { address: file, isPipe: false };
  return { address: `\\\\.\\pipe\\sabha-${hash('sha256', file.toLowerCase()).slice(0, 16)}`, isPipe: true };
}
