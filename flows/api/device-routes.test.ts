import { beforeEach, expect, test } from 'vitest';
import { createDeviceBook } from '../notify/orders/devices.ts';
import { newEncryptionInput, pushKeyOf } from '../notify/people/channels/kit/web-push.ts';
import type { Viewer } from '../pki/http-auth/http-auth.ts';
import { routesOf, viewerOf } from './routes.test-helper.ts';

const key = pushKeyOf(newEncryptionInput().secret);
const device = {
  endpoint: 'https://fcm.googleapis.com/fcm/send/phone',
  p256dh: pushKeyOf(newEncryptionInput().secret).public,
  auth: Buffer.alloc(16, 7).toString('base64url'),
};
let routes: ReturnType<typeof routesOf>;
let viewer: Viewer;
let devices: ReturnType<typeof createDeviceBook>;

beforeEach(() => {
  devices = createDeviceBook({
    key,
    services: ['fcm.googleapis.com'],
    persons: () => [{ id: 'asha', email: 'asha@office.test' }, { id: 'devi' }],
    record: async () => true,
    now: () => 0,
  });
  viewer = viewerOf('reader', 'ladakh', null);
  routes = routesOf({ devices }, () => viewer);
});

const post = async (path: string, payload: object) => (await routes.post(`/api/devices${path}`, payload)).status;
const get = async (query = '') => (await routes.get(`/api/devices${query}`)).body;

test('a signed-in person adds and removes their own device, whatever name the page sends', async () => {
  viewer = { ...viewer, name: 'asha@office.test' };
  const here = `?endpoint=${encodeURIComponent(device.endpoint)}`;
  expect(await get(here)).toEqual({ key: key.public, person: 'asha', here: false });
  expect(await post('', { by: 'devi', ...device })).toBe(204);
  expect([devices.of('asha'), devices.of('devi')]).toEqual([[device], []]);
  expect(await get(here)).toEqual({ key: key.public, person: 'asha', here: true });
  expect(await post('/remove', { by: 'devi', endpoint: device.endpoint })).toBe(204);
  expect(devices.of('asha')).toEqual([]);
});

test('without sign-in on loopback, the name in the request selects the person', async () => {
  expect(await get('?by=devi')).toMatchObject({ person: 'devi' });
  expect(await post('', { by: 'Devi', ...device })).toBe(204);
  expect(devices.of('devi')).toEqual([device]);
});

test('an account outside the roster, an endpoint that is no push service, and invalid keys are refused', async () => {
  viewer = { ...viewer, name: 'kiosk' };
  expect(await get()).toMatchObject({ person: null, here: false });
  expect(await post('', { by: 'x', ...device })).toBe(404);
  viewer = { ...viewer, name: 'asha' };
  expect(await post('', { by: 'x', ...device, endpoint: 'https://10.0.0.1/' })).toBe(409);
  expect(await post('', { by: 'x', ...device, p256dh: 'A'.repeat(87) })).toBe(409);
  expect(await post('', { by: 'x', ...device, auth: '<' })).toBe(400);
  expect(devices.of('asha')).toEqual([]);
});

test('without Web Push configured, no key is returned and adding a device is refused', async () => {
  routes = routesOf({ devices: null });
  expect(await get('?by=devi')).toEqual({ key: null, person: null, here: false });
  expect(await post('', { by: 'devi', ...device })).toBe(404);
});
