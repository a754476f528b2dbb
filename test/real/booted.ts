/** A copy of this Debian in which systemd runs: an overlay on the machine's own files, in memory, with processes, network and cgroups of its own. */
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
  /** Runs a shell script in the copy as root, to its end. */
  sh(script: string): Promise<Ran>;
  /** Turns it off as a machine is turned off, and on again. */
  reboot(): Promise<void>;
  remove(): Promise<void>;
};

const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: '/root' };
/** Nothing that this machine starts is wanted, and a copy has no devices to look after. */
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
/** In a namespace of its own it sees its own cgroup as the root of them all. */
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

/** True where this machine lets us make such a copy, with cgroups of its own. */
function canBoot(): boolean {
  if (process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'sabha-booted-'));
  const tried = copied.replace('exec sleep infinity', 'rmdir "/sys/fs/cgroup/$(basename "$1")"');
  const { stdout } = spawnSync('setpriv', [...holding, tried, 'sh', folder, sources], { env, encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return stdout === 'copied\n';
}

/**
 * True where what is needed is there, and this machine lets a copy of itself boot. No package brings the latter: where it does not, that is said, and the
 * night insists on it.
 */
export function mayBoot(needed: boolean): boolean {
  if (!needed) return false;
  const may = canBoot() || (process.env['SABHA_NIGHTLY'] !== undefined && requirePart('a kernel that lets a copy boot', false));
  if (!may) console.warn('skipped: this machine lets no copy of itself boot (overlayfs, cgroups)');
  return may;
}

/** A copy as the machine is now; resolves when systemd has started all that it starts. */
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

/** The first process of the copy, as this machine numbers it. */
function childOf(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0] ?? '';
}
