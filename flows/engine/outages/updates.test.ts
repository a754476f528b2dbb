import { describe, expect, test } from 'vitest';
import type { PcRecord } from '../records/incidents.ts';
import { newRecord, readVersions, withVersions } from './pc.ts';

const windows = { os: { Caption: 'Microsoft Windows 11 Pro', Version: '10.0.26100', OSArchitecture: '64-bit', UBR: 4061 } };

describe('readVersions: versions in an inventory', () => {
  test.each([
    [
      'Debian',
      { os: { platform: 'linux', distro: 'Debian', release: '13', kernel: '6.12.57', arch: 'x64' } },
      { system: 'system 6.12.57 Debian 13' },
    ],
    ['Windows, by its monthly number', windows, { system: 'system 10.0.26100.4061 Microsoft Windows 11 Pro' }],
    [
      'a driver alone, which PowerShell prints as no list',
      { drivers: { DeviceName: 'Logi Rally', DriverVersion: '1.3.2' } },
      { 'driver Logi Rally': 'driver 1.3.2 Logi Rally' },
    ],
    [
      'several, of which one has no name and one no version',
      { drivers: [{ DeviceName: ' ', DriverVersion: '1' }, { DeviceName: 'Mic' }, { DeviceName: 'Cam', DriverVersion: '2' }] },
      { 'driver Cam': 'driver 2 Cam' },
    ],
    ['nothing that is known', { os: 7, drivers: 'none', cameras: [] }, {}],
    ['null and lists in lists', { os: null, drivers: [null, [1], { DeviceName: {}, DriverVersion: [] }] }, {}],
  ])('readVersions returns the versions of the system and the drivers in an inventory: %s', (_, items, versions) => {
    expect(readVersions(items)).toEqual(versions);
  });
});

describe('withVersions: updates between two inventories', () => {
  const updatesOf = ({ updates = [] }: PcRecord) => updates;
  const record = newRecord('bihar/patna/vc-1', 'fibre');
  const first = withVersions(record, readVersions(windows), 1);

  test('withVersions records no update for a first inventory, or for an equal one', () => {
    const again = withVersions(first, readVersions(windows), 2);
    expect(updatesOf(again)).toEqual([]);
    // The same object shows that nothing is written.
    expect(again).toBe(first);
  });

  test('withVersions records another version as one update', () => {
    const system = { system: 'system 10.0.26100.5000 Microsoft Windows 11 Pro' } as const;
    const updated = withVersions(first, system, 2);
    expect(updatesOf(updated)).toEqual([{ what: system.system, at: 2 }]);
    expect(updatesOf(withVersions(updated, system, 3))).toEqual([{ what: system.system, at: 2 }]);
  });

  test('withVersions records no update for a device that is plugged in or disappears', () => {
    const more = { ...readVersions(windows), 'driver Cam': 'driver 2 Cam' as const };
    expect(updatesOf(withVersions(withVersions(first, more, 2), readVersions(windows), 3))).toEqual([]);
  });
});
