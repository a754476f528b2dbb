/** A broken office with a complete server and a PC that runs the agent. Tests read the results on the room card and over the API. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type CommandView, type FaultId, faultIds, faultOf, links, type PcView, type SiteDetail } from '@sabha/contracts';
import { shareOf } from '../../flows/operations/commands/commands.ts';
import { bucketOf, type Police, policeOf, type Shape } from '../bench/shaped-link.ts';
import { createSite, isUp, startCentre } from '../system/centre-under-test.ts';
import type { Program } from '../system/processes.ts';
import { at, type BrokenOffice, centreName, openBrokenOffice, ports } from './broken-office.ts';
import { commandOf, enrol, ip } from './office-network.ts';

export type WholeOffice = Awaited<ReturnType<typeof openWholeOffice>>;

const relayPort = 9_001;
const pathFaults = faultIds.filter((id) => id.startsWith('path.'));

export async function openWholeOffice(profile: object) {
  const id = restedOffice(Date.now());
  const path = `capital/${id}/hall`;
  const office = await openBrokenOffice({ isWhole: true });
  const rooms = ['this-pc', 'hall'].map((id) => ({ id, room: { en: `Room ${id}` } }));
  const https = { host: at.centre, port: ports.enrol, mqttPort: ports.mqtt, names: [centreName, at.centre] };
  const site = await createSite({ https, site: { id, profile, pcs: rooms } });
  const inWorld = ['ip', 'netns', 'exec', office.world];
  const centre = startCentre(site, commandOf([...inWorld, process.execPath, 'start.ts']));
  const data = join(office.folder, 'hall');
  const [compiled, door] = [{ NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] }, join(office.folder, 'door')];
  const inside = (command: string[], env: Record<string, string | undefined> = {}) =>
    office.inside(office.office, command, { ...compiled, ...env });
  const running: Program[] = [];
  const api = <T>(where: string, body?: object) => ask<T>({ door, port: site.ports.api, token: site.token() }, where, body);
  const close = async () => {
    for (const one of running) await one.end('SIGKILL');
    await centre.end('SIGINT');
    site.remove();
    await office.close();
  };
  try {
    silence(office);
    await office.mend();
    await centre.says('certificate of the broker in use', 60_000);
    await isUp(centre);
    await office.start('door', 'listening', office.world, [process.execPath, 'test/real/door.ts', door, `${site.ports.api}`]);
    await enrol({ site, inside, at: `https://${centreName}:${ports.enrol}`, data, path }, inWorld);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    office,
    centre,
    data,
    api,
    close,
    /** Starts the agent of the PC. `aheadMs` is how far its clock is ahead of the true time. */
    startAgent({ aheadMs = 0 } = {}): Program {
      const agent = inside([process.execPath, 'agent/main.ts'], { SABHA_DATA: data, ...clockAhead(office.folder, aheadMs) });
      running.push(agent);
      return agent;
    },
    pc: async () => (await api<PcView[]>('/api/pcs')).find(({ pc }) => pc === path),
    detail: () => api<SiteDetail>(`/api/sites/capital/${id}`),
    async order(verb: string): Promise<CommandView['answers'][number]> {
      const { id } = await api<{ id: string }>('/api/commands', { verb, to: path, by: 'Asha' });
      for (;;) {
        const { answers, state } = await api<CommandView>(`/api/commands/${id}`);
        const [answer] = answers;
        if (answer !== undefined) return answer;
        if (state !== 'open') return { pc: path, at: 0, outcome: 'failed', reason: `the command is ${state}` };
        await pause(250);
      }
    },
    /** Resets the connection of the PC to the server as a firewall does. The next connection is not affected. */
    async cut(): Promise<void> {
      const held = spawnSync('ip', ['netns', 'exec', office.office, 'ss', '-Htn', 'dport', '=', `:${ports.mqtt}`], { encoding: 'utf8' });
      // There may be a second connection, because the connection of an earlier agent may still be closing.
      const own = [...held.stdout.matchAll(/:(\d+)\s+\S+:8883/g)].map(([, port]) => port);
      if (own.length === 0) return;
      const resets = own.map((port) => `tcp sport ${port} tcp dport ${ports.mqtt} reject with tcp reset`);
      office.rule(office.router, 'forward', ...resets);
      // A command makes the PC acknowledge a packet. The firewall rule then resets the connection.
      await api('/api/commands', { verb: 'probe-now', to: path, by: 'Asha' });
    },
    /** Returns the path fault on the room card, or undefined if there is none. */
    onCard(): FaultId | undefined {
      const card = existsSync(join(data, 'card.html')) ? readFileSync(join(data, 'card.html'), 'utf8') : '';
      return pathFaults.find((id) => card.includes(faultOf(id)?.title.en ?? id));
    },
    /** Shapes the line of the office in both directions. Without a shape the line is unlimited. */
    shape(shape: Shape | null, police?: Police): void {
      for (const [space, device] of lineOf(office)) {
        spawnSync('tc', ['-n', space, 'qdisc', 'del', 'dev', device, 'root']);
        if (shape !== null && spawnSync('tc', ['-n', space, 'qdisc', 'add', 'dev', device, 'root', ...bucketOf(shape)]).status !== 0) {
          throw new Error(`tc refuses ${bucketOf(shape).join(' ')}`);
        }
      }
      for (const space of [office.office, office.world]) {
        spawnSync('ip', ['netns', 'exec', space, 'nft', 'delete', 'table', 'ip', 'police']);
        if (police !== undefined) ip('netns', 'exec', space, 'nft', policeOf(police));
      }
    },
    /** Routes packets to the reflector through a relay. `figures` are the arguments of `capacity-relay-child.ts` after the ports. */
    async relay(...figures: number[]): Promise<void> {
      const args = [at.centre, relayPort, site.ports.reflector, ...figures].map(String);
      await office.start('relay', 'relay ready', office.router, [process.execPath, 'test/bench/capacity-relay-child.ts', ...args]);
      office.rule(office.router, 'prerouting', `ip daddr ${at.centre} udp dport ${site.ports.reflector} redirect to :${relayPort}`);
    },
  };
}

