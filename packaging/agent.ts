/**
 * `npm run pack:agent -- --out FOLDER [--key FILE] [--centre https://HOST:8443 --roots FILE] [--version X.Y.Z] [--minimum X.Y.Z] [--days
 * N]`:
 * builds the agent as update files, as a Debian package (installed folder: `agent/`) and as an MSI for Windows.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { knownCentreFile } from '../agent/identity/known-server.ts';
import { centreOf, pack } from '../agent/maintain/install/pack.ts';
import { copy, type Deb, type PackageResult, put } from '../agent/maintain/install/packing.ts';
import { buildDeb, layOut, nodeDepends, nodeFolder } from './deb.ts';
import { nodeSha256, packMsi } from './msi.ts';

const library = 'usr/lib/sabha-agent';
const documents = 'usr/share/doc/sabha-agent';
const copyright = `Copyright: the authors of Sabha
Licence: Apache-2.0, /usr/share/common-licenses/Apache-2.0

Node.js, which is included: node.copyright. The packages in agent.mjs and room.mjs: packages.copyright.
`;
const fields = {
  // adduser and passwd: the scripts of the package call them, and some Debian systems lack them.
  Depends: `${nodeDepends}, adduser, passwd`,
  Recommends: 'pulseaudio-utils, pipewire-bin, libnotify-bin, xdg-utils',
  Description:
    'says whether a conferencing room is ready\n It watches microphone, speaker, camera, power and link of this PC,\n and reports to its server.',
};

/** Builds `sabha-agent_VERSION_ARCHITECTURE.deb` from the packed agent, with its own Node. */
export async function packDeb({ out, version, key, centre, fast = false }: Deb): Promise<PackageResult> {
  const root = mkdtempSync(join(out, 'deb-'));
  try {
    const problem = await layOut(root, 'agent/', join(library, 'node'));
    if (problem !== null) return { ok: false, line: problem };
    for (const name of ['agent.mjs', 'room.mjs', 'launch.mjs']) copy(root, join(out, name), join(library, name));
    put(root, join(documents, 'copyright'), copyright);
    copy(root, join(nodeFolder, 'LICENSE'), join(documents, 'node.copyright'));
    copy(root, join(out, 'agent.mjs.LEGAL.txt'), join(documents, 'packages.copyright'));
    if (centre !== undefined) put(root, join(library, knownCentreFile), JSON.stringify(centre));
    if (key !== undefined) {
      put(root, join(library, 'update.pub'), String(createPublicKey(key).export({ type: 'spki', format: 'pem' })));
      const setting = `[Service]\nEnvironment=SABHA_UPDATE_KEY=/${library}/update.pub\n`;
      put(root, 'usr/lib/systemd/system/sabha-agent.service.d/updates.conf', setting);
    }
    return await buildDeb(root, { name: 'sabha-agent', version, fields, out, fast });
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Usage text, with the default values. */
const usage = `npm run pack:agent -- [--out dist/agent] [--key KEY.pem] [--version V] [--minimum 0.0.0] [--days 30]
  [--centre https://HOST:PORT --roots roots.pem]`;

async function main(): Promise<void> {
  const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'dist/agent' },
      key: { type: 'string' },
      version: { type: 'string', default: own },
      minimum: { type: 'string', default: '0.0.0' },
      days: { type: 'string', default: '30' },
      centre: { type: 'string' },
      roots: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(usage);
  const { out, version, minimum } = values;
  const days = Number(values.days);
  if (!(days > 0 && days <= 365)) throw new Error(`--days: a number up to 365 is expected, not "${values.days}"`);
  const centre = centreOf(values);
  const key = values.key === undefined ? {} : { key: createPrivateKey(readFileSync(values.key)) };
  const made = await pack({ out, version, minimum, ...key, expires: Date.now() + days * 86_400_000 });
  console.log(
    `agent ${made.version}: ${Math.ceil(made.size / 1_024)} KB in ${out}${values.key === undefined ? ', not signed' : ', signed'}`,
  );
  const deb = await packDeb({ out, version, centre, ...key });
  console.log(deb.ok ? sized(deb.file) : `no package for Debian: ${deb.line}`);
  const msi = await packMsi({ out, version, centre, ...key });
  console.log(msi.ok ? `${sized(msi.file)}; its node.exe has the pinned SHA-256 ${nodeSha256}` : `no MSI for Windows: ${msi.line}`);
}

function sized(file: string): string {
  return `${file}: ${Math.ceil(statSync(file).size / 1_048_576)} MB`;
}

if (import.meta.main) {
  await main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
