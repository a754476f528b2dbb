/** A Windows under Wine with a separate drive and registry. It is removed with all its processes. */
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
  said(): string;
  ended: Promise<number | null>;
  /** Ends it at once, as the Task Scheduler does. */
  kill(): Promise<void>;
};
export type Wine = {
  /** The working folder of the programs. */
  folder: string;
  /** Converts a Windows path, such as `C:\windows`, to a path of this machine. */
  path(there: string): string;
  run(words: readonly string[], env?: Record<string, string>): Promise<Ran>;
  start(words: readonly string[], env?: Record<string, string>): WineProgram;
  /** Shuts Windows down. The next program boots it again. */
  restart(): Promise<void>;
  remove(): Promise<void>;
};

export function hasWine(): boolean {
  return installed(['wine', 'wineboot', 'wineserver']);
}

/** Creates a fresh Windows, which takes half a minute. `desktop` is the environment of the desktop whose sound it uses. */
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
    // No desktop menus, and no downloads of Mono and Gecko.
    WINEDLLOVERRIDES: 'winemenubuilder.exe,mscoree,mshtml=',
    XDG_RUNTIME_DIR: join(root, 'run'),
    ...desktop,
  };
  const started = new Set<ChildProcess>();
  let count = 0;
  /** Starts a program with files for its output: Node for Windows fails with EBADF on a pipe of this system. */
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
    // Drops the messages of Wine and ALSA.
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

/** Node for Windows with koffi in the folder of a Wine, as an installed agent has them, started with the same flags. */
export type WineNode = {
  run(file: string, ...args: string[]): Promise<Ran>;
  start(file: string, ...args: string[]): WineProgram;
  bundle(entry: string, file: string): Promise<void>;
  /** Removes koffi from the folder of node.exe, or puts it back. */
  takeKoffi(): void;
  putKoffi(): void;
};

const flags = ['--lite-mode', '--max-semi-space-size=1', '--v8-pool-size=0', '--single-threaded-gc', '--optimize-for-size', '--expose-gc'];

/** Prepares Node for Windows, and downloads missing packages. */
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

/** Copies the JavaScript and the binary of koffi to the folder of node.exe, as the MSI does. */
function putKoffi(folder: string): void {
  for (const half of ['package.json', 'index.cjs', 'src/koffi/index.cjs', 'src/koffi/src/static.cjs'])
    cpSync(join(nodeModules, 'koffi', half), join(folder, 'koffi', half));
  const native = join(nodeModules, '@koromix/koffi-win32-x64/win32_x64/koffi.node');
  cpSync(native, join(folder, 'koffi/build/koffi/win32_x64/koffi.node'));
}
