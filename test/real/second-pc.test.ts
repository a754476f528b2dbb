/** Tests a second PC in its own network: it knows only the address of the server, enrols with a code, and connects over mutual TLS. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { PcView } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Centre, createSite, isUp, type Site, startCentre } from '../system/centre-under-test.ts';
import { freePorts, type Program, startProgram } from '../system/processes.ts';
import { hasNamespaces, ip } from './office-network.ts';
import { installed, requirePart } from './parts.ts';

const runs = requirePart('a network namespace of one’s own (root, ip)', installed(['ip']) && hasNamespaces());
const space = `sabha-${process.pid}`;
const [here, there] = ['10.203.17.1', '10.203.17.2'];
const pc = 'capital/this-office/hall';

describe.runIf(runs)('a second PC', () => {
  let site: Site;
  let centre: Centre;
  let https: number;
  beforeAll(async () => {
    ip('netns', 'add', space);
    ip('link', 'add', `${space.slice(0, 11)}-h`, 'type', 'veth', 'peer', 'name', 'office', 'netns', space);
    ip('address', 'add', `${here}/24`, 'dev', `${space.slice(0, 11)}-h`);
    ip('link', 'set', `${space.slice(0, 11)}-h`, 'up');
    ip('-n', space, 'address', 'add', `${there}/24`, 'dev', 'office');
    ip('-n', space, 'link', 'set', 'office', 'up');
    const [port = 0, mqttPort = 0] = await freePorts(2);
    https = port;
    const rooms = ['this-pc', 'hall'].map((id) => ({ id, room: { en: `Room ${id}` } }));
    site = await createSite({ https: { host: here, port, mqttPort, names: [here] }, site: { pcs: rooms } });
    centre = startCentre(site);
    await centre.says('certificate of the broker in use');
    // Waits for the API as well, because it takes the commands.
    await isUp(centre);
  });
  afterAll(async () => {
    await centre?.end('SIGINT');
    site?.remove();
    ip('netns', 'delete', space);
  });

  const inside = (program: string[], env: Record<string, string> = {}): Program =>
    startProgram({ program: 'ip', args: ['netns', 'exec', space, ...program], env: { PATH: process.env['PATH'], ...env } });
  const sabha = (...args: string[]) => {
    const { stdout, stderr } = spawnSync(process.execPath, ['flows/api/cli/cli.ts', ...args, '--json'], {
      env: site.env,
      encoding: 'utf8',
    });
    if (stdout === '') throw new Error(`sabha ${args.join(' ')}: ${stderr}`);
    return JSON.parse(stdout);
  };
  const shown = async () => {
    const answer = await fetch(`http://127.0.0.1:${site.ports.api}/api/pcs`, { headers: site.token() });
    return ((await answer.json()) as PcView[]).find((one) => one.pc === pc);
  };

  test('reaches no plain port of the server, enrols with the code of its office, comes online, and is disconnected when it is revoked', async () => {
    const knock = inside([
      process.execPath,
      '-e',
      `fetch('http://${here}:${site.ports.api}/api/pcs').then(() => 0, () => process.exit(7))`,
    ]);
    expect(await knock.ended).toMatchObject({ code: 7 });

    const { code } = sabha('enrol-code', 'capital/this-office', '--uses', '1');
    const data = join(site.folder, 'hall');
    const agent = ['agent/cli.ts', 'enrol', code, '--centre', `https://${here}:${https}`, '--pc', pc, '--data', data];
    const enrolled = inside([process.execPath, ...agent]);
    const { code: exit } = await enrolled.ended;
    expect(exit, enrolled.errors.join()).toBe(0);
    const running = inside([process.execPath, 'agent/main.ts'], { SABHA_DATA: data });
    await expect.poll(async () => (await shown())?.presence, { timeout: 30_000 }).toBe('online');
    await expect.poll(async () => (await shown())?.config, { timeout: 10_000 }).toEqual({ wanted: 1, held: 1 });

    expect(sabha('cmd', 'probe-now', '--to', pc, '--wait')).toMatchObject({ state: 'answered', answers: [{ pc, outcome: 'done' }] });
    const saidBefore = running.lines.length;
    sabha('revoke', pc);
    await running.says((line) => running.lines.indexOf(line) >= saidBefore && line.msg.includes('not connected: '), 10_000);
    await running.end('SIGKILL');
  });
});
