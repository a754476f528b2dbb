import type { Profile } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { createCameraProbe } from '../../probes/room/camera.ts';
import { camera, consent, endpoint, type Fake, fakeWindows, fileTime, type Keys, soundOf, user } from './fake.test-helper.ts';

const profile: Profile = { link: 'fibre', elevationM: 0, expected: { camera: [{ match: 'meetup' }] } };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const frame = camera({ id: 'USB\\VID_046D&PID_0866\\A1B2C3', parent: 'USB\\ROOT_HUB30\\1', kind: '', service: 'usbccgp', compatible: [] });
/** The firmware interface of a camera, which has no driver and needs none. */
const firmware = camera({
  id: 'USB\\VID_046D&PID_0866&MI_05\\6&1&0&5',
  name: 'MeetUp',
  kind: '',
  service: '',
  compatible: ['USB\\Class_fe'],
  problem: 28,
});
const zoom = 'C:\\Program Files\\Zoom\\bin\\Zoom.exe';

async function look(devices = [camera()], fake: Fake = {}) {
  const platform = fakeWindows({ ...fake, calls: { devices: () => [frame, firmware, ...devices], ...fake.calls } }).platform;
  const { checks } = await createCameraProbe().run({ platform, profile, self, signal: AbortSignal.timeout(5_000) });
  return checks.map(({ status, fault, reason, name }) => [fault ?? status, ...(reason ? [reason] : []), name].join(': '))[0];
}

/** Returns the registry keys by which Windows records that Zoom used the camera, from `since` to `until` (0 = still in use). */
const use = (since: number, until = 0, program = zoom): Keys => ({
  [`${user}\\${consent}\\webcam\\NonPackaged\\${program.replaceAll('\\', '#')}`]: {
    LastUsedTimeStart: fileTime(since),
    LastUsedTimeStop: until === 0 ? 0n : fileTime(until),
  },
});
const used = async (keys: Keys, more: Fake = {}) => {
  const calls = { devices: () => [camera()], programs: () => [zoom.toUpperCase()], ...more.calls };
  const cameras = await fakeWindows({ ...more, keys, calls }).platform.cameras(AbortSignal.timeout(5_000));
  return cameras.known ? cameras.value.map(({ usedBy }) => (usedBy.known ? usedBy.value : usedBy.reason)) : cameras.reason;
};
const soon = () => Date.now() - 1_000;

it('the camera list of Windows contains a camera that the device manager lists as working, and otherwise does not', async () => {
  expect(await look()).toBe('ok: Logitech MeetUp');
  expect(await look([camera({ kind: '{6bdd1fc6-810f-11d0-bec7-08002be2092f}', service: 'USBVIDEO' })])).toBe('ok: Logitech MeetUp');
  expect(await look([])).toBe('camera.missing: meetup');
  const scanner = camera({ kind: '{6bdd1fc6-810f-11d0-bec7-08002be2092f}', service: 'usbscan', compatible: ['USB\\Class_06'] });
  expect(await look([scanner])).toBe('camera.missing: meetup');
});

it('the camera list of Windows maps the code of the device manager to camera.driver, camera.disabled or camera.no_driver', async () => {
  const said = async (problem: number) => (await look([camera({ problem })]))?.split(':')[0];
  for (const problem of [10, 14, 19, 31, 37, 39, 43, 52]) expect(await said(problem), `${problem}`).toBe('camera.driver');
  for (const problem of [22, 29, 48]) expect(await said(problem), `${problem}`).toBe('camera.disabled');
  expect(await said(28)).toBe('camera.no_driver');
  const unknown = camera({ problem: 28, kind: '', service: '', name: 'MeetUp' });
  expect(await look([unknown])).toBe('camera.no_driver: found: MeetUp: meetup');
});

it('the camera list of Windows reports a camera made by a program as camera.virtual', async () => {
  const obs = camera({ id: 'SWD\\VCAMDEVAPI\\1', parent: 'SWD\\1', name: 'MeetUp (virtual)', service: '' });
  expect(await look([obs])).toBe('camera.virtual: found: MeetUp (virtual): meetup');
});

