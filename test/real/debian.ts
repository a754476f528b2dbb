/**
 * A copy of this Debian in which a test may install packages: an overlay in memory over the files of the machine. It disappears with its
 * holder process.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../system/processes.ts';

export type Ran = { code: number | null; out: string; err: string };
export type Debian = {
  bring(content: string | Buffer, to: string): void;
  /** Runs a shell script in the copy as root and waits for its end. */
  sh(script: string): Ran;
  remove(): Promise<void>;
};

const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LANG: 'C.UTF-8' };
/** The copy has separate mounts and processes. Its /run is empty, as on a machine without systemd. */
const copied = `set -e
mount -t tmpfs none "$1"
mkdir "$1/changes" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
mount -t tmpfs none "$1/root/run"
mount -t tmpfs none "$1/root/tmp"
mount -t proc proc "$1/root/proc"
for one in sys dev; do mount --rbind "/$one" "$1/root/$one"; done
echo copied
exec sleep infinity`;
const unshared = [...'--pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child sh -c'.split(' '), copied, 'sh'];

export function hasCopies(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-debian-'));
  const { stdout } = spawnSync('setpriv', [...unshared.with(-2, copied.replace('exec sleep infinity', '')), folder], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return process.getuid?.() === 0 && stdout === 'copied\n';
}

export async function copyDebian(): Promise<Debian> {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-debian-'));
  const holder = startProgram({ program: 'setpriv', args: [...unshared, folder], env });
  await holder.says('copied');
  const space = `/proc/${holder.pid}/ns`;
  const enter = [`--mount=${space}/mnt`, `--pid=${space}/pid_for_children`, '--wd=/', 'chroot', join(folder, 'root')];
  const run = (args: string[], input: string | Buffer = '') => {
    const { status, stdout, stderr } = spawnSync('nsenter', [...enter, ...args], { env, input, maxBuffer: 2 ** 28 });
    return { code: status, out: stdout.toString(), err: stderr.toString() };
  };
  return {
    bring: (content, to) => {
      const { code, err } = run(['sh', '-c', 'cat >"$1"', 'sh', to], content);
      if (code !== 0) throw new Error(`${to}: ${err}`);
    },
    sh: (script) => run(['sh', '-c', script]),
    async remove() {
      await holder.end('SIGKILL');
      rmSync(folder, { recursive: true });
    },
  };
}

/** Calls prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN) by its number. The flag survives exec. */
const denyWriteExecute = `syscall(${process.arch === 'arm64' ? 167 : 157}, 65, 1, 0, 0, 0) == 0 or die "prctl: $!";
exec @ARGV or die "$ARGV[0]: $!";`;

/**
 * Puts a substitute for systemd into a copy, which has none.
 * - `/run/cage` runs a program in the sandbox of the unit: its user and groups, no new privileges, no memory both writable and executable,
 *   only its own folders writable.
 * - `systemctl` starts and stops the service in that sandbox and restarts it when it ends.
 * - `/run/service` holds its pid and `/run/service.log` its output.
 * - `first` is set at a start by `systemctl`, and not at a restart.
 */
export function standInForSystemd({ bring, sh }: Debian, unit: string, first: string): void {
  const said = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
  const environment = [...unit.matchAll(/^Environment=(.*)$/gm)].map(([, set]) => set).join(' ');
  const name = said('StateDirectory');
  const rights = [`--reuid=${said('User')}`, `--regid=${said('Group')}`, `--groups=${said('SupplementaryGroups').replaceAll(' ', ',')}`];
  bring(denyWriteExecute, '/run/mdwe.pl');
  bring(
    `#!/bin/sh
[ -n "$CAGED" ] || CAGED=yes exec unshare --mount --propagation private "$0" "$@"
set -e
mount --bind /var/lib/${name} /var/lib/${name}
install -d -o ${said('User')} -g ${said('Group')} -m ${said('RuntimeDirectoryMode')} /run/${said('RuntimeDirectory')}
mount --bind /run/${said('RuntimeDirectory')} /run/${said('RuntimeDirectory')}
for one in / /run; do mount -o remount,bind,ro $one; done
mount -t tmpfs none /tmp
cd ${said('WorkingDirectory')}
exec setpriv ${rights.join(' ')} --no-new-privs --bounding-set=-all --inh-caps=-all perl /run/mdwe.pl env -i PATH=/usr/bin:/bin ${environment} "$@"
`,
    '/run/cage',
  );
  bring(
    `#!/bin/sh
trap 'kill "$!"; wait "$!"; rm /run/supervisor; exit' TERM
first='${first}'
while :; do
  /run/cage env $first ${said('ExecStart')} &
  first=
  echo "$!" >/run/service.half
  mv /run/service.half /run/service
  wait "$!"
  sleep 1
done
`,
    '/run/supervise',
  );
  bring(
    `#!/bin/sh
case "$*" in
  *stop*${name}* | *restart*${name}*)
    [ ! -e /run/supervisor ] || kill "$(cat /run/supervisor)"
    while [ -e /run/supervisor ]; do sleep 0.1; done ;;
esac
case "$*" in
  *restart*${name}*)
    [ -e /var/lib/${name}/identity ] || exit 0
    setsid /run/supervise >>/run/service.log 2>&1 </dev/null &
    echo $! >/run/supervisor ;;
esac
`,
    '/usr/bin/systemctl',
  );
  // On this machine policy-rc.d stops packages from starting services. The copy must start them.
  sh('rm -f /usr/sbin/policy-rc.d; chmod 755 /run/cage /run/supervise /usr/bin/systemctl; mkdir -p /run/systemd/system');
}
