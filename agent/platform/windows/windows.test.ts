import { expect, it } from 'vitest';
import type { Mute } from '../native.ts';
import { endpoint, type Fake, fakeWindows, soundOf } from './fake.test-helper.ts';
import { readPower } from './figures.ts';
import { readNetwork } from './network.ts';

const signal = AbortSignal.timeout(30_000);
const route = (destination: string, hop: string, metric = 25) => ({ destination, mask: destination, hop, metric });
const at = (address: string, netmask = '255.255.255.0') => [{ address, netmask, internal: false }];
const loopback = [{ address: '127.0.0.1', netmask: '255.0.0.0', internal: true }];

it('the Windows platform reads a UPS as a battery, and gives null values without a battery or for the value 255', () => {
  const power = (status: Partial<ReturnType<NonNullable<NonNullable<Fake['calls']>['power']>>>) =>
    readPower(fakeWindows({ calls: { power: () => ({ line: 1, flag: 1, percent: 90, seconds: -1, ...status }) } }).native);
  expect(power({})).toMatchObject({ onMains: true, batteryChargeRatio: 0.9, isCharging: false, runtimeMs: null });
  expect(power({ line: 0, flag: 2, percent: 20, seconds: 600 })).toMatchObject({
    onMains: false,
    batteryChargeRatio: 0.2,
    runtimeMs: 600_000,
  });
  expect(power({ flag: 9 })).toMatchObject({ isCharging: true });
  expect(power({ line: 255 })).toMatchObject({ onMains: null, batteryChargeRatio: 0.9 });
  for (const none of [{ flag: 128 }, { flag: 255 }, { percent: 255 }])
    expect(power(none)).toMatchObject({ onMains: null, batteryChargeRatio: null });
  expect(readPower(fakeWindows({ noCalls: 'no' }).native)).toMatchObject({ onMains: null, batteryChargeRatio: null });
});

it('the Windows platform assigns the default gateway to the network card in the same subnet', () => {
  const seen = (routes: ReturnType<typeof route>[], cards: Parameters<typeof readNetwork>[1]) => {
    const answer = readNetwork(fakeWindows({ calls: { routes: () => routes } }).native, cards);
    return answer.known && answer.value;
  };
  const cards = { 'Ethernet 2': at('192.0.2.7'), WLAN: at('198.51.100.7'), Loopback: loopback };
  expect(seen([route('0.0.0.0', '198.51.100.1'), route('192.0.2.0', '192.0.2.7')], cards)).toEqual({
    interfaces: ['Ethernet 2', 'WLAN'],
    hasAddress: true,
    hasWayOut: true,
    gateways: [{ interface: 'WLAN', address: '198.51.100.1' }],
  });
  const both = [route('0.0.0.0', '192.0.2.1', 35), route('0.0.0.0', '198.51.100.1')];
  expect(seen(both, cards), 'the way that is taken').toMatchObject({ gateways: [{ interface: 'WLAN', address: '198.51.100.1' }] });
  expect(seen([], { इथरनेट: at('169.254.3.4', '255.255.0.0') })).toMatchObject({ hasAddress: false, hasWayOut: false, gateways: [] });
  expect(seen([], {})).toMatchObject({ interfaces: [], hasAddress: false });
  expect(seen([route('0.0.0.0', '0.0.0.0')], cards)).toMatchObject({ hasWayOut: true, gateways: [] });
  expect(seen([], { Tunnel: [{ address: '2001:db8::7', netmask: 'ffff:ffff::', internal: false }] })).toMatchObject({
    hasAddress: true,
    hasWayOut: true,
  });
});

it('the Windows platform keeps the boot id when the clock is corrected, except without the registry', () => {
  const made = 'HKLM\\HARDWARE\\DESCRIPTION\\System';
  const boot = (changed: number, now: number) =>
    fakeWindows({ calls: { keyChangedAt: (path) => (path === made ? changed : null) }, clock: { now: () => now } }).platform.bootId();
  expect(boot(5, 1_000)).toBe(boot(5, 99 * 86_400_000));
  expect(boot(5, 1_000)).not.toBe(boot(6, 1_000));
  const bare = (now: number) => fakeWindows({ noCalls: 'no', clock: { now: () => now } }).platform.bootId();
  expect(bare(Date.now())).toMatch(/^[0-9a-f]{32}$/);
  expect(bare(Date.now())).not.toBe(bare(Date.now() + 3_600_000));
});

