/**
 * Network namespaces that a test breaks: an office with an enrolled PC, its router, and the world behind it. The world has the server, a name server and an anchor.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Check, type Language, serverSubjects } from '@sabha/contracts';
import { identityFolder, storeIdentity } from '../../agent/identity/identity.ts';
import { createAuthority, type Issued, type Wanted } from '../security/authority.ts';
import { type Program, startProgram } from '../system/processes.ts';
import { ip } from './office-network.ts';
import type { Listener } from './world-servers.ts';

export const at = {
  pc: '10.77.1.2',
  routerIn: '10.77.1.1',
  routerOut: '10.77.2.1',
  centre: '10.77.2.2',
  names: '10.77.2.3',
  anchor: '10.77.2.4',
};
export const ports = { mqtt: 8_883, enrol: 8_443 };
export const centreName = 'centre.example';

/** The behaviour of the name server. With `all` it resolves the server and returns NXDOMAIN for every other name. */
export type NamesKind = 'all' | 'only the centre' | 'not the centre' | 'lies';
export type Answer = Pick<Check, 'status' | 'fault' | 'reason'>;
export type BrokenOffice = Awaited<ReturnType<typeof openBrokenOffice>>;

/** The nft chains of a namespace. They share one table, so one command removes them all. */
const chains = {
  forward: 'type filter hook forward priority 0',
  input: 'type filter hook input priority 0',
  prerouting: 'type nat hook prerouting priority -100',
};

