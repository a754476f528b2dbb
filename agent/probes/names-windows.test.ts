/** S13 on Windows: hostile names in the sound system, the device manager and the registry. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, digestOf, encode, type Profile, realClock } from '@sabha/contracts';
import { expect, it, onTestFinished } from 'vitest';
import { hostileNames } from '../../test/names.ts';
import { randomFrom } from '../../test/random.ts';
import { createCheckTable } from '../checks/check-table.ts';
import type { Output } from '../platform/child.ts';
import { camera, consent, endpoint, fakeWindows, fileTime, type Keys, soundOf, user } from '../platform/windows/fake.test-helper.ts';
import { fromPowerShell } from '../platform/windows/inventory.ts';
import { createProbes } from './probes.ts';

const count = 200;
const each = 10;
const any = Array.from({ length: each }, () => ({}));
const expected = { camera: any, microphone: any, speaker: any, display: any.slice(0, 8), program: any.slice(0, 8) };
const profile: Profile = { link: 'fibre', elevationM: 3_524, expected };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };

it(`S13 ${count} hostile names of Windows devices and programs pass through every probe: none is executed, each is encoded as JSON`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-names-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const mark = join(folder, 'executed');
  const names = hostileNames(randomFrom(31), count, mark);
  for (let from = 0; from < count; from += each) {
    const { platform, asked } = pcWith(names.slice(from, from + each));
    const table = createCheckTable(realClock());
    for (const probe of createProbes()) {
      const { checks } = await probe.run({ platform, profile, self, signal: AbortSignal.timeout(20_000) });
      table.merge({ component: probe.name, everyMs: probe.everyMs, checks });
    }
    const all = table.checks();
    expect(decode('state', encode('state', { digest: digestOf(all), session: 1, rev: 1, checks: all }))).toMatchObject({ ok: true });
    for (const component of ['camera', 'microphone', 'speaker', 'display', 'program'] as const) {
      const seen = all.filter((one) => one.component === component && one.status === 'ok' && one.name !== undefined);
      expect(seen.length, component).toBe(expected[component].length);
    }
    const inventory = await platform.inventory(AbortSignal.timeout(20_000));
    expect(decode('inventory', encode('inventory', { hash: 'x'.repeat(16), at: 1, items: inventory }))).toMatchObject({ ok: true });
    for (const command of asked)
      for (const word of command) expect(names.some((name) => name.length > 9 && word.includes(name))).toBe(false);
    expect(existsSync(mark)).toBe(false);
  }
});

it('the PowerShell reader accepts a complete output with a hostile name, refuses a cut output, and never throws', () => {
  for (const name of hostileNames(randomFrom(32), count)) {
    const printed = JSON.stringify({ os: [{ Caption: name }], [name]: [{ [name]: name }] });
    for (let parts = 0; parts < 8; parts += 1) {
      const cut = (text: string) => text.slice(0, Math.ceil((text.length * (8 - parts)) / 8));
      const read = fromPowerShell({ ok: true, text: cut(printed) });
      expect(read.known).toBe(parts === 0);
    }
  }
});

function pcWith(names: readonly string[]) {
  const uninstall = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall';
  const keys: Keys = Object.fromEntries(
    names.flatMap((name, n): [string, Keys[string]][] => [
      [`${uninstall}\\${n}`, { DisplayName: `${name} ${n}` }],
      [`${user}\\${consent}\\webcam\\NonPackaged\\C:#${name}#${n}.exe`, { LastUsedTimeStart: fileTime(Date.now()), LastUsedTimeStop: 0n }],
      [`${user}\\${consent}\\webcam\\${name}_${n}`, { LastUsedTimeStart: fileTime(Date.now()), LastUsedTimeStop: 0n, Value: name }],
      [`HKLM\\SYSTEM\\CurrentControlSet\\Enum\\DISPLAY\\M${n}\\${n}\\Device Parameters`, { EDID: Buffer.from(name) }],
      ['HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS', { SystemManufacturer: name, SystemProductName: name }],
      ['HKLM\\SYSTEM\\CurrentControlSet\\Control\\Power\\User\\PowerSchemes', { ActivePowerScheme: name }],
    ]),
  );
  const ends = (flow: 'capture' | 'render') =>
    names.map((name, n) => endpoint({ flow, id: `{${flow}}.{${n}} ${name}`, name, device: name, programs: [name, `C:\\${name}.exe`] }));
  const capture = ends('capture');
  const printed: Output = {
    ok: true,
    text: JSON.stringify({ os: [{ Caption: names[0] }], drivers: names.map((name) => ({ DeviceName: name })) }),
  };
  return fakeWindows({
    keys,
    run: () => printed,
    calls: {
      sound: () => soundOf([...capture, ...ends('render')]),
      devices: () => names.map((name, n) => camera({ id: `ACPI\\${name}\\${n}`, parent: name, name: `${name} ${n}`, compatible: [name] })),
      programs: () => [...names],
      consoleSession: () => ({ id: 1, user: names[0] ?? '', isLocked: false }),
      screens: () =>
        names.map((name, n) => ({ path: `\\\\?\\DISPLAY#M${n}#${n}#{x}`, name: `${name} ${n}`, best: { width: 1_920, height: 1_080 } })),
    },
  });
}
