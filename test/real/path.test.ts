/** Where it breaks, on a network of its own: an office, its router, and the world behind it with the centre, a name server and an anchor. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../system/processes.ts';
import { hasNamespaces, ip } from './office-network.ts';
import { installed, requirePart } from './parts.ts';

const runs = requirePart(
  'namespaces of one’s own with a name server (root, ip, nft, dnsmasq)',
  installed(['ip', 'nft', 'dnsmasq']) && hasNamespaces(),
);

const [office, router, world] = ['o', 'r', 'w'].map((name) => `sabha-path-${process.pid}-${name}`) as [string, string, string];
const at = { pc: '10.77.1.2', routerIn: '10.77.1.1', routerOut: '10.77.2.1', centre: '10.77.2.2', names: '10.77.2.3', anchor: '10.77.2.4' };
const port = 8883;
const folder = mkdtempSync(join(tmpdir(), 'sabha-path-'));

function run(program: string, ...args: string[]): boolean {
  return spawnSync(program, args).status === 0;
}

function inside(space: string, program: string, ...args: string[]): Program {
  return startProgram({ program: 'ip', args: ['netns', 'exec', space, program, ...args], env: { PATH: process.env['PATH'] } });
}

/** What listens in the world. */
const listener = (address: string, on: number) =>
  inside(
    world,
    process.execPath,
    '-e',
    `require('net').createServer(s=>s.on('error',()=>{})).listen(${on},'${address}',()=>console.log('listening'))`,
  );
async function startCentre(): Promise<Program> {
  const centre = listener(at.centre, port);
  await centre.says('listening');
  return centre;
}
/** A real name server: it knows the centre, and says of every other name that there is none. */
async function startNames(): Promise<Program> {
  const known = [`--address=/centre.example/${at.centre}`, '--address=/in/'];
  const fixed = [
    '--no-daemon',
    '--no-resolv',
    '--no-hosts',
    '--bind-interfaces',
    `--listen-address=${at.names}`,
    `--pid-file=${folder}/pid`,
    '--user=root',
  ];
  const names = inside(world, 'dnsmasq', ...fixed, ...known);
  await names.says('started');
  return names;
}

type Said = { fault: string | null; status: string; reason: string | null };
const agent = { SABHA_MQTT_HOST: 'centre.example', SABHA_MQTT_PORT: `${port}`, SABHA_ANCHORS: `${at.anchor}:443`, SABHA_DATA: folder };

/** `agent check` of the PC in the office: the answer of the way to the centre, and its line in words. */
async function check(env: Record<string, string> = {}): Promise<Said> {
  const { checks } = JSON.parse(await ask(['--json'], env));
  return checks.find((one: { component: string }) => one.component === 'path');
}
/** Three at once, since each waits for what does not answer. */
async function says(wanted: Said['fault'], reason: Said['reason'], words: { en: string; hi: string }): Promise<void> {
  const [said, en, hi] = await Promise.all([check(), line('en'), line('hi')]);
  expect({ fault: said.fault, reason: said.reason, en, hi }).toEqual({ fault: wanted, reason, ...words });
}
async function line(language: 'en' | 'hi'): Promise<string> {
  const mark = { en: 'Way to the centre: ', hi: 'सेंटर तक रास्ता: ' }[language];
  const lines = (await ask(['--lang', language], {})).split('\n');
  return lines.find((one) => one.includes(mark))?.split(mark)[1] ?? '';
}
async function ask(args: string[], env: Record<string, string>): Promise<string> {
  const own = { PATH: process.env['PATH'], SABHA_CONFIG: join(folder, 'sabha.json'), ...agent, ...env };
  const started = startProgram({
    program: 'ip',
    args: ['netns', 'exec', office, process.execPath, 'agent/cli.ts', 'check', ...args],
    env: own,
  });
  await started.ended;
  expect(started.errors).toEqual([]);
  return started.lines.map(({ msg }) => msg).join('\n');
}

