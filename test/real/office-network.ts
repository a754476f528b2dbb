/**
 * A PC in a separate network namespace, enrolled at a complete server. One cable connects PC and server, and the kernel counts every byte
 * on it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type PcView, siteOf } from '@sabha/contracts';
import { ask, type Centre, createSite, isUp, type Site, startCentre } from '../system/centre-under-test.ts';
import { freePorts, type Program, startProgram } from '../system/processes.ts';

export type OfficeNetwork = {
  site: Site;
  centre: Centre;
  /** The address of the server, as the office reaches it. */
  here: string;
  mqttPort: number;
  /** The data folder of the agent, with its identity. */
  data: string;
  inside(program: string[], env?: Record<string, string>): Program;
  /** Starts the agent of the office, or another program in its place. */
  startAgent(env?: Record<string, string>, program?: string): Program;
  pc(): Promise<PcView | undefined>;
  measureLink(): Promise<void>;
  /** Returns the bytes on the cable in both directions, as counted by the kernel. */
  wireBytes(): number;
  stop(): Promise<void>;
};

/** A path of realistic length. It is the first of its site in order, so this PC measures the link. */
const path = 'capital/this-office/conference-hall-first-floor';
const device = 'office';

export function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

/** Whether this machine permits network namespaces. The presence of the program `ip` alone does not prove the permission. */
export function hasNamespaces(): boolean {
  const name = `sabha-try-${process.pid}`;
  if (process.getuid?.() !== 0 || spawnSync('ip', ['netns', 'add', name]).status !== 0) return false;
  ip('netns', 'delete', name);
  return true;
}

/** The beginning of a command line. It gives the program real-time priority, whatever the load of the machine. */
export const beforeOthers: readonly string[] = ['/usr/bin/chrt', '--rr', '1'];

/** Whether this machine permits real-time priority. */
export function goesBeforeOthers(): boolean {
  const [program = '', ...args] = [...beforeOthers, 'true'];
  return spawnSync(program, args).status === 0;
}

type Cable = { space: string; outer: string; here: string; there: string };

function layCable({ space, outer, here, there }: Cable): void {
  mkdirSync(`/etc/netns/${space}`, { recursive: true });
  writeFileSync(`/etc/netns/${space}/resolv.conf`, `nameserver ${here}\n`);
  ip('netns', 'add', space);
  ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', device, 'netns', space);
  // Switches IPv6 off, so that the kernel sends nothing by itself on the new cable.
  spawnSync('sh', ['-c', silence(outer)]);
  ip('netns', 'exec', space, 'sh', '-c', silence(device));
  ip('address', 'add', `${here}/24`, 'dev', outer);
  ip('link', 'set', outer, 'up');
  ip('-n', space, 'address', 'add', `${there}/24`, 'dev', device);
  ip('-n', space, 'link', 'set', device, 'up');
  ip('-n', space, 'route', 'add', 'default', 'via', here);
  introduce({ space, outer, here, there });
}

function removeCable({ space, outer }: Cable): void {
  // Deleting the namespace removes the cable only a moment later, and the next office with the same number could still find the cable.
  spawnSync('ip', ['link', 'delete', outer]);
  spawnSync('ip', ['netns', 'delete', space]);
  rmSync(`/etc/netns/${space}`, { recursive: true, force: true });
}

/** Adds permanent neighbour entries at both ends of the cable. No ARP packet then adds to the bytes that the agent's meter must match. */
function introduce({ space, outer, here, there }: Cable): void {
  const cardOf = (...ahead: string[]) => {
    const [program = '', ...args] = [...ahead, 'cat', `/sys/class/net/${ahead.length > 0 ? device : outer}/address`];
    return spawnSync(program, args, { encoding: 'utf8' }).stdout.trim();
  };
  const known = (address: string, card: string, name: string) => [
    'neighbour',
    'replace',
    address,
    'lladdr',
    card,
    'dev',
    name,
    'nud',
    'permanent',
  ];
  ip(...known(there, cardOf('ip', 'netns', 'exec', space), outer));
  ip('-n', space, ...known(here, cardOf(), device));
}

/**
 * Opens an office. `net` is the third byte of 10.203.x.0/24, and `profile` is the profile of the site. Server and agent get `env`, and
 * `ahead` precedes their command lines.
 */
