/** Debian's Network UPS Tools on loopback: the real server, and its driver for a UPS that a file describes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../system/processes.ts';

export type NutServer = {
  port: number;
  /** Sets the variables of the UPS. The driver reads them every second. */
  say(variables: Record<string, string>): Promise<void>;
  /** `freeze` suspends the driver, `kill` ends it. */
  driver(act: 'freeze' | 'thaw' | 'kill' | 'start'): Promise<void>;
  stopServer(): Promise<void>;
  remove(): Promise<void>;
};

const folderOfNut = ['/usr/lib/nut', '/lib/nut'].find((folder) => existsSync(join(folder, 'dummy-ups')));
/** Seconds without an update from the driver after which the server marks its data as stale. */
const maxAgeSeconds = 4;

export function nutFound(): boolean {
  return folderOfNut !== undefined && existsSync(join(folderOfNut, 'upsd'));
}

/** Starts a server with one UPS named `room` and these variables. */
export async function nutServer(first: Record<string, string>): Promise<NutServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sabha-nut-'));
  const [port = 0] = await freePorts(1);
  let saidAt = Math.floor(Date.now() / 1_000);
  const say = async (variables: Record<string, string>) => {
    const lines = Object.entries(variables).map(([name, value]) => `${name}: ${value}\n`);
    const half = join(folder, 'room.half');
    await writeFile(half, lines.join(''));
    // The driver compares the modification time in seconds, so each write needs a new second. The rename makes the write atomic.
    saidAt += 2;
    await utimes(half, saidAt, saidAt);
    await rename(half, join(folder, 'room.dev'));
  };
  const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 });
  await write('ups.conf', '[room]\n  driver = dummy-ups\n  port = room.dev\n  mode = dummy-once\n  pollinterval = 1\n');
  await write('upsd.conf', `LISTEN 127.0.0.1 ${port}\nMAXAGE ${maxAgeSeconds}\n`);
  await write('upsd.users', '');
  await say(first);
  const run = (program: string, args: string[]) => {
    const env = { PATH: process.env['PATH'], NUT_CONFPATH: folder, NUT_STATEPATH: folder, NUT_ALTPIDPATH: folder };
    return spawn(join(folderOfNut ?? '', program), [...args, '-F', '-u', userInfo().username], { env, cwd: folder, stdio: 'ignore' });
  };
  let driver = run('dummy-ups', ['-a', 'room']);
  const server = run('upsd', []);
  return {
    port,
    say,
    async driver(act) {
      if (act === 'freeze') driver.kill('SIGSTOP');
      else if (act === 'thaw') driver.kill('SIGCONT');
      else if (act === 'kill') await end(driver);
      else driver = run('dummy-ups', ['-a', 'room']);
    },
    stopServer: () => end(server),
    async remove() {
      await end(driver);
      await end(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
