import type { Profile } from '@sabha/contracts';
import { beforeEach, expect, it } from 'vitest';
import type { Camera, Cameras } from '../../platform/platform.ts';
import { createUnwritten } from '../../platform/unwritten.ts';
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
  const platform = { ...createUnwritten(), cameras: async () => answer };
  return (await probe.run({ platform, profile, self, signal: AbortSignal.timeout(1_000) })).checks;
}
const see = (...cameras: Camera[]) => ask({ known: true, value: cameras });

it('says ok of a camera that is there, and which program uses it', async () => {
  expect(await see(eye())).toEqual([
    { component: 'camera', device: 'expected-1', status: 'ok', fault: null, reason: null, name: 'HD Eye' },
  ]);
  expect(await see(eye('zoom'))).toMatchObject([{ status: 'ok', reason: 'in use by zoom' }]);
});

it('says missing of one that is not, and unknown where the list is not known', async () => {
  expect(await see()).toMatchObject([{ fault: 'camera.missing', name: 'eye' }]);
  expect(await ask({ known: false, reason: 'closed' })).toMatchObject([{ status: 'unknown', fault: null, reason: 'closed' }]);
});

it('says unknown of one that only PipeWire has where PipeWire does not answer, and missing of one of the kernel', async () => {
  const unheard = { known: true, value: [{ ...eye(), id: 'usb-2', name: 'Built-in' }], unheard: 'PipeWire does not answer' } as const;
  const frozen = { ...unheard, value: [...unheard.value] };
  await see({ ...eye(), isOfSession: true });
  expect(await ask(frozen)).toMatchObject([{ status: 'unknown', fault: null, reason: 'PipeWire does not answer' }]);
  await see(eye());
  expect(await ask(frozen)).toMatchObject([{ fault: 'camera.missing' }]);
});

it('says virtual where only OBS has a camera, and ok as soon as that of the room is there', async () => {
  const obs: Camera = { id: 'video9', name: 'OBS Eye', usedBy: { known: true, value: [] }, isVirtual: true };
  expect(await see(obs)).toMatchObject([{ status: 'fault', fault: 'camera.virtual', reason: 'found: OBS Eye', name: 'eye' }]);
  expect(await see(obs, eye())).toMatchObject([{ status: 'ok', name: 'HD Eye' }]);
  expect(await see(obs)).toMatchObject([{ fault: 'camera.virtual', name: 'HD Eye' }]);
  expect(await see({ ...obs, name: 'Loopback' })).toMatchObject([{ fault: 'camera.missing' }]);
});

it('says held when one program has held it for more than 8 hours, and ok once it is let go', async () => {
  await see(eye('zoom'));
  nowMs = 7 * hourMs;
  await see(eye('chrome', 'zoom'));
  nowMs = 8 * hourMs;
  expect(await see(eye('chrome', 'zoom'))).toMatchObject([{ status: 'ok', reason: 'in use by chrome, zoom' }]);
  nowMs += 1;
  expect(await see(eye('chrome', 'zoom'))).toMatchObject([{ status: 'fault', fault: 'camera.held', reason: 'held by zoom' }]);
  expect(await see(eye('chrome'))).toMatchObject([{ status: 'ok', reason: 'in use by chrome' }]);
});

/** Cameras as said, and everything else as the files of a PC tell it. */
async function askWith(entries: Record<string, string>, cameras: Camera[] = [], match?: string) {
  const { platform } = pcOf(entries);
  const expected = { camera: match === undefined ? [{}] : [{ match }] };
  const around = { ...platform, cameras: async () => ({ known: true as const, value: cameras }) };
  const context = { platform: around, profile: { ...profile, expected }, self, signal: AbortSignal.timeout(5_000) };
  return (await createCameraProbe({ up: () => 0 }).run(context)).checks.map(({ fault, status }) => fault ?? status)[0];
}
const video = (more: object = {}) => [{ class: '0e', ...more }];
const driver = { 'sys/bus/usb/drivers/uvcvideo/bind': '' };

it('says why a camera that hangs on USB is none: camera.no_driver, camera.driver, camera.disabled', async () => {
  expect(await askWith(plugged({ functions: video() }))).toBe('camera.no_driver');
  expect(await askWith({ ...driver, ...plugged({ functions: video() }) })).toBe('camera.driver');
  expect(await askWith({ ...driver, ...plugged({ functions: video({ authorized: '0' }) }) })).toBe('camera.disabled');
  const shut = { files: { authorized: '0' }, functions: [] };
  expect(await askWith(plugged(shut))).toBe('camera.disabled');
  expect(await askWith(plugged({ ...shut, model: 'ffff:0001' }))).toBe('camera.missing');
});

it('says camera.slow_port of one that could be faster, and nothing of one that is as fast as it can be', async () => {
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

it('says camera.privacy where a key of the PC has taken its camera away, and of one that is built in where its shutter is closed', async () => {
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
