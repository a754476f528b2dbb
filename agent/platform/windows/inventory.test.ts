import { expect, it } from 'vitest';
import type { Output } from '../child.ts';
import { diskTroubles } from '../questions/disks.ts';
import { fakeWindows } from './fake.test-helper.ts';
import { scripts } from './inventory.ts';

const printed = {
  os: [{ Caption: 'Microsoft Windows 11 प्रो', Version: '10.0.26100', OSArchitecture: '64-bit' }],
  system: [{ Manufacturer: 'Acme', Model: 'Box 3' }],
  drivers: [
    { DeviceName: 'Logitech MeetUp', DriverVersion: '1.2.3.4' },
    { DeviceName: 'Realtek(R) Audio', DriverVersion: null },
  ],
};

async function read(output: Output) {
  const { platform, asked } = fakeWindows({ run: () => output });
  return { items: await platform.inventory(AbortSignal.timeout(5_000)), asked };
}
const said = (text: string) => read({ ok: true, text });

it('the inventory reader of Windows reads the output of PowerShell in any language, with any line ends and a byte order mark', async () => {
  const { items, asked } = await said(`\ufeff${JSON.stringify(printed)}\r\n`);
  expect(items).toMatchObject({
    os: { Caption: 'Microsoft Windows 11 प्रो', Version: '10.0.26100', OSArchitecture: '64-bit' },
    system: { Manufacturer: 'Acme', Model: 'Box 3' },
    drivers: [{ DeviceName: 'Logitech MeetUp', DriverVersion: '1.2.3.4' }, { DeviceName: 'Realtek(R) Audio' }],
    node: process.version,
    cameras: [],
  });
  expect(items).not.toHaveProperty('unknown');
  const program = ['WindowsPowerShell\\v1.0\\powershell.exe', '-NoProfile', '-NonInteractive', '-NoLogo', '-WindowStyle', 'Hidden'];
  expect(asked).toEqual(scripts.map((script) => [...program, '-Command', script]));
});

it('the inventory reader of Windows reports an incomplete, empty or foreign output as unknown with a reason, and returns the other parts', async () => {
  const whole = JSON.stringify(printed);
  for (let end = 1; end < whole.length; end += 7)
    expect((await said(whole.slice(0, end))).items['unknown']).toBe('PowerShell: answer cannot be read');
  for (const text of ['', '\r\n']) expect((await said(text)).items['unknown']).toBe('PowerShell said nothing');
  for (const text of ['[]', '7', 'null', '{"os":7}', 'अंदर आने की अनुमति नहीं है।', 'Get-CimInstance : Zugriff verweigert'])
    expect((await said(text)).items['unknown'], text).toBe('PowerShell: answer cannot be read');
  expect((await said('')).items).toMatchObject({ os: { platform: 'win32' }, cameras: [], microphones: [], speakers: [] });
});

it('the inventory reader of Windows requests no serial number, user or address', () => {
  expect(scripts.join()).not.toMatch(/serial|user(?!\w*Device)|address|uuid/i);
});

/** Returns what the PC knows about its disks before and after an inventory with these rows of Get-PhysicalDisk. */
async function disks(rows: unknown) {
  const { platform } = fakeWindows({ run: () => ({ ok: true, text: JSON.stringify({ disks: rows }) }) });
  const signal = AbortSignal.timeout(5_000);
  const before = await platform.ask(diskTroubles, signal);
  await platform.inventory(signal);
  return { before, troubles: await platform.ask(diskTroubles, signal), turning: (await platform.hardware(signal)).turningDisks };
}
const disk = (FriendlyName: string, MediaType: unknown, HealthStatus: unknown) => ({ FriendlyName, MediaType, HealthStatus });

it('the inventory reader of Windows reports a disk that predicts its failure (pc.disk_failing) and a hard disk (climate.hdd_altitude)', async () => {
  const two = [disk('Acme SSD', 'SSD', 'Healthy'), disk('Acme HDD', 'HDD', 'Warning')];
  expect(await disks(two)).toMatchObject({
    before: { known: false, reason: 'not checked since the start' },
    troubles: { known: true, value: ['Acme HDD: predicts its own failure'] },
    turning: [{ name: 'Acme HDD' }],
  });
  expect(await disks([disk('A', 4, 0), disk('B', 3, 2)])).toMatchObject({ troubles: { value: ['B: predicts its own failure'] } });
  expect(await disks(disk('A', 4, 0))).toMatchObject({ troubles: { known: true, value: [] }, turning: [] });
});