/**
 * Returns the id of an office on fibre whose scheduled measurement has just passed. A scheduled measurement during a test would use up the
 * quota of the reflector.
 */
function restedOffice(now: number): string {
  const everyMs = links.fibre.capacity?.everyMs ?? Number.POSITIVE_INFINITY;
  for (let number = 1; ; number += 1) {
    const id = `office-${number}`;
    if ((now / everyMs + shareOf(`capital/${id}`)) % 1 < 0.1) return id;
  }
}

function lineOf({ office, router }: BrokenOffice): [string, string][] {
  return [
    [office, 'pc0'],
    [router, 'in0'],
  ];
}

/** Switches segmentation offload off: its large segments would pass the simulated token bucket, which real lines do not permit. */
function silence(office: BrokenOffice): void {
  for (const [space, device] of [...lineOf(office), [office.router, 'out0'], [office.world, 'w0']] as [string, string][])
    ip('netns', 'exec', space, 'ethtool', '-K', device, 'tso', 'off', 'gso', 'off', 'gro', 'off');
}

/** Sets the clock of the agent ahead, as after a flat battery. */
function clockAhead(folder: string, aheadMs: number): Record<string, string> {
  if (aheadMs === 0) return {};
  const preload = join(folder, 'set-clock.mjs');
  writeFileSync(preload, `const real = Date.now; Date.now = () => real() + ${aheadMs};`);
  return { NODE_OPTIONS: `--import=${preload}` };
}

type At = { door: string; port: number; token: Record<string, string> };

function ask<T>({ door, port, token }: At, where: string, body?: object): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const method = body === undefined ? 'GET' : 'POST';
  const headers = { host: `127.0.0.1:${port}`, ...token, ...(body && { 'content-type': 'application/json' }) };
  const asked = request({ socketPath: door, path: where, method, headers, agent: false }, async (answer) => {
    const text = (await answer.setEncoding('utf8').toArray()).join('');
    if ((answer.statusCode ?? 500) >= 300) reject(new Error(`${where}: ${answer.statusCode} ${text}`));
    else resolve(JSON.parse(text));
  });
  asked.on('error', reject);
  asked.end(body && JSON.stringify(body));
  return promise;
}
