/** A Windows of Wine: a drive and a registry of its own, in which Windows programs run; gone with all that runs in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { threadsOf } from '../../agent/maintain/install/pack.ts';
import { fetchPackages, nodeExe, nodeModules } from '../../packaging/msi.ts';
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
  /** In which programs are run. */
  folder: string;
  /** The path here of a path there, such as `C:\windows`. */
  path(there: string): string;
  /** Runs a program to its end. */
  run(words: readonly string[], env?: Record<string, string>): Promise<Ran>;
  /** Starts one that goes on. */
  start(words: readonly string[], env?: Record<string, string>): WineProgram;
  /** Shuts it down; the next program starts it anew. */
  restart(): Promise<void>;
  remove(): Promise<void>;
};

/** True where Wine is here. */
export function hasWine(): boolean {
  return installed(['wine', 'wineboot', 'wineserver']);
}

/** A Windows as it is when it was just set up, which takes half a minute. `desktop`: the environment of one whose sound it is to have. */
export async function startWine(desktop: Record<string, string> = {}): Promise<Wine> {
  const root = mkdtempSync(join(tmpdir(), 'sabha-wine-'));
  for (const name of ['prefix', 'run', 'said']) mkdirSync(join(root, name), { mode: 0o700 });
  const folder = join(root, 'said');
  const own = {
    PATH: process.env['PATH'],
    HOME: root,
    LANG: 'C.UTF-8',
    WINEPREFIX: join(root, 'prefix'),
    WINEDEBUG: '-all',
    // Neither menus of the desktop nor what it would fetch from a network.
    WINEDLLOVERRIDES: 'winemenubuilder.exe,mscoree,mshtml=',
    XDG_RUNTIME_DIR: join(root, 'run'),
    ...desktop,
  };
  const started = new Set<ChildProcess>();
  let count = 0;
  /** Files and no pipes: a Windows Node that gets a pipe of this system ends with EBADF. */
  const begin = (words: readonly string[], env: Record<string, string>) => {
    const [program = '', ...args] = words;
    count += 1;
    const files = ['out', 'err'].map((name) => join(folder, `${count}.${name}`));
    const handles = files.map((file) => openSync(file, 'w'));
    const child = spawn(program, args, { env: { ...own, ...env }, cwd: folder, stdio: ['ignore', ...handles], detached: true });
    for (const handle of handles) closeSync(handle);
    started.add(child);
    child.once('close', () => void started.delete(child));
    return { child, texts: () => files.map((file) => readFileSync(file, 'utf8')) };
  };
  const run = async (words: readonly string[], env: Record<string, string> = {}) => {
    const { child, texts } = begin(words, env);
    await endOf(child);
    const [out = '', err = ''] = texts();
    // What Wine and its sound say of themselves is no word of the program.
    return { code: child.exitCode, out, err: err.replaceAll(/^(wine: |ALSA lib ).*\n/gm, '') };
  };
  const shutDown = () => endOf(spawn('wineserver', ['-k', '-w'], { env: own, stdio: 'ignore' }).on('error', () => undefined));
  const remove = async () => {
    for (const child of started) child.kill('SIGKILL');
    await shutDown();
    rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
  const { code, err } = await run(['wineboot', '-i']);
  if (code !== 0) {
    await remove();
    throw new Error(`wineboot: ${err}`);
  }
  return {
    folder,
    path: (there) => join(own.WINEPREFIX, 'drive_c', ...there.replace(/^C:/i, '').split('\\')),
    run: (words, env) => run(['wine', ...words], env),
    start: (words, env = {}) => programOf(begin(['wine', ...words], env)),
    restart: async () => void (await shutDown()),
    remove,
  };
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
}

function programOf({ child, texts }: { child: ChildProcess; texts(): string[] }): WineProgram {
  return {
    said: () => texts().join(''),
    ended: endOf(child).then(() => child.exitCode),
    async kill() {
      child.kill('SIGKILL');
      await endOf(child);
    },
  };
}

/** Node for Windows with koffi beside it in the folder of a Wine, as an installed agent has them, and started as that is. */
export type WineNode = {
  /** Runs a file of the folder to its end. */
  run(file: string, ...args: string[]): Promise<Ran>;
  start(file: string, ...args: string[]): WineProgram;
  /** Packs sources of ours into a file of the folder. */
  bundle(entry: string, file: string): Promise<void>;
  /** Takes koffi away from beside node.exe, and puts it back. */
  takeKoffi(): void;
  putKoffi(): void;
};

const flags = ['--lite-mode', '--max-semi-space-size=1', '--v8-pool-size=0', '--single-threaded-gc', '--optimize-for-size', '--expose-gc'];

/** Fetches what it needs where it is not there yet. */
export async function nodeIn({ folder, run, start }: Wine): Promise<WineNode> {
  const problem = await fetchPackages();
  if (problem !== null) throw new Error(problem);
  const program = join(folder, 'node.exe');
  copyFileSync(nodeExe, program);
  putKoffi(folder);
  return {
    run: (file, ...args) => run([program, ...flags, file, ...args]),
    start: (file, ...args) => start([program, ...flags, file, ...args]),
    bundle: (entry, file) => bundle(entry, join(folder, file)),
    takeKoffi: () => rmSync(join(folder, 'koffi'), { recursive: true }),
    putKoffi: () => putKoffi(folder),
  };
}

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    define: await threadsOf(),
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    logLevel: 'error',
    banner: { js: "import { createRequire as requireOfBundle } from 'node:module'; const require = requireOfBundle(import.meta.url);" },
  });
}

/** Both halves of koffi beside node.exe, as the MSI installs them. */
function putKoffi(folder: string): void {
  for (const half of ['package.json', 'index.cjs', 'src/koffi/index.cjs', 'src/koffi/src/static.cjs'])
    cpSync(join(nodeModules, 'koffi', half), join(folder, 'koffi', half));
  const native = join(nodeModules, '@koromix/koffi-win32-x64/win32_x64/koffi.node');
  cpSync(native, join(folder, 'koffi/build/koffi/win32_x64/koffi.node'));
}
