/**
 * The package for Debian: the packed agent with a Node of its own, its service, the seat in the session, and the command `sabha-agent`. What it does on installation
 * and removal stands in `debian/`.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type KnownCentre, knownCentreFile } from '../identity/known-centre.ts';
import { copy, put, run } from './packing.ts';

/** What goes into the package: the folder where `pack` has put the agent, which is also where the package is put. */
export type Deb = {
  out: string;
  version: string;
  /** Signs the releases: the PCs get its public half, and are updated by it. */
  key?: KeyObject;
  /** For whose offices it is: nobody there need type its name. */
  centre?: KnownCentre | undefined;
  /** Absent = the smallest, which takes a minute. */
  fast?: boolean;
};
/** What was made, or one line that says why it was not. */
export type MadeDeb = { ok: true; file: string } | { ok: false; line: string };

const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };
const own = fileURLToPath(new URL('debian/', import.meta.url));
const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const library = 'usr/lib/sabha-agent';
const documents = 'usr/share/doc/sabha-agent';
const command = 'usr/bin/sabha-agent';
/** What dpkg runs. */
const scripts = ['postinst', 'prerm', 'postrm'].map((name) => join('DEBIAN', name));
const copyright = `Copyright: the authors of Sabha
Licence: Apache-2.0, /usr/share/common-licenses/Apache-2.0

Node.js, which comes along: node.copyright. What is packed into agent.mjs and room.mjs: packages.copyright.
`;

/**
 * Makes `sabha-agent_VERSION_ARCHITECTURE.deb` for machines like this one, with their Node.
 * Guarantee: the same sources and the same SOURCE_DATE_EPOCH make the same package, byte by byte, whoever makes it.
 */
export async function packDeb({ out, version, key, centre, fast = false }: Deb): Promise<MadeDeb> {
  const architecture = architectures[process.arch];
  if (process.platform !== 'linux' || architecture === undefined) return { ok: false, line: 'it is made on Linux, x64 or arm64' };
  const root = mkdtempSync(join(out, 'deb-'));
  try {
    const node = join(modules, `node-linux-${process.arch}`);
    fill(root, { out, node, key });
    if (centre !== undefined) put(root, join(library, knownCentreFile), JSON.stringify(centre));
    const stripped = join(root, library, 'node');
    const unstripped = await run('strip', ['-o', stripped, join(node, 'bin/node')]);
    if (unstripped !== null) return { ok: false, line: unstripped };
    put(root, 'DEBIAN/control', controlOf({ version, architecture }));
    readable(root, stripped);
    const file = join(out, `sabha-agent_${version}_${architecture}.deb`);
    const small = fast ? ['-Zzstd', '-z1'] : ['-Zxz'];
    const problem = await run('dpkg-deb', ['--root-owner-group', ...small, '--build', root, file]);
    return problem === null ? { ok: true, file } : { ok: false, line: problem };
  } finally {
    rmSync(root, { recursive: true });
  }
}

type Sources = Pick<Deb, 'out'> & { node: string; key: KeyObject | undefined };

function fill(root: string, { out, node, key }: Sources): void {
  for (const name of ['agent.mjs', 'room.mjs', 'launch.mjs']) copy(root, join(out, name), join(library, name));
  copy(root, join(own, basename(command)), command);
  const unit = 'usr/lib/systemd/system/sabha-agent.service';
  copy(root, join(own, 'sabha-agent.service'), unit);
  copy(root, join(own, 'sabha-room.service'), 'usr/lib/systemd/user/sabha-room.service');
  copy(root, join(own, 'sabha-room.desktop'), 'usr/share/applications/sabha-room.desktop');
  for (const script of scripts) copy(root, join(own, basename(script)), script);
  put(root, join(documents, 'copyright'), copyright);
  copy(root, join(node, 'LICENSE'), join(documents, 'node.copyright'));
  copy(root, join(out, 'agent.mjs.LEGAL.txt'), join(documents, 'packages.copyright'));
  if (key === undefined) return;
  put(root, join(library, 'update.pub'), String(createPublicKey(key).export({ type: 'spki', format: 'pem' })));
  put(root, `${unit}.d/updates.conf`, `[Service]\nEnvironment=SABHA_UPDATE_KEY=/${library}/update.pub\n`);
}

function controlOf({ version, architecture }: { version: string; architecture: string }): string {
  const fields = {
    Package: 'sabha-agent',
    Version: version,
    Architecture: architecture,
    Maintainer: 'The maintainers of Sabha <sabha@localhost>',
    Section: 'net',
    Priority: 'optional',
    // What its Node is linked to, and what the scripts call that not every Debian has.
    Depends: 'libc6 (>= 2.28), libstdc++6, libgcc-s1, libatomic1, adduser, passwd',
    Recommends: 'pulseaudio-utils, pipewire-bin, libnotify-bin, xdg-utils',
    Description:
      'says whether a conferencing room is ready\n It watches microphone, speaker, camera, power and link of this PC,\n and tells its centre.',
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

/** Rights that depend neither on the umask nor on the file system of whoever packs. */
function readable(root: string, node: string): void {
  const programs = [node, ...[command, ...scripts].map((path) => join(root, path))];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, entry.isDirectory() || programs.includes(path) ? 0o755 : 0o644);
  }
  chmodSync(root, 0o755);
}
