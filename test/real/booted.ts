/**
 * A copy of this Debian in which systemd runs. It is an overlay in memory over the files of the machine, with separate process, network and
 * cgroup namespaces.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { type Program, startProgram } from '../system/processes.ts';
import type { Ran } from './debian.ts';
import { requirePart } from './parts.ts';

export type Booted = {
  /** Runs a shell script in the copy as root and waits for its end. */
  sh(script: string): Promise<Ran>;
  /** Powers the copy off and boots it again. */
  reboot(): Promise<void>;
  remove(): Promise<void>;
};

const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: '/root' };
/** Units that must not start in the copy: it has no devices and no network to manage. */
const unwanted = [
  'systemd-udevd',
  'systemd-udev-trigger',
  'systemd-modules-load',
  'systemd-sysctl',
  'systemd-networkd',
  'systemd-resolved',
];
const copied = `set -e
mount -t tmpfs none "$1"
mkdir "$1/changes" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t tmpfs none tmp
# The sources may lie below /tmp, or on another disk than /.
mkdir -p "$1/source-changes" "$1/source-work" ".$2"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/source-changes,workdir=$1/source-work" ".$2"
mount -t tmpfs none dev -o mode=755
for one in null zero full random urandom tty; do touch dev/$one; mount --bind /dev/$one dev/$one; done
mkdir dev/pts dev/shm
mount -t devpts devpts dev/pts -o newinstance,ptmxmode=0666,mode=620
mount -t tmpfs none dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
rm -rf etc/systemd/system/*.wants
: >etc/machine-id
for one in ${unwanted.join(' ')}; do ln -sf /dev/null etc/systemd/system/$one.service; done
umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mkdir "/sys/fs/cgroup/$(basename "$1")"
echo copied
exec sleep infinity`;
/** With a separate cgroup namespace, systemd sees its own cgroup as the root. */
const booting = `set -e
echo $$ >"/sys/fs/cgroup/$(basename "$1")/cgroup.procs"
exec unshare --cgroup --mount --pid --net --uts --ipc --fork --kill-child sh -ec '
cd "$1/root"
mount -t proc proc proc
mount -t tmpfs none run
mount -t sysfs sysfs sys -o ro
mount -t cgroup2 none sys/fs/cgroup
ip link set lo up
exec env -i container=sabha PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /usr/lib/systemd/systemd --system --unit=multi-user.target --log-target=null
' sh "$1"`;
const sources = fileURLToPath(new URL('../..', import.meta.url));
const holding = '--pdeathsig KILL unshare --mount --propagation private sh -c'.split(' ');

/** Whether this machine permits such a copy with separate cgroups. */
function canBoot(): boolean {
  if (process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'sabha-booted-'));
  const tried = copied.replace('exec sleep infinity', 'rmdir "/sys/fs/cgroup/$(basename "$1")"');
  const { stdout } = spawnSync('setpriv', [...holding, tried, 'sh', folder, sources], { env, encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return stdout === 'copied\n';
}

/**
 * Whether the required parts are present and this machine permits a booted copy of itself. No package can provide that permission. A day
 * run therefore skips with a message; a nightly run fails.
 */
export function mayBoot(needed: boolean): boolean {
  if (!needed) return false;
  const may = canBoot() || (process.env['SABHA_NIGHTLY'] !== undefined && requirePart('a kernel that lets a copy boot', false));
  if (!may) console.warn('skipped: this machine lets no copy of itself boot (overlayfs, cgroups)');
  return may;
}

/** Boots a copy of the current machine. Resolves when systemd has started its units. */
export async function boot(): Promise<Booted> {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-booted-'));
  const holder = startProgram({ program: 'setpriv', args: [...holding, copied, 'sh', folder, sources], env });
  await holder.says('copied');
  let system = await start(holder, folder);
  return {
    sh: (script) => system.run(script),
    async reboot() {
      await system.run('systemctl poweroff');
      await system.program.ended;
      system = await start(holder, folder);
    },
    async remove() {
      await system.program.end('SIGKILL');
      const groups = [`/sys/fs/cgroup/${basename(folder)}`, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';'];
      spawnSync('nsenter', [`--mount=/proc/${holder.pid}/ns/mnt`, 'find', ...groups]);
      await holder.end('SIGKILL');
      rmSync(folder, { recursive: true });
    },
  };
}

type System = { program: Program; run(script: string): Promise<Ran> };

async function start(holder: Program, folder: string): Promise<System> {
  const args = ['--pdeathsig', 'KILL', 'nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, 'sh', '-c', booting, 'sh', folder];
  const program = startProgram({ program: 'setpriv', args, env });
  const run = (script: string): Promise<Ran> => {
    const into = ['-t', childOf(program.pid), '--mount', '--pid', '--net', '--uts', '--ipc', '--cgroup', '--root', '--wdns=/'];
    const { promise, resolve } = Promise.withResolvers<Ran>();
    const child = execFile('nsenter', [...into, 'sh', '-c', script], { env, maxBuffer: 2 ** 28 }, (_error, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    );
    return promise;
  };
  const state = async () => (await run('systemctl is-system-running')).out;
  await vi.waitFor(async () => expect(await state()).toMatch(/running|degraded/), { timeout: 600_000, interval: 500 });
  return { program, run };
}

/** The pid of the first process of the copy, as seen from this machine. */
function childOf(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0] ?? '';
}
