/**
 * Tests the data budget of a day for each link class, in minutes.
 * - The real agent connects over TLS to a complete server, and the kernel counts the bytes on the cable. Only the room is simulated: at
 *   this speed the results of real programs would often be late.
 * - Six hours run: two with every event of a day, four as a sample of the rest. A whole day in the same minutes would need four times the
 *   speed and distort the result. A pause of 0.1 s would then make every check stale, and a millisecond would count as jitter.
 * - A second test measures how soon an unplug reaches the server over a satellite.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type LinkClass, linkClasses, links } from '@sabha/contracts';
import { afterEach, describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../system/processes.ts';
import type { HourUsed } from './day-agent.ts';
import { beforeOthers, goesBeforeOthers, hasNamespaces, type OfficeNetwork, openOffice } from './office-network.ts';
import { installed, requirePart } from './parts.ts';
import { pipewireTools, startDesktop } from './pipewire.ts';

const runs = requirePart(
  'a network namespace of one’s own with a name server, and the right to go before other programs (root, ip, dnsmasq, chrt)',
  installed(['ip', 'dnsmasq', 'chrt']) && hasNamespaces() && goesBeforeOthers(),
);
const hearsSound = requirePart('PipeWire', installed(pipewireTools));
const { SABHA_NIGHTLY: isNight, SABHA_WEEKLY: isWeek } = process.env;
// The test budget of 4G and LEO lies between the budgets of fibre and GEO, so only the weekly run includes these two. Each takes three
// minutes.
const classes: readonly LinkClass[] = isWeek ? linkClasses : isNight ? ['fibre', 'geo', 'floor'] : ['geo'];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const speed = 120;
const played = { first: 2, last: 6 };
const restIsOfDay = (24 - played.first) / (played.last - played.first);
const daysInMonth = 30;
/**
 * Leaves programs that read the sound out of PATH. The test clock runs many times faster than real time, so their results would time out,
 * and each timeout would change the state.
 */
const withoutSound = '/usr/sbin:/sbin';
const halfRoundTripMs = 350;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const expected = { camera: [{ match: 'Rally' }], microphone: [{ match: 'Jabra' }], speaker: [{ match: 'Jabra' }] };

async function office(
  net: number,
  profile: object,
  env: Record<string, string> = {},
  ahead: readonly string[] = [],
): Promise<OfficeNetwork> {
  const opened = await openOffice(net, profile, env, ahead);
  closing.push(opened.stop);
  return opened;
}

async function nameServer(here: string, ...more: string[]): Promise<Program> {
  const fixed = ['--no-daemon', '--no-resolv', '--no-hosts', '--bind-interfaces', '--pid-file=', '--user=root', '--address=/in/'];
  const names = startProgram({
    program: 'dnsmasq',
    args: [...fixed, `--listen-address=${here}`, ...more],
    env: { PATH: process.env['PATH'] },
  });
  closing.push(() => names.end('SIGKILL'));
  await names.says('started');
  return names;
}

/** Returns a start time whose next 12 h lie in one month; otherwise the budget would restart during the run. */
function withinMonth(now: number): number {
  const monthOf = (ms: number) => new Date(ms).getUTCMonth();
  return monthOf(now) === monthOf(now + dayMs / 2) ? now : now - dayMs;
}

/** Returns the bytes used after so many hours, as counted by the kernel. */
async function usedAfter(hours: number, { at, before }: { at: OfficeNetwork; before: number }) {
  const file = join(at.data, `hour-${hours}.json`);
  await expect.poll(() => existsSync(file), { timeout: (hours * hourMs) / speed + 30_000, interval: 20 }).toBe(true);
  const kernel = at.wireBytes() - before;
  const { telemetry, tests, trains }: HourUsed = JSON.parse(readFileSync(file, 'utf8'));
  // The kernel does not know what caused a byte, so its count is divided in the proportions of the agent's meter.
  const shareOf = (bytes: number) => (bytes * kernel) / (telemetry + tests);
  const rounds = tests - trains.reduce((sum, bytes) => sum + bytes, 0);
  return { telemetry: shareOf(telemetry), rounds: shareOf(rounds), measured: trains.map(shareOf) };
}

/**
 * Extrapolates to 24 h. The first hours count once and the later hours repeatedly. Each capacity measurement counts with the most bytes
 * that one of them used.
 */
function dayOf(link: LinkClass, first: Awaited<ReturnType<typeof usedAfter>>, last: typeof first) {
  const whole = (cause: 'telemetry' | 'rounds') => first[cause] + (last[cause] - first[cause]) * restIsOfDay;
  const { capacity } = links[link];
  const measurements = capacity === null ? 0 : dayMs / capacity.everyMs;
  return {
    telemetry: Math.round(whole('telemetry')),
    tests: Math.round(whole('rounds') + measurements * Math.max(0, ...last.measured)),
  };
}

/** Starts an agent that has run before. The messages of its very first start are not part of an ordinary day. */
async function startOfDay(at: OfficeNetwork, link: LinkClass): Promise<{ agent: Program; before: number }> {
  const start = async () => {
    const agent = at.startAgent({}, 'test/real/day-agent.ts');
    await expect.poll(async () => (await at.pc())?.presence, { timeout: 30_000 }).toBe('online');
    return agent;
  };
  const first = await start();
  await expect.poll(() => existsSync(join(at.data, 'config.json')), { timeout: 30_000 }).toBe(true);
  await first.end('SIGTERM');
  await expect.poll(async () => (await at.pc())?.presence, { timeout: 30_000 }).not.toBe('online');
  expect(JSON.parse(readFileSync(join(at.data, 'budget.json'), 'utf8')).limits).toEqual(links[link].budget);
  rmSync(join(at.data, 'budget.json'));
  const before = at.wireBytes();
  return { agent: await start(), before };
}

