/** Chooses the platform. No other file of the agent asks which operating system it runs on. */
import { hash } from 'node:crypto';
import { type Clock, realClock } from '@sabha/contracts';
import { createLinux } from './platform/linux/linux.ts';
import type { Platform } from './platform/platform.ts';
import { createUnwritten } from './platform/unwritten.ts';
import { createRunner, inSystem32, systemRoot } from './platform/windows/native/child.ts';
import { openNative } from './platform/windows/native/native.ts';
import { createWindows } from './platform/windows/windows.ts';

/** Another system than this one, for tests; absent = as it is. */
export type PlatformOptions = {
  system?: NodeJS.Platform;
  /** The folder that holds proc, sys and dev, for tests. */
  root?: string;
  /** Set for the programs that the platform runs, on top of the agent's own environment. */
  env?: Record<string, string>;
  clock?: Clock;
};

const ofSession = ['XDG_RUNTIME_DIR', 'HOME', 'SystemRoot'];

/** What of the environment says where the session and the folder of the signed-in user are, and where Windows lies. */
export function sessionOf(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(ofSession.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** The platform of this PC. It opens nothing and starts nothing before it is asked. */
export function createPlatform(options: PlatformOptions = {}): Platform {
  const { system = process.platform, root = '/', env = {}, clock = realClock() } = options;
  if (system === 'linux') return createLinux({ root, env, clock });
  if (system !== 'win32') return createUnwritten();
  const windows = systemRoot(env);
  return createWindows({ native: openNative(), root: windows, clock, run: createRunner(inSystem32(windows)) });
}

/** Where another process of this PC listens: at a socket of this name, or on Windows at a pipe whose name is made from it. */
export function doorAddress(file: string, system = process.platform): { address: string; isPipe: boolean } {
  if (system !== 'win32') return { address: file, isPipe: false };
  return { address: `\\\\.\\pipe\\sabha-${hash('sha256', file.toLowerCase()).slice(0, 16)}`, isPipe: true };
}
