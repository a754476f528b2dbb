/** Tests the image of the server: built on a Debian of mmdebstrap, started, and replaced while its data remain. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { installed, requirePart } from './parts.ts';

const sources = fileURLToPath(new URL('../..', import.meta.url));
const tools = ['mmdebstrap', 'buildah', 'podman', 'crun', 'unshare'];
// The build downloads a Debian and copies its layers, which takes minutes.
const runs =
  process.env['SABHA_NIGHTLY'] === '1' &&
  requirePart('mmdebstrap, buildah and podman (root)', installed(tools) && process.getuid?.() === 0);

/** A container may not exceed the limits of this process. crun needs a pure cgroup2 hierarchy. */
const script = `set -eu
exec 2>&1
umount -R /sys/fs/cgroup || true
mount -t cgroup2 none /sys/fs/cgroup
limits="--ulimit nofile=$(ulimit -n):$(ulimit -n) --ulimit nproc=$(ulimit -u):$(ulimit -u)"
store="--root $1/store --runroot $1/run --storage-driver vfs"
export TMPDIR="$1"
mmdebstrap --quiet --variant=minbase trixie "$1/base.tar"
podman $store import --quiet "$1/base.tar" localhost/debian:13
buildah $store build --quiet --isolation chroot --network host $limits --build-arg BASE=localhost/debian:13 \\
  --file packaging/Containerfile --tag sabha-server "$1/server"
start() {
  podman $store run --quiet --detach --name sabha --network none --cgroups=disabled $limits --volume data:/var/lib/sabha localhost/sabha-server
  timeout 60 sh -c "until podman $store logs sabha 2>&1 | grep 'the API of flows answers'; do sleep 0.2; done"
}
inside() { podman $store exec --user root sabha sabha "$@"; }
trap 'podman $store rm --force --time 20 sabha' EXIT
start
inside accounts add asha --role central
inside backup
podman $store rm --force --time 20 sabha
start
inside accounts list
inside verify
`;

test.runIf(runs)(
  'the image of the server builds, starts, makes a backup, and keeps its accounts when the container is replaced',
  {
    timeout: 900_000,
  },
  async () => {
    const folder = mkdtempSync(join(sources, 'node_modules/.cache/sabha-image-'));
    const run = (program: string, args: string[]) => promisify(execFile)(program, args, { cwd: sources });
    await run(process.execPath, ['packaging/server.ts', '--out', join(folder, 'server')]);
    const { stdout }: { stdout: string } = await run('unshare', ['--mount', 'bash', '-c', script, 'bash', folder]);
    expect(stdout.match(/the API of flows answers/g), stdout).toHaveLength(2);
    expect(stdout).toMatch(/sabha-\d{8}T\d{6}Z\.backup/);
    expect(stdout.slice(stdout.lastIndexOf('the API of flows answers'))).toMatch(/asha[\s\S]*no event is missing or repeated/);
    rmSync(folder, { recursive: true });
  },
);