/** Opens the office. With `isWhole` a complete server runs in the world instead of a simulated one. */
export async function openBrokenOffice({ isWhole = false } = {}) {
  const spaces = ['o', 'r', 'w'].map((name) => `sabha-path-${process.pid}-${name}`);
  const [office = '', router = '', world = ''] = spaces;
  const folder = mkdtempSync(join(tmpdir(), 'sabha-path-'));
  const [authority, foreign] = [await createAuthority('Sabha'), await createAuthority('Portal')];
  const server: Wanted = { cn: serverSubjects.broker, use: 'server', hosts: [centreName, at.centre] };
  await enrol(join(folder, 'data'), await authority.issue({ cn: 'ladakh.leh.pc-1', use: 'client' }), authority.root);
  const certificates = { ours: await authority.issue(server), foreign: await foreign.issue(server) };
  for (const [name, { key, pem }] of Object.entries(certificates)) writeFileSync(join(folder, `${name}.pem`), key + pem);
  writeFileSync(join(folder, 'sabha.json'), '{}');
  buildNetwork({ office, router, world });

  const running = new Map<string, Program>();
  const inside = (space: string, command: readonly string[], env: Record<string, string | undefined> = {}): Program =>
    startProgram({ program: 'ip', args: ['netns', 'exec', space, ...command], env: { PATH: process.env['PATH'], ...env } });
  const end = async (name: string) => {
    await running.get(name)?.end('SIGKILL');
    running.delete(name);
  };
  const start = async (name: string, says: string, space: string, command: readonly [string, ...string[]]) => {
    await end(name);
    const program = inside(space, command);
    running.set(name, program);
    await program.says(says);
  };
  const listen = (name: string, space: string, listeners: Listener[]) =>
    start(name, 'listening', space, [process.execPath, 'test/real/world-servers.ts', folder, JSON.stringify(listeners)]);
  const nft = (space: string, rules: string) => {
    const { status, stderr } = spawnSync('ip', ['netns', 'exec', space, 'nft', '-f', '-'], { input: rules, encoding: 'utf8' });
    if (status !== 0) throw new Error(`nft ${rules}: ${stderr}`);
  };

  /** Starts the simulated server. With another `how`, a listener with that behaviour runs at its port. */
  const startCentre = async (how: Listener['how'] = 'ours') => {
    if (isWhole) return how === 'ours' ? undefined : inItsPlace(how);
    await listen('centre', world, [
      { host: at.centre, port: ports.mqtt, how },
      { host: at.centre, port: ports.enrol, how: 'ours' },
    ]);
  };
  /** Redirects the port of a complete server to a listener with this behaviour. */
  const inItsPlace = async (how: Listener['how']) => {
    await listen('portal', router, [{ host: '0.0.0.0', port: 8_080, how }]);
    rule(router, 'prerouting', `ip daddr ${at.centre} tcp dport ${ports.mqtt} redirect to :8080`);
  };
  const rule = (space: string, chain: keyof typeof chains, ...rules: string[]) =>
    nft(space, `table ip broken { chain ${chain} { ${chains[chain]};\n${rules.join('\n')}\n}\n}`);
  const startNames = (kind: NamesKind) => start('names', 'started', world, ['dnsmasq', ...namesOptions(kind, folder)]);
  const ask = async ({ data, args, env }: { data: string; args: string[]; env: Record<string, string> }): Promise<string> => {
    const own = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...env };
    const command = ['netns', 'exec', office, process.execPath, 'agent/cli.ts', 'check', '--data', data, ...args];
    const started = startProgram({ program: 'ip', args: command, env: own });
    await started.ended;
    return started.lines.map(({ msg }) => msg).join('\n');
  };
  await listen('anchor', world, [{ host: at.anchor, port: 443, how: 'open' }]);

  return {
    office,
    router,
    world,
    folder,
    end,
    inside,
    start,
    ip: (space: string, ...args: string[]) => ip('-n', space, ...args),
    startCentre,
    startNames,
    /** Starts a captive portal that responds at every port of every address. */
    startPortal: (how: Listener['how']) => listen('portal', router, [{ host: '0.0.0.0', port: 8_080, how }]),
    rule,
    /** Restores the network and the servers. */
    async mend() {
      await end('portal');
      mendNetwork({ office, router, world });
      await startCentre();
      await startNames('all');
    },
    async check(env: Record<string, string> = {}, data = join(folder, 'data')): Promise<Answer> {
      const { checks } = JSON.parse(await ask({ data, args: ['--json'], env }));
      const { status, fault, reason } = checks.find((one: Check) => one.component === 'path');
      return { status, fault, reason };
    },
    /** Returns the line of `agent check` about the path, in this language, with its action. */
    async line(language: Language): Promise<string> {
      const mark = { en: 'Path to the server: ', hi: 'सर्वर तक रास्ता: ' }[language];
      const [, line = ''] = (await ask({ data: join(folder, 'data'), args: ['--all', '--lang', language], env: {} })).split(mark);
      return line.split('\n')[0] ?? '';
    },
    /** Creates the data folder of a PC that was enrolled and never ran. */
    async freshFolder(): Promise<string> {
      const fresh = mkdtempSync(join(folder, 'fresh-'));
      await enrol(fresh, await authority.issue({ cn: 'ladakh.leh.pc-1', use: 'client' }), authority.root);
      return fresh;
    },
    async close() {
      for (const name of [...running.keys()]) await end(name);
      for (const space of spaces) spawnSync('ip', ['netns', 'delete', space]);
      rmSync(`/etc/netns/${office}`, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function enrol(data: string, { key, pem }: Issued, root: string): Promise<void> {
  const centre = { host: centreName, mqttPort: ports.mqtt, enrolPort: ports.enrol, centreKey: null };
  mkdirSync(data, { recursive: true });
  storeIdentity(identityFolder(data), { key, chain: pem, roots: [root], centre });
}

type Spaces = Record<'office' | 'router' | 'world', string>;

function buildNetwork({ office, router, world }: Spaces): void {
  mkdirSync(`/etc/netns/${office}`, { recursive: true });
  writeFileSync(`/etc/netns/${office}/resolv.conf`, `nameserver ${at.names}\n`);
  for (const space of [office, router, world]) {
    ip('netns', 'add', space);
    ip('-n', space, 'link', 'set', 'lo', 'up');
  }
  ip('link', 'add', 'pc0', 'netns', office, 'type', 'veth', 'peer', 'name', 'in0', 'netns', router);
  ip('link', 'add', 'out0', 'netns', router, 'type', 'veth', 'peer', 'name', 'w0', 'netns', world);
  ip('netns', 'exec', router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  // Ten checks from one address exceed the kernel's ICMP rate limit, so it is off.
  ip('netns', 'exec', router, 'sh', '-c', 'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit');
  mendNetwork({ office, router, world });
}

/** Restores addresses and routes. Each command is idempotent. */
function mendNetwork({ office, router, world }: Spaces): void {
  for (const space of [office, router, world]) spawnSync('ip', ['netns', 'exec', space, 'nft', 'delete', 'table', 'ip', 'broken']);
  const addresses = [
    [router, 'in0', at.routerIn],
    [router, 'out0', at.routerOut],
    // Removing the first address of a device also removes the others in its network.
    [world, 'w0', at.anchor],
    [world, 'w0', at.names],
    [world, 'w0', at.centre],
    [office, 'pc0', at.pc],
  ] as const;
  for (const [space, device, address] of addresses) {
    ip('-n', space, 'link', 'set', device, 'up');
    ip('-n', space, 'address', 'replace', `${address}/24`, 'dev', device);
  }
  ip('-n', router, 'route', 'replace', '10.77.2.0/24', 'dev', 'out0', 'src', at.routerOut);
  ip('-n', world, 'route', 'replace', 'default', 'via', at.routerOut);
  spawnSync('ip', ['-n', office, 'route', 'delete', 'default', 'metric', '100']);
  ip('-n', office, 'route', 'replace', 'default', 'via', at.routerIn);
  for (const space of [office, router, world]) ip('-n', space, 'neigh', 'flush', 'all');
}

function namesOptions(kind: NamesKind, folder: string): string[] {
  const centre = `--address=/${centreName}/${at.centre}`;
  const answers: Record<NamesKind, string[]> = {
    all: [centre, '--address=/in/'],
    'only the centre': [centre],
    'not the centre': ['--address=/in/', '--address=/example/'],
    lies: [`--address=/#/${at.anchor}`],
  };
  const fixed = [
    '--keep-in-foreground',
    '--log-facility=-',
    '--no-resolv',
    '--no-hosts',
    '--bind-interfaces',
    `--pid-file=${folder}/pid`,
    '--user=root',
  ];
  return [...fixed, `--listen-address=${at.names}`, ...answers[kind]];
}
