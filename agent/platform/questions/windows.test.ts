/** Tests how the questions of this folder are answered on Windows. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Query } from '../platform.ts';
import { type Fake, fakeWindows, fileTime, user } from '../windows/fake.test-helper.ts';
import { displays } from './displays.ts';
import { installed } from './installed.ts';
import { lastCrash, restart } from './restart.ts';
import { session, sleepsWhenIdle } from './session.ts';

async function ask<T>(question: Query<T>, fake: Fake = {}): Promise<T | string> {
  const answer = await fakeWindows(fake).platform.ask(question, AbortSignal.timeout(5_000));
  return answer.known ? answer.value : answer.reason;
}

const current = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion';
const servicing = `${current}\\Component Based Servicing\\RebootPending`;
const updated = `${current}\\WindowsUpdate\\Auto Update\\RebootRequired`;
const plan = 'HKLM\\SOFTWARE\\Microsoft\\WindowsUpdate\\UX\\StateVariables';

it('the Windows reader reports a restart as pending since its registry key was written, and as planned if an update set a time', async () => {
  expect(await ask(restart)).toEqual({ pendingSince: null, isPlanned: false });
  const both = { [servicing]: {}, [updated]: {} };
  expect(await ask(restart, { keys: both, changedAt: { [servicing]: 9_000, [updated]: 5_000 } })).toEqual({
    pendingSince: 5_000,
    isPlanned: false,
  });
  const clock = { now: () => 7_000 };
  expect(await ask(restart, { keys: { [updated]: {} }, clock })).toEqual({ pendingSince: 7_000, isPlanned: false });
  const planned = (at: number) => ask(restart, { keys: { [updated]: {}, [plan]: { ScheduledRebootTime: fileTime(at) } }, clock });
  expect([await planned(8_000), await planned(6_000)]).toMatchObject([{ isPlanned: true }, { isPlanned: false }]);
  expect(await ask(restart, { keys: { [plan]: { ScheduledRebootTime: fileTime(8_000) } }, clock })).toMatchObject({ isPlanned: false });
  expect(await ask(restart, { closed: [updated] })).toBe('registry: code 5');
});

it('the Windows reader lists programs by their uninstallers and app packages, for all users and for each signed-in user', async () => {
  const uninstall = `${current}\\Uninstall`;
  const packages = `${user}\\Software\\Classes\\Local Settings\\Software\\Microsoft\\Windows\\CurrentVersion\\AppModel\\Repository\\Packages`;
  const keys = {
    [`${uninstall}\\ZoomUMX`]: { DisplayName: 'Zoom Workplace (64-bit)' },
    [`${uninstall}\\KB1`]: { DisplayName: 'An update', SystemComponent: 1 },
    [`${uninstall}\\empty`]: {},
    [`HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{1}`]: { DisplayName: 'वेबैक्स' },
    [`${user}\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Jitsi`]: { DisplayName: 'Jitsi Meet' },
    [`${packages}\\MSTeams_24004.1304.2655.7488_x64__8wekyb3d8bbwe`]: { DisplayName: '@{ms-resource}' },
  };
  const found = await ask(installed, { keys });
  expect(typeof found === 'string' ? found : found.map(({ id, name }) => `${id}: ${name}`)).toEqual([
    'ZoomUMX: Zoom Workplace (64-bit)',
    'Jitsi: Jitsi Meet',
    '{1}: वेबैक्स',
    'MSTeams: MSTeams',
  ]);
  expect(await ask(installed, { closed: [uninstall] })).toBe('registry: code 5');
});

it('the Windows reader reports the session as open, locked or none', async () => {
  const seen = (name: string, isLocked: boolean | null) =>
    ask(session, { calls: { consoleSession: () => ({ id: 1, user: name, isLocked }) } });
  expect([await seen('राम', false), await seen('राम', true), await seen('', null)]).toEqual(['open', 'locked', 'none']);
  expect(await seen('राम', null)).toBe('Windows does not say whether the screen is locked');
  expect(await ask(session, { noCalls: 'koffi is not there' })).toBe('koffi is not there');
});

it('the Windows reader reads whether the PC sleeps from the power plan, or from the defaults of Windows if the plan has no value', async () => {
  const power = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Power';
  const plans = `${power}\\User\\PowerSchemes`;
  const [group, sleep, hibernate] = [
    '238c9fa8-0aad-41ed-83f4-97be242c8f20',
    '29f6c1db-86da-48c5-9fdb-f2b67b1f44da',
    '9d7815a6-7ee4-497e-8888-515a05f02364',
  ];
  const active = { [plans]: { ActivePowerScheme: 'balanced' } };
  const set = (setting: string, seconds: number) => ({ [`${plans}\\balanced\\${group}\\${setting}`]: { ACSettingIndex: seconds } });
  const preset = { [`${power}\\PowerSettings\\${group}\\${sleep}\\DefaultPowerSchemeValues\\balanced`]: { AcSettingIndex: 1_800 } };
  expect(await ask(sleepsWhenIdle, { keys: { ...active, ...set(sleep, 900) } })).toBe(true);
  expect(await ask(sleepsWhenIdle, { keys: { ...active, ...preset } })).toBe(true);
  expect(await ask(sleepsWhenIdle, { keys: { ...active, ...preset, ...set(sleep, 0) } })).toBe(false);
  expect(await ask(sleepsWhenIdle, { keys: { ...active, ...set(sleep, 0), ...set(hibernate, 60) } })).toBe(true);
  expect(await ask(sleepsWhenIdle, { keys: active })).toBe('the power plan does not say it');
  expect(await ask(sleepsWhenIdle)).toBe('Windows reports no power plan');
});

it('the Windows reader returns the time of the newest crash dump', async () => {
  const root = mkdtempSync(join(tmpdir(), 'sabha-dumps-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  expect(await ask(lastCrash, { root })).toBeNull();
  mkdirSync(join(root, 'Minidump'));
  for (const [name, at] of [
    ['Minidump/112826-1.dmp', 5_000],
    ['Minidump/x.txt', 9_000],
    ['MEMORY.DMP', 4_000],
  ] as const) {
    writeFileSync(join(root, name), '');
    utimesSync(join(root, name), at, at);
  }
  expect(await ask(lastCrash, { root })).toBe(5_000_000);
});

it('the Windows reader names a display by its EDID name, else by its model, else by its connection', async () => {
  const path = '\\\\?\\DISPLAY#SAM0D2C#4&29c712e5&0&UID214595#{e6f07b5f-ee97-4a90-b076-33f57bf4eaa7}';
  const edid = Buffer.alloc(128);
  edid.writeUInt16BE(0x10ac, 8);
  edid.writeUInt16LE(0x40a3, 10);
  const keys = { 'HKLM\\SYSTEM\\CurrentControlSet\\Enum\\DISPLAY\\SAM0D2C\\4&29c712e5&0&UID214595\\Device Parameters': { EDID: edid } };
  const screens = () => [{ path, name: 'Generic PnP Monitor', best: { width: 1_920, height: 1_080 } }];
  const best = { width: 1_920, height: 1_080 };
  expect(await ask(displays, { keys, calls: { screens } })).toEqual({
    found: [{ id: 'DISPLAY\\SAM0D2C\\4&29c712e5&0&UID214595', name: 'DEL40A3', best, own: null }],
    isSure: true,
  });
  expect(await ask(displays, { calls: { screens } })).toMatchObject({ found: [{ name: 'Generic PnP Monitor' }] });
  expect(await ask(displays, { calls: { screens: () => [{ path: 'x', name: '', best: null }] } })).toMatchObject({
    found: [{ id: 'x', name: 'x' }],
  });
  expect(await ask(displays, { calls: { isAtConsole: () => false } })).toBe('only the session at the PC knows its displays');
});