it('the camera probe reports camera.privacy if Windows denies programs the camera; a missing registry key denies nothing', async () => {
  const denied = 'camera.privacy: Logitech MeetUp';
  const said = (keys: Keys) => look([camera()], { keys });
  expect(await said({ [`HKLM\\${consent}\\webcam`]: { Value: 'Deny' } })).toBe(denied);
  expect(await said({ [`${user}\\${consent}\\webcam`]: { Value: 'Deny' } })).toBe(denied);
  expect(await said({ [`${user}\\${consent}\\webcam\\NonPackaged`]: { Value: 'Deny' } })).toBe(denied);
  expect(await said({ 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Camera': { AllowCamera: 0 } })).toBe(denied);
  for (const path of [`HKLM\\${consent}\\webcam`, `${user}\\${consent}\\webcam`, `${user}\\${consent}\\webcam\\NonPackaged`])
    for (const value of ['Allow', 'Prompt', '', 7]) expect(await said({ [path]: { Value: value } })).toBe('ok: Logitech MeetUp');
  expect(await said({ [`${user}\\${consent}\\webcam\\NonPackaged\\C:#x.exe`]: { Value: 'Deny' } })).toBe('ok: Logitech MeetUp');
  expect(await said({ [`HKU\\.DEFAULT\\${consent}\\webcam`]: { Value: 'Deny' } })).toBe('ok: Logitech MeetUp');
});

it('the camera list of Windows reads the programs that use a camera from the registry, where a stop time of 0 means in use', async () => {
  expect(await used(use(soon()))).toEqual([['zoom']]);
  expect(await used(use(soon(), soon() + 500))).toEqual([[]]);
  expect(await used({})).toEqual(['Windows does not record which program uses it']);
  const teams = { [`${user}\\${consent}\\webcam\\MSTeams_8wekyb3d8bbwe`]: { LastUsedTimeStart: fileTime(soon()), LastUsedTimeStop: 0n } };
  expect(await used(teams)).toEqual([['teams']]);
});

it('the camera list of Windows ignores the frame server and the face recognition of Windows', async () => {
  const programs = ['C:\\Windows\\System32\\svchost.exe', 'C:\\WINDOWS\\System32\\FsIso.exe'];
  for (const program of programs)
    expect(await used(use(soon(), 0, program), { calls: { devices: () => [camera()], programs: () => programs } })).toEqual([[]]);
  for (const name of [
    'Microsoft.Windows.CloudExperienceHost_x',
    'Microsoft.BioEnrollment_cw5n1h2txyewy',
    'Microsoft.LockApp_cw5n1h2txyewy',
  ])
    expect(await used({ [`${user}\\${consent}\\webcam\\${name}`]: { LastUsedTimeStart: fileTime(soon()), LastUsedTimeStop: 0n } })).toEqual(
      [[]],
    );
});

it('the camera list of Windows reports the use as unknown with two cameras, or if the record contradicts Core Audio', async () => {
  const two = [camera(), camera({ id: 'USB\\VID_0001&PID_0002\\3', parent: '', name: 'Other' })];
  const calls = { devices: () => two, programs: () => [zoom] };
  const unsure = 'Windows does not report which camera a program uses';
  expect(await used(use(soon()), { calls })).toEqual([unsure, unsure]);
  expect(await used(use(soon(), soon() + 500), { calls })).toEqual([[], []]);
  const heard = { ...calls, devices: () => [camera()], sound: () => soundOf([endpoint({ programs: [zoom] })]) };
  expect(await used(use(soon(), soon() + 500), { calls: heard })).toEqual(['Windows does not record which program uses it']);
});

it('the camera list of Windows keeps the id of a camera with a serial number at another port, and gives two cameras different ids', async () => {
  const ids = async (...devices: ReturnType<typeof camera>[]) => {
    const cameras = await fakeWindows({ calls: { devices: () => devices } }).platform.cameras(AbortSignal.timeout(5_000));
    return cameras.known && cameras.value.map(({ id }) => id);
  };
  expect(await ids(camera())).toEqual(['usb-046d:0866-A1B2C3']);
  expect(await ids(camera({ id: 'USB\\VID_0C45&PID_6366\\5&1&0&2', parent: 'USB\\ROOT_HUB30\\1' }))).toEqual(['usb-0c45:6366-5&1&0&2']);
  expect(await ids(camera({ id: 'ACPI\\INT3471\\0', parent: 'ACPI\\X' }))).toEqual(['ACPI\\INT3471\\0']);
});
