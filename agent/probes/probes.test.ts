import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode, digestOf, encode, faultOf, meetingComponents, type Profile, realClock } from '@sabha/contracts';
import { expect, it } from 'vitest';
import type { LinkView } from '../link/measure/quality-rounds.ts';
import { createBudget, inMemoryStore } from '../link/net/data-budget.ts';
import { createLinux } from '../platform/linux/linux.ts';
import { tree } from '../platform/linux/tree.test-helper.ts';
import { createPlatform } from '../this-pc.ts';
import { createProbes } from './probes.ts';

const probes = createProbes();

it('the list of probes contains each probe once, with a timeout of at most a third of its interval', () => {
  expect(new Set(probes.map((probe) => probe.name)).size).toBe(probes.length);
  for (const probe of probes) expect(probe.timeoutMs, probe.name).toBeLessThanOrEqual(probe.everyMs / 3);
});

it('each listed probe returns on this PC only checks that the contract accepts, of its component, with faults of the catalogue', async () => {
  const tiers = { up: undefined, down: undefined };
  const unmeasured = { windows: [], problem: null, regular: true, slow: undefined, numbers: () => ({}), capacity: undefined };
  const link: LinkView = { ...unmeasured, tiers, conservativeTiers: tiers };
  const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [], link };
  const bridge = { transport: 'tcp' as const, host: '127.0.0.1', port: 1 };
  const profile: Profile = { link: 'fibre', elevationM: 0, expected: { camera: [{}], microphone: [{}], speaker: [{}] }, bridge };
  const budget = createBudget({ clock: realClock(), store: inMemoryStore() });
  const centre = { host: '127.0.0.1', port: 1883, anchors: [] };
  const context = { platform: createPlatform(), profile, self, budget, centre };
  const bare = barePc();
  for (const [at, probe] of probes.entries()) {
    const { checks } = await probe.run({ ...context, signal: AbortSignal.timeout(probe.timeoutMs) });
    // A probe without checks on a bare PC may have none on this PC either.
    const ofBare = await createProbes()[at]?.run({ ...context, platform: bare.platform, signal: AbortSignal.timeout(probe.timeoutMs) });
    if (ofBare?.checks.length !== 0) expect(checks.length, probe.name).toBeGreaterThan(0);
    for (const check of checks) {
      expect(check.component).toBe(probe.name);
      expect(check.fault === null || faultOf(check.fault) !== undefined, `${check.fault}`).toBe(true);
      expect((check.fault !== null) === (check.status === 'fault')).toBe(true);
    }
    const message = { digest: digestOf(checks), session: 1, rev: 1, checks };
    expect(decode('state', encode('state', message))).toMatchObject({ ok: true });
  }
});

it('the probes of a PC without devices return no checks, except unknown ones for the components that a meeting needs', async () => {
  const { platform, work } = barePc();
  const probes = createProbes();
  const self = { roundTripMs: 20, clockOffsetMs: 5, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [], connected: true };
  const profile: Profile = { link: 'fibre', elevationM: 0, expected: {} };
  const centre = { host: '127.0.0.1', port: 1883, anchors: [] };
  const look = async () => {
    const found = probes.map((probe) => probe.run({ platform, profile, self, centre, signal: AbortSignal.timeout(probe.timeoutMs) }));
    return (await Promise.all(found)).flatMap(({ checks }) => checks);
  };
  await look();
  work();
  const checks = await look();
  expect(checks.filter(({ status, component }) => status === 'unknown' && !meetingComponents.includes(component))).toEqual([]);
  expect(checks.map(({ component }) => component)).toEqual(expect.arrayContaining([...meetingComponents, 'pc', 'clock', 'agent', 'path']));
});

it('S16 no listed probe opens a camera', async () => {
  const root = tree({
    'dev/note': '',
    'proc/stat': 'cpu  1 0 1 1 0 0 0 0 0 0\n',
    'proc/uptime': '90 1\n',
    'proc/meminfo': 'MemTotal: 2 kB\nMemAvailable: 1 kB\n',
    'sys/class/video4linux/video0/name': 'HD Eye\n',
  });
  const camera = join(root, 'dev/video0');
  execFileSync('mkfifo', [camera]);
  const isOpened = () => {
    try {
      closeSync(openSync(camera, constants.O_WRONLY | constants.O_NONBLOCK));
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENXIO' });
      return false;
    }
  };
  const platform = createLinux({ root, env: { PATH: '' }, clock: realClock() });
  const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
  const profile: Profile = { link: 'fibre', elevationM: 0, expected: { camera: [{}] } };
  const looker = openSync(camera, constants.O_RDONLY | constants.O_NONBLOCK);
  expect(isOpened()).toBe(true);
  closeSync(looker);
  for (const probe of createProbes()) {
    await probe.run({ platform, profile, self, signal: AbortSignal.timeout(probe.timeoutMs) });
    expect(isOpened(), probe.name).toBe(false);
  }
});

/** Creates a simulated PC with only a processor, memory and a disk. `work` makes its processor busy. */
function barePc() {
  const stat = (busy: number) => `cpu  ${busy} 0 50 800 50 0 0 0 0 0\n`;
  const root = tree({
    'proc/stat': stat(100),
    'proc/uptime': '90.5 100\n',
    'proc/meminfo': 'MemTotal: 8000000 kB\nMemAvailable: 4000000 kB\n',
  });
  const platform = createLinux({ root, env: { PATH: '' }, clock: realClock() });
  return { platform, work: () => writeFileSync(join(root, 'proc/stat'), stat(200)) };
}