describe.runIf(runs)('the way to the centre', () => {
  const programs: Program[] = [];
  const kept = <T extends Program>(program: T): T => {
    programs.push(program);
    return program;
  };
  let centre: Program;
  let names: Program;

  beforeAll(async () => {
    writeFileSync(join(folder, 'sabha.json'), '{}');
    mkdirSync(`/etc/netns/${office}`, { recursive: true });
    writeFileSync(`/etc/netns/${office}/resolv.conf`, `nameserver ${at.names}\n`);
    for (const space of [office, router, world]) {
      ip('netns', 'add', space);
      ip('-n', space, 'link', 'set', 'lo', 'up');
    }
    ip('link', 'add', 'pc0', 'netns', office, 'type', 'veth', 'peer', 'name', 'in0', 'netns', router);
    ip('link', 'add', 'out0', 'netns', router, 'type', 'veth', 'peer', 'name', 'w0', 'netns', world);
    ip('-n', router, 'address', 'add', `${at.routerIn}/24`, 'dev', 'in0');
    ip('-n', router, 'address', 'add', `${at.routerOut}/24`, 'dev', 'out0');
    for (const address of [at.centre, at.names, at.anchor]) ip('-n', world, 'address', 'add', `${address}/24`, 'dev', 'w0');
    for (const [space, device] of [
      [router, 'in0'],
      [router, 'out0'],
      [world, 'w0'],
    ] as const)
      ip('-n', space, 'link', 'set', device, 'up');
    ip('-n', world, 'route', 'add', 'default', 'via', at.routerOut);
    ip('netns', 'exec', router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    plugIn();
    centre = kept(await startCentre());
    names = kept(await startNames());
    await kept(listener(at.anchor, 443)).says('listening');
  });
  afterAll(async () => {
    for (const program of programs) await program.end('SIGKILL');
    for (const space of [office, router, world]) run('ip', 'netns', 'delete', space);
    rmSync(`/etc/netns/${office}`, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  function plugIn(): void {
    ip('-n', office, 'link', 'set', 'pc0', 'up');
    run('ip', '-n', office, 'address', 'add', `${at.pc}/24`, 'dev', 'pc0');
    ip('-n', office, 'route', 'replace', 'default', 'via', at.routerIn);
  }

  test('is whole', async () => {
    await says(null, null, { en: 'works', hi: 'ठीक है' });
  });

  test('breaks at this PC: the cable is out, or nobody gave it an address', async () => {
    ip('-n', office, 'link', 'set', 'pc0', 'down');
    await says('path.local', 'no cable and no Wi-Fi', {
      en: 'This PC is not on the local network (no cable and no Wi-Fi)',
      hi: 'यह PC लोकल नेटवर्क पर नहीं है (न केबल लगी है, न Wi-Fi)',
    });
    ip('-n', office, 'link', 'set', 'pc0', 'up');
    ip('-n', office, 'address', 'flush', 'dev', 'pc0');
    expect(await check()).toMatchObject({ fault: 'path.local', reason: 'no address from the network' });
    plugIn();
  });

  test('breaks at the router: its address is gone from the office', async () => {
    ip('-n', router, 'address', 'del', `${at.routerIn}/24`, 'dev', 'in0');
    ip('-n', office, 'neigh', 'flush', 'all');
    await says('path.gateway', null, { en: 'The router does not answer', hi: 'राउटर जवाब नहीं दे रहा' });
    ip('-n', router, 'address', 'add', `${at.routerIn}/24`, 'dev', 'in0');
  });

  test('breaks at the router although its neighbours still believe in it', async () => {
    await check();
    ip('-n', router, 'address', 'del', `${at.routerIn}/24`, 'dev', 'in0');
    const { fault, status } = await check();
    expect([fault, status]).not.toEqual(['path.last_mile', 'fault']);
    expect(status).not.toBe('ok');
    ip('-n', router, 'address', 'add', `${at.routerIn}/24`, 'dev', 'in0');
  });

  test.each(['blackhole', 'unreachable'])('breaks behind the router: the line is %s', async (how) => {
    ip('-n', router, 'route', 'replace', how, '10.77.2.0/24');
    await says('path.last_mile', null, { en: 'The line behind the router is down', hi: 'राउटर के आगे की लाइन बंद है' });
    ip('-n', router, 'route', 'replace', '10.77.2.0/24', 'dev', 'out0', 'src', at.routerOut);
  });

  test('breaks at the names: the name server is dead, or does not know the centre', async () => {
    await names.end('SIGKILL');
    await says('path.dns', 'no name server answers', {
      en: 'Names cannot be looked up (no name server answers)',
      hi: 'नेटवर्क में नाम नहीं मिल रहे (कोई DNS सर्वर जवाब नहीं दे रहा)',
    });
    names = kept(await startNames());
    expect(await check({ SABHA_MQTT_HOST: 'moved.centre.in' })).toMatchObject({
      fault: 'path.dns',
      reason: 'the name of the centre is not known there',
    });
  });

  test('breaks at the centre: its port is closed, or nothing comes back from it', async () => {
    await centre.end('SIGKILL');
    await says('path.centre', 'it refuses connections', {
      en: 'Only the centre cannot be reached (it refuses connections)',
      hi: 'सिर्फ़ सेंटर तक पहुँच नहीं (कनेक्शन नहीं ले रहा)',
    });
    ip(
      'netns',
      'exec',
      world,
      'nft',
      `add table ip t; add chain ip t c { type filter hook input priority 0; }; add rule ip t c ip daddr ${at.centre} drop`,
    );
    await says('path.centre', null, { en: 'Only the centre cannot be reached', hi: 'सिर्फ़ सेंटर तक पहुँच नहीं' });
    ip('netns', 'exec', world, 'nft', 'delete table ip t');
    centre = kept(await startCentre());
    expect(await check()).toMatchObject({ status: 'ok' });
  });
});