it('the Windows platform reboots by shutdown.exe, and gives a reason for orders that only the user can carry out', async () => {
  const { platform, asked } = fakeWindows({ run: () => ({ ok: true, text: '' }) });
  expect(await platform.reboot(signal)).toEqual({ done: true });
  expect(asked).toEqual([['shutdown.exe', '/r', '/t', '5']]);
  expect(await platform.restartSound(signal)).toMatchObject({ done: false });
  expect(await platform.setDefaultDevice({ kind: 'microphone', name: '" & shutdown' }, signal)).toMatchObject({ done: false });
  expect(asked).toHaveLength(1);
  const denied = fakeWindows({ run: () => ({ ok: false, why: 'failed', text: 'Access denied.(5)' }) }).platform;
  expect(await denied.reboot(signal)).toEqual({ done: false, reason: 'shutdown.exe failed: Access denied.(5)' });
});

it('the Windows platform unmutes the microphone with the given id, and refuses to change the default device with a reason', async () => {
  const told: Mute[] = [];
  const mute = (change: Mute): true => {
    told.push(change);
    return true;
  };
  const long = `{${'x'.repeat(200)}}`;
  const sound = () => soundOf([endpoint({ id: long, muted: true }), endpoint({ id: '{loud}', flow: 'render' })]);
  const { platform } = fakeWindows({ calls: { sound, mute } });
  const heard = await platform.sound(signal);
  const id = (heard.known && heard.value.sources[0]?.id) || '';
  const change = { kind: 'microphone', id, muted: false } as const;
  expect(await platform.changeSound(change, signal)).toEqual({ done: true });
  expect(await platform.changeSound({ ...change, kind: 'speaker' }, signal)).toEqual({ done: false, reason: 'the speaker is gone' });
  const chosen = { kind: 'microphone', id, chosen: true } as const;
  const reason = 'Windows lets only its user choose a device: Settings > System > Sound';
  expect(await platform.changeSound(chosen, signal)).toEqual({ done: false, reason });
  expect(told).toEqual([{ id: long, muted: false }]);
  const hung = fakeWindows({ isHung: true }).platform;
  expect(await hung.changeSound(change, signal)).toEqual({ done: false, reason: 'audio server does not answer' });
});

/** Creates a watch of the Windows platform. The test decides when the watch reads. */
async function watched(kind: 'watchSound' | 'watchCameras', calls: Fake['calls']) {
  const tasks = new Set<() => void>();
  const after = (delayMs: number, task: () => void) => {
    expect(delayMs).toBe(5_000);
    tasks.add(task);
    return () => void tasks.delete(task);
  };
  const { platform } = fakeWindows({ ...(calls && { calls }), clock: { after } });
  let told = 0;
  const cancel = platform[kind](() => {
    told += 1;
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  await settled();
  const look = async () => {
    for (const task of [...tasks]) {
      tasks.delete(task);
      task();
    }
    await settled();
    return told;
  };
  return { look, cancel, tasks };
}

it('the Windows platform reports a microphone that appears, disappears, is muted or becomes the default at the next reading, and nothing after the watch ends', async () => {
  let sound = soundOf([endpoint()]);
  const { look, cancel, tasks } = await watched('watchSound', { sound: () => sound });
  expect([await look(), await look()]).toEqual([0, 0]);
  const changes = [
    soundOf([]),
    soundOf([endpoint()]),
    soundOf([endpoint({ muted: true })]),
    soundOf([endpoint()], { capture: { console: 'x', call: 'y' } }),
  ];
  for (const [n, change] of changes.entries()) {
    sound = change;
    expect([await look(), await look()]).toEqual([n + 1, n + 1]);
  }
  cancel();
  expect(tasks.size).toBe(0);
});
