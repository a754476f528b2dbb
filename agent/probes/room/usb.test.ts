import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Profile } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { createUnsupported } from '../../platform/unsupported.ts';
import { type Plugged, pcOf, plugged } from './usb.test-helper.ts';
import { createUsbProbe } from './usb.ts';

const profile: Profile = { link: 'fibre', elevationM: 0, expected: {} };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const uptime = { 'proc/uptime': '100000.00 1.00\n' };
const minuteMs = 60_000;

/** Creates a PC whose USB probe runs once a minute. `counted` sets the device number, `remove` unplugs the device. */
function bus(device: Plugged = {}, more: Record<string, string> = {}) {
  const time = { up: 0 };
  const { root, platform } = pcOf({ ...plugged(device), ...more });
  const probe = createUsbProbe({ up: () => time.up });
  const at = join(root, 'sys/bus/usb/devices', device.port ?? '1-2');
  const look = async (on = platform) => {
    const { checks } = await probe.run({ platform: on, profile, self, signal: AbortSignal.timeout(5_000) });
    time.up += minuteMs;
    return checks.map(({ status, fault, reason }) => fault ?? (reason ? `${status}: ${reason}` : status));
  };
  const counted = (devnum: number) => writeFileSync(join(at, 'devnum'), `${devnum}\n`);
  return { root, look, time, counted, remove: () => rmSync(at, { recursive: true }) };
}

it('F20, F28 the USB probe reports usb.flapping after a camera dropped off the bus three times in an hour, and ok an hour later', async () => {
  const { look, counted, time } = bus();
  expect(await look()).toEqual(['ok', 'ok']);
  for (const [devnum, said] of [
    [8, 'ok'],
    [8, 'ok'],
    [9, 'ok'],
    [10, 'usb.flapping'],
    [10, 'usb.flapping'],
  ] as const) {
    counted(devnum);
    expect(await look(), `${devnum}`).toEqual([said, 'ok']);
  }
  time.up += 60 * minuteMs;
  expect(await look()).toEqual(['ok', 'ok']);
});

it('the USB probe counts drops from the kernel log, including those between two runs or before the start', async () => {
  const line = (agoSeconds: number, text: string) => `6,1,${(100_000 - agoSeconds) * 1e6},-;${text}\n`;
  const log = (...lines: string[]) => ({ ...uptime, 'dev/kmsg': lines.join('') });
  const went = line(600, 'usb 1-2: USB disconnect, device number 7');
  expect(await bus({}, log(went, went)).look()).toEqual(['ok', 'ok']);
  expect(await bus({}, log(went, went, went)).look()).toEqual(['usb.flapping', 'ok']);
  expect(await bus({}, log(went, went, line(3_700, 'usb 1-2: USB disconnect, device number 7'))).look()).toEqual(['ok', 'ok']);
  const others = [
    'usb 1-2.1: USB disconnect',
    'usb 2-2: USB disconnect',
    'x usb 1-2: USB disconnect',
    'usb 1-2: new high-speed USB device',
  ];
  expect(await bus({}, log(...others.map((text) => line(1, text).repeat(3)))).look()).toEqual(['ok', 'ok']);
});

it('the USB probe reports usb.power_saving if a flapping device uses USB autosuspend', async () => {
  const thrifty = { 'power/control': 'auto', 'power/autosuspend_delay_ms': '2000' };
  const went = { ...uptime, 'dev/kmsg': '6,1,99999000000,-;usb 1-2: USB disconnect\n'.repeat(3) };
  expect(await bus({ files: thrifty }).look()).toEqual(['ok', 'ok']);
  expect(await bus({ files: thrifty }, went).look()).toEqual(['usb.flapping', 'usb.power_saving']);
  for (const files of [
    { ...thrifty, 'power/control': 'on' },
    { ...thrifty, 'power/autosuspend_delay_ms': '-1' },
  ])
    expect(await bus({ files }, went).look()).toEqual(['usb.flapping', 'ok']);
});

it('the USB probe ignores a USB stick, has no check without meeting devices, and reports unknown for an unreadable bus', async () => {
  const stick: Plugged = { model: '0951:1666', functions: [{ class: '08' }] };
  expect(await bus(stick, { ...uptime, 'dev/kmsg': '6,1,99999000000,-;usb 1-2: USB disconnect\n'.repeat(9) }).look()).toEqual([]);
  const { look } = bus({ model: '0b0e:0420', functions: [{ class: '01' }] });
  expect(await look(createUnsupported())).toEqual([]);
  expect(await look()).toEqual(['ok', 'ok']);
  expect(await look(createUnsupported())).toEqual(Array(2).fill('unknown: not written for this system yet'));
});
