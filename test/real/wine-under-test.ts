/** A Windows of Wine: a drive and a registry of its own, in which Windows programs run; gone with all that runs in it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installed } from './parts.ts';

export type Ran = { code: number | null; out: string; err: string };
export type WineProgram = {
  /** What it has written so far, to both. */
  said(): string;
  ended: Promise<number | null>;
  /** At once, as the Task Scheduler ends one. */
  kill(): Promise<void>;
};
export type Wine = {
  /** The path here of a path there, such as `C:\windows`. */
  path(there: string): string;
  /** Runs a program to its end. */
  run(words: readonly string[], env?: Record<string, string>): Promise<Ran>;
  /** Starts one that goes on. */
  start(words: readonly string[], env?: Record<string, string>): WineProgram;
  remove(): Promise<void>;
};

/** True where Wine is here. */
export function hasWine(): boolean {
  return installed(['wine', 'wineboot', 'wineserver']);
}

/** A Windows as it is when it was just set up. */
export async function startWine(): Promise<Wine> {
  const root = mkdtempSync(join(tmpdir(), 'sabha-wine-'));
  for (const name of ['prefix', 'run', 'said']) mkdirSync(join(root, name), { mode: 0o700 });
  const own = {
    PATH: process.env['PATH'],
    HOME: root,
    LANG: 'C.UTF-8',
    WINEPREFIX: join(root, 'prefix'),
    WINEDEBUG: '-all',
    // Neither menus of the desktop nor what it would fetch from a network.
    WINEDLLOVERRIDES: 'winemenubuilder.exe,mscoree,mshtml=',
    XDG_RUNTIME_DIR: join(root, 'run'),
  };
  let count = 0;
  /** Files and no pipes: a Windows Node that gets a pipe of this system ends with EBADF. */
  const begin = (words: readonly string[], env: Record<string, string>) => {
    const [program = '', ...args] = words;
    count += 1;
    const files = ['out', 'err'].map((name) => join(root, 'said', `${count}.${name}`));
    const handles = files.map((file) => openSync(file, 'w'));
    const child = spawn(program, args, { env: { ...own, ...env }, cwd: join(root, 'said'), stdio: ['ignore', ...handles], detached: true });
    for (const handle of handles) closeSync(handle);
    return { child, texts: () => files.map((file) => readFileSync(file, 'utf8')) };
  };
  const ends = async (child: ChildProcess) => (child.exitCode === null && child.signalCode === null ? await once(child, 'close') : []);
  const run = async (words: readonly string[], env: Record<string, string> = {}) => {
    const { child, texts } = begin(words, env);
    await ends(child);
    const [out = '', err = ''] = texts();
    // What Wine says of itself is no word of the program.
    return { code: child.exitCode, out, err: err.replaceAll(/^wine: .*\n/gm, '') };
  };
  const { code, err } = await run(['wineboot', '-i']);
  if (code !== 0) throw new Error(`wineboot: ${err}`);
  return {
    path: (there) => join(own.WINEPREFIX, 'drive_c', ...there.replace(/^C:/i, '').split('\\')),
    run: (words, env) => run(['wine', ...words], env),
    start: (words, env = {}) => {
      const { child, texts } = begin(['wine', ...words], env);
      return {
        said: () => texts().join(''),
        ended: ends(child).then(() => child.exitCode),
        kill: async () => {
          if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
          await ends(child);
        },
      };
    },
    async remove() {
      spawnSync('wineserver', ['-k', '-w'], { env: own });
      rmSync(root, { recursive: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}
