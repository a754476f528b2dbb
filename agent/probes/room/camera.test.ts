import type { Profile } from '@sabha/contracts';
import { beforeEach, expect, it } from 'vitest';
import type { Camera, Cameras } from '../../platform/platform.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createCameraProbe } from './camera.ts';
import { pcOf, plugged } from './usb.test-helper.ts';

const hourMs = 3_600_000;
const profile: Profile = { link: 'fibre', elevationM: 0, expected: { camera: [{ match: 'eye' }] } };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const eye = (...programs: string[]): Camera => ({ id: 'usb-1', name: 'HD Eye', usedBy: { known: true, value: programs } });

let nowMs = 0;
let probe = createCameraProbe({ up: () => nowMs });
beforeEach(() => {
  nowMs = 0;
  probe = createCameraProbe({ up: () => nowMs });
});

async function ask(answer: Cameras) {
  const platform = { ...createUnsupported(), cameras: async () => answer };
  return (await probe.run({ platform, profile, self, signal: AbortSignal.timeout(1_000) })).checks;
}
const see = (...cameras: Camera[]) => ask({ known: true, value: cameras });

it('the camera probe reports a present camera as ok, with the programs that use it', async () => {
  expect(await see(eye())).toEqual([
    { component: 'camera', device: 'expected-1', status: 'ok', fault: null, reason: null, name: 'HD Eye' },
  ]);
  expect(await see(eye('zoom'))).toMatchObject([{ status: 'ok', reason: 'in use by zoom' }]);
});

it('the camera probe reports an absent camera as missing, and as unknown if the list of cameras is unknown', async () => {
  expect(await see()).toMatchObject([{ fault: 'camera.missing', name: 'eye' }]);
  expect(await ask({ known: false, reason: 'closed' })).toMatchObject([{ status: 'unknown', fault: null, reason: 'closed' }]);
});

it('the camera probe reports an absent camera as unknown if PipeWire does not respond, but as missing if the kernel had listed it before', async () => {
  const incompleteReason = {
    known: true,
    value: [{ ...eye(), id: 'usb-2', name: 'Built-in' }],
    incompleteReason: 'PipeWire does not answer',
  } as const;
  const frozen = { ...incompleteReason, value: [...incompleteReason.value] };
  await see({ ...eye(), isSessionOnly: true });
  expect(await ask(frozen)).toMatchObject([{ status: 'unknown', fault: null, reason: 'PipeWire does not answer' }]);
  await see(eye());
  expect(await ask(frozen)).toMatchObject([{ fault: 'camera.missing' }]);
});

it('the camera probe reports camera.virtual if only a program such as OBS has a camera, and ok once the real camera is present', async () => {
  const obs: Camera = { id: 'video9', name: 'OBS Eye', usedBy: { known: true, value: [] }, isVirtual: true };
  expect(await see(obs)).toMatchObject([{ status: 'fault', fault: 'camera.virtual', reason: 'found: OBS Eye', name: 'eye' }]);
  expect(await see(obs, eye())).toMatchObject([{ status: 'ok', name: 'HD Eye' }]);
  expect(await see(obs)).toMatchObject([{ fault: 'camera.virtual', name: 'HD Eye' }]);
  expect(await see({ ...obs, name: 'Loopback' })).toMatchObject([{ fault: 'camera.missing' }]);
});

it('the camera probe reports camera.held after one program has used it for more than 8 hours, and ok once it is released', async () => {
  await see(eye('zoom'));
  nowMs = 7 * hourMs;
  await see(eye('chrome', 'zoom'));
  nowMs = 8 * hourMs;
  expect(await see(eye('chrome', 'zoom'))).toMatchObject([{ status: 'ok', reason: 'in use by chrome, zoom' }]);
  nowMs += 1;
  expect(await see(eye('chrome', 'zoom'))).toMatchObject([{ status: 'fault', fault: 'camera.held', reason: 'held by zoom' }]);
  expect(await see(eye('chrome'))).toMatchObject([{ status: 'ok', reason: 'in use by chrome' }]);
});

async function askWith(entries: Record<string, string>, cameras: Camera[] = [], match?: string) {
  const { platform } = pcOf(entries);
  const expected = { camera: match === undefined ? [{}] : [{ match }] };
  const around = { ...platform, cameras: async () => ({ known: true as const, value: cameras }) };
  const context = { platform: around, profile: { ...profile, expected }, self, signal: AbortSignal.timeout(5_000) };
  return (await createCameraProbe({ up: () => 0 }).run(context)).checks.map(({ fault, status }) => fault ?? status)[0];
}
const video = (more: object = {}) => [{ class: '0e', ...more }];
const driver = { 'sys/bus/usb/drivers/uvcvideo/bind': '' };

it('the camera probe reports why a USB device is no working camera: camera.no_driver, camera.driver, camera.disabled', async () => {
  expect(await askWith(plugged({ functions: video() }))).toBe('camera.no_driver');
  expect(await askWith({ ...driver, ...plugged({ functions: video() }) })).toBe('camera.driver');
  expect(await askWith({ ...driver, ...plugged({ functions: video({ authorized: '0' }) }) })).toBe('camera.disabled');
  const shut = { files: { authorized: '0' }, functions: [] };
  expect(await askWith(plugged(shut))).toBe('camera.disabled');
  expect(await askWith(plugged({ ...shut, model: 'ffff:0001' }))).toBe('camera.missing');
});

it('the camera probe reports camera.slow_port if the camera supports a faster port, and ok otherwise', async () => {
  const there: Camera = { id: 'usb-046d:082d-A1', name: 'HD Pro', usedBy: { known: true, value: [] } };
  const at = (speed: string, version: string, model = '046d:082d') =>
    askWith(plugged({ model, files: { speed, version } }), [{ ...there, id: `usb-${model}-A1` }]);
  expect(await at('480', ' 2.00')).toBe('ok');
  expect(await at('5000', ' 3.10')).toBe('ok');
  expect(await at('12', ' 1.10')).toBe('ok');
  expect(await at('480', ' 2.10')).toBe('camera.slow_port');
  expect(await at('12', ' 2.00')).toBe('camera.slow_port');
  expect(await at('480', ' 2.00', '046d:085e')).toBe('camera.slow_port');
  expect(await askWith(plugged({ files: { version: ' 2.10', serial: 'B2' } }), [there])).toBe('ok');
});

it('the camera probe reports camera.privacy if a key of the PC disables its camera or the shutter of a built-in camera is closed', async () => {
  const key = (on: string) => ({ 'sys/bus/platform/devices/VPC2004:00/camera_power': `${on}\n` });
  expect(await askWith(key('0'))).toBe('camera.privacy');
  expect(await askWith(key('1'))).toBe('camera.missing');
  const shutter = (state: string) => ({
    'sys/bus/wmi/devices/6932965F-1671-4CEB-B988-D3AB0A901919/dell_privacy_current_state': `[Microphone] [unmuted]\n[Camera Shutter] [${state}]\n`,
  });
  const there: Camera = { id: 'usb-046d:082d-A1', name: 'HD Pro', usedBy: { known: true, value: [] } };
  const own = plugged({ files: { removable: 'fixed' } });
  expect(await askWith({ ...shutter('muted'), ...own }, [there])).toBe('camera.privacy');
  expect(await askWith({ ...shutter('unmuted'), ...own }, [there])).toBe('ok');
  expect(await askWith({ ...shutter('muted'), ...plugged() }, [there])).toBe('ok');
});