export async function openOffice(
  net: number,
  profile: object,
  env: Record<string, string> = {},
  ahead: readonly string[] = [],
): Promise<OfficeNetwork> {
  const space = `sabha-office-${process.pid}-${net}`;
  removeAbandoned();
  const outer = `sb${process.pid % 100_000}-${net}`;
  const [here, there] = [`10.203.${net}.1`, `10.203.${net}.2`];
  const [https = 0, mqttPort = 0] = await freePorts(2);
  const rooms = ['this-pc', basename(path)].map((id) => ({ id, room: { en: `Room ${id}` } }));
  const site = await createSite({ https: { host: here, port: https, mqttPort, names: [here] }, site: { profile, pcs: rooms } }, env);
  const cable = { space, outer, here, there };
  try {
    layCable(cable);
  } catch (error) {
    removeCable(cable);
    site.remove();
    throw error;
  }
  const inside = (program: string[], more: Record<string, string> = {}): Program =>
    startProgram({
      ...commandOf([...ahead, 'ip', 'netns', 'exec', space, ...program]),
      env: { PATH: process.env['PATH'], ...env, ...more },
    });
  const data = join(site.folder, 'hall');
  const centre = startCentre(site, commandOf([...ahead, process.execPath, 'start.ts']));
  const running: Program[] = [];
  const stop = async () => {
    for (const one of running) await one.end('SIGKILL');
    await centre.end('SIGINT');
    site.remove();
    removeCable(cable);
  };
  try {
    await centre.says('certificate of the broker in use', 40_000);
    await isUp(centre, 40_000);
    await enrol({ site, inside, at: `https://${here}:${https}`, data, path });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    site,
    centre,
    here,
    mqttPort,
    data,
    inside,
    stop,
    startAgent: (more = {}, program = 'agent/main.ts') => {
      const agent = inside([process.execPath, program], { SABHA_DATA: data, ...more });
      running.push(agent);
      return agent;
    },
    pc: async () => (await ask<PcView[]>(site.ports, '/api/pcs', site.token())).find(({ pc }) => pc === path),
    async measureLink() {
      const body = JSON.stringify({ verb: 'measure-link', to: 'capital/this-office', by: 'Asha' });
      const headers = { 'content-type': 'application/json', ...site.token() };
      const { status } = await fetch(`http://127.0.0.1:${site.ports.api}/api/commands`, { method: 'POST', headers, body });
      if (status >= 300) throw new Error(`measure-link: ${status}`);
    },
    wireBytes: () => ['rx', 'tx'].reduce((sum, way) => sum + Number(readFileSync(`/sys/class/net/${outer}/statistics/${way}_bytes`)), 0),
  };
}

/** Removes the namespaces that killed runs left, because they use the same addresses. */
function removeAbandoned(): void {
  for (const space of existsSync('/etc/netns') ? readdirSync('/etc/netns') : []) {
    const owner = /^sabha-office-(\d+)-/.exec(space)?.[1];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    spawnSync('ip', ['netns', 'delete', space]);
    rmSync(`/etc/netns/${space}`, { recursive: true, force: true });
  }
}

export function commandOf([program = '', ...args]: readonly string[]): { program: string; args: string[] } {
  return { program, args };
}

function silence(interfaceName: string): string {
  return `echo 1 > /proc/sys/net/ipv6/conf/${interfaceName}/disable_ipv6`;
}

/** Enrols the PC. `ahead` precedes the command line that requests the code from the server. */
export async function enrol(
  { site, inside, at, data, path }: Pick<OfficeNetwork, 'site' | 'inside' | 'data'> & { at: string; path: string },
  ahead: readonly string[] = [],
): Promise<void> {
  const { program, args } = commandOf([...ahead, process.execPath, 'flows/api/cli/cli.ts', 'enrol-code', siteOf(path)]);
  const asked = spawnSync(program, [...args, '--uses', '1', '--json'], { env: site.env, encoding: 'utf8' });
  if (asked.status !== 0) throw new Error(`no enrolment code: ${asked.stderr}`);
  const { code } = JSON.parse(asked.stdout);
  const enrolled = inside([process.execPath, 'agent/cli.ts', 'enrol', code, '--centre', at, '--pc', path, '--data', data]);
  const { code: exit } = await enrolled.ended;
  if (exit !== 0) throw new Error(`not enrolled: ${enrolled.errors.join()}`);
}