describe.runIf(runs)('the data use of a day', () => {
  test.each(classes)(
    'on %s, with routine messages and four short faults, uses at most 1/30 of the monthly budget, and meter and kernel agree',
    async (link) => {
      const env = { SABHA_SPEED: `${speed}`, SABHA_EPOCH: `${withinMonth(Date.now())}`, PATH: withoutSound };
      const net = 20 + linkClasses.indexOf(link);
      // At this speed other load on the machine can delay an ack. The retransmission is then counted, so this test runs before the others.
      const at = await office(net, { link, expected }, env, beforeOthers);
      await nameServer(at.here);
      const { agent, before } = await startOfDay(at, link);
      await usedAfter(1, { at, before });
      await at.measureLink();
      const first = await usedAfter(played.first, { at, before });
      const last = await usedAfter(played.last, { at, before });
      const { ms } = await agent.end('SIGTERM');
      expect(ms).toBeLessThan(2_500);
      await delay(500);
      const kernel = at.wireBytes() - before;
      const meter = JSON.parse(readFileSync(join(at.data, 'budget.json'), 'utf8'));
      const own = meter.telemetry + meter.tests;
      const { budget, capacity } = links[link];
      const day = dayOf(link, first, last);
      const limits = { telemetry: Math.round(budget.telemetryBytes / daysInMonth), tests: Math.round(budget.testBytes / daysInMonth) };
      console.log(JSON.stringify({ link, kernel, own, first, last, day, limits, warnings: agent.errors }));
      expect(meter.limits).toEqual(budget);
      if (capacity !== null) expect(last.measured.length).toBeGreaterThan(0);
      expect(day.telemetry).toBeLessThanOrEqual(limits.telemetry);
      expect(day.tests).toBeLessThanOrEqual(limits.tests);
      expect(Math.abs(own / kernel - 1)).toBeLessThanOrEqual(0.15);
    },
  );
});

describe.runIf(runs)('the data meter of the agent', () => {
  test.each<[what: string, events: string, lastMs: number, net: number]>([
    ['29 events, one a second', '29x1000', 29_000, 40],
    ['210 events, ten a second', '210x100', 21_000, 41],
    ['210 events at once', '210x0', 0, 42],
  ])('counts the bytes of %s between 2 %% below and 25 %% above the count of the kernel', async (_, events, lastMs, net) => {
    const at = await office(net, { link: 'fibre', expected }, { PATH: withoutSound }, beforeOthers);
    await nameServer(at.here);
    const before = at.wireBytes();
    const agent = at.startAgent({ DAY_EVENTS: events }, 'test/real/day-agent.ts');
    await expect.poll(async () => (await at.pc())?.presence, { timeout: 60_000 }).toBe('online');
    await delay(lastMs + 15_000);
    await agent.end('SIGTERM');
    await delay(500);
    const kernel = at.wireBytes() - before;
    const { telemetry, tests } = JSON.parse(readFileSync(join(at.data, 'budget.json'), 'utf8'));
    const ratio = (telemetry + tests) / kernel;
    console.log(JSON.stringify({ events, kernel, telemetry, tests, ratio: Number(ratio.toFixed(4)) }));
    expect(ratio).toBeGreaterThan(0.98);
    expect(ratio).toBeLessThan(1.25);
  });
});

/** Starts a TCP relay that delays each byte by half a round trip. It replaces netem, which this kernel may lack. */
function satellite(to: { host: string; port: number }): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const carry = (from: Socket, into: Socket) => {
    sockets.add(from);
    from.on('data', (piece) => void setTimeout(() => into.writable && into.write(piece), halfRoundTripMs));
    from.on('close', () => void setTimeout(() => into.destroy(), halfRoundTripMs)).on('error', () => undefined);
  };
  const server = createServer((near) => {
    const far = connect(to);
    far.setNoDelay(true);
    near.setNoDelay(true);
    carry(near, far);
    carry(far, near);
  });
  return new Promise((resolve) => {
    server.listen(0, to.host, () => {
      const close = async () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      };
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}

describe.runIf(runs && hearsSound)('an unplugged microphone', () => {
  test('reaches the server within 5 s over a satellite with a round trip of 700 ms', async () => {
    const desktop = await startDesktop();
    closing.push(desktop.stop);
    await desktop.plug('alsa_input.usb-room', 'Room microphone');
    const at = await office(30, { link: 'geo', expected: { microphone: [{}], camera: [], speaker: [] } });
    const line = await satellite({ host: at.here, port: at.mqttPort });
    closing.push(line.close);
    const file = join(at.data, 'identity', 'centre.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), mqttPort: line.port }));
    at.startAgent(desktop.env);
    const microphone = async () => (await at.pc())?.checks.find(({ component }) => component === 'microphone');
    await expect.poll(async () => (await microphone())?.status, { timeout: 40_000 }).toBe('ok');
    const startedAt = performance.now();
    await desktop.unplug('alsa_input.usb-room');
    await expect.poll(async () => (await microphone())?.fault, { timeout: 10_000, interval: 20 }).toBe('microphone.missing');
    const seconds = (performance.now() - startedAt) / 1_000;
    console.log(JSON.stringify({ unplugSeconds: Number(seconds.toFixed(2)) }));
    expect(seconds).toBeGreaterThan(halfRoundTripMs / 1_000);
    expect(seconds).toBeLessThan(5);
  });
});
