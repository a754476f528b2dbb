import { expect, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import { newEncryptionInput, pushKeyOf } from '../people/channels/kit/web-push.ts';
import { createDeviceBook } from './devices.ts';

const key = pushKeyOf(newEncryptionInput().secret);
const services = ['fcm.googleapis.com', '*.push.apple.com'];
/** Valid keys of a browser: a point on the curve, and 16 bytes. */
const keys = { p256dh: pushKeyOf(newEncryptionInput().secret).public, auth: Buffer.alloc(16, 7).toString('base64url') };
const device = (name: string) => ({ endpoint: `https://fcm.googleapis.com/fcm/send/${name}`, ...keys });
const namesOf = (all: readonly { endpoint: string }[]) => all.map(({ endpoint }) => endpoint.split('/').at(-1));

function rig(ledger: Record<string, string> = {}, own = key) {
  const persons: { id: string; email?: string }[] = [{ id: 'asha', email: 'Asha@office.test' }, { id: 'ravi' }];
  const acts: string[] = [];
  const state = { takes: true };
  let now = 0;
  const devices = createDeviceBook({
    key: own,
    services,
    persons: () => persons,
    record: async (ops: readonly Op[]) => {
      if (!state.takes) return false;
      for (const op of ops) {
        if (op.op === 'audit') acts.push(`${op.who}: ${op.what}`);
        if (op.op !== 'meta') continue;
        const id = op.key.replace('device/', '');
        if (op.value === null) delete ledger[id];
        else ledger[id] = op.value;
      }
      return true;
    },
    now: () => ++now,
  });
  devices.use(ledger);
  return { devices, ledger, acts, persons, state };
}

test('the device book finds the person of an account by id or e-mail address, never by name', () => {
  const { devices } = rig();
  expect(['asha', 'ASHA@office.test', ' ravi ', 'Asha Devi', ''].map(devices.personOf)).toEqual([
    'asha',
    'asha',
    'ravi',
    undefined,
    undefined,
  ]);
});

test('the device book keeps an added device over a restart, records it in the audit log, and never restores a removed device', async () => {
  const { devices, ledger, acts } = rig();
  expect(await devices.addDevice('asha', device('phone'), 'asha')).toEqual({ ok: true });
  await devices.addDevice('asha', device('phone'), 'asha');
  await devices.addDevice('asha', device('pc'), 'asha');
  expect(namesOf(rig(ledger).devices.of('asha'))).toEqual(['phone', 'pc']);
  await devices.remove('ravi', device('pc').endpoint, 'ravi');
  expect(namesOf(devices.of('asha'))).toEqual(['phone', 'pc']);
  await devices.remove('asha', device('phone').endpoint, 'asha');
  expect(namesOf(rig(ledger).devices.of('asha'))).toEqual(['pc']);
  await devices.remove('asha', device('pc').endpoint, 'asha');
  expect(ledger).toEqual({});
  expect(acts).toEqual(['asha: device added', 'asha: device added', 'asha: device added', 'asha: device removed', 'asha: device removed']);
});

test('the device book assigns a device to the last person who signed in on that device', async () => {
  const { devices, ledger } = rig();
  await devices.addDevice('asha', device('desk'), 'asha');
  await devices.addDevice('ravi', device('desk'), 'ravi');
  expect([devices.of('asha').length, devices.of('ravi').length]).toEqual([0, 1]);
  expect(Object.keys(ledger)).toEqual(['ravi']);
});

test('the device book drops the oldest device of a person beyond the limit', async () => {
  const { devices } = rig();
  await Promise.all(Array.from({ length: 10 }, (_, n) => devices.addDevice('asha', device(`${n}`), 'asha')));
  expect(namesOf(devices.of('asha'))).toEqual(['2', '3', '4', '5', '6', '7', '8', '9']);
});

test.each([
  ['no https', 'http://fcm.googleapis.com/x'],
  ['a host of nobody’s list', 'https://10.0.0.1/x'],
  ['a host whose name only ends like one', 'https://evil-fcm.googleapis.com/x'],
  ['the name behind the star alone', 'https://push.apple.com/x'],
  ['this machine, which the list does not name', 'http://127.0.0.1:1880/api/backup'],
  ['a port', 'https://fcm.googleapis.com:8443/x'],
  ['a login', 'https://a@fcm.googleapis.com/x'],
  ['no address', 'x'],
])('the device book refuses a push address with %s, because the server posts only to push services', async (_, endpoint) => {
  const { devices, ledger } = rig();
  expect(await devices.addDevice('asha', { endpoint, ...keys }, 'asha')).toMatchObject({ ok: false });
  expect(ledger).toEqual({});
});

test('the device book accepts a host that matches a wildcard of the list, and refuses invalid keys', async () => {
  const { devices } = rig();
  expect(await devices.addDevice('asha', { endpoint: 'https://web.push.apple.com/x', ...keys }, 'asha')).toEqual({ ok: true });
  expect(await devices.addDevice('asha', { ...device('x'), p256dh: 'AAAA' }, 'asha')).toMatchObject({ ok: false });
});

test('a device that its push service no longer knows is dropped, and after a failed write the drop is repeated', async () => {
  const { devices, ledger, state } = rig();
  await devices.addDevice('asha', device('phone'), 'asha');
  state.takes = false;
  devices.gone('asha', device('phone').endpoint);
  await expect(devices.addDevice('asha', device('pc'), 'asha')).rejects.toThrow('the ledger did not store the device');
  expect(namesOf(devices.of('asha'))).toEqual(['phone']);
  state.takes = true;
  devices.gone('asha', device('phone').endpoint);
  await devices.remove('ravi', '', 'ravi');
  expect(ledger).toEqual({});
  expect(devices.of('asha')).toEqual([]);
});

test('a person who left the roster has no device, and a device for another server key is ignored', async () => {
  const { devices, ledger, persons } = rig();
  await devices.addDevice('asha', device('phone'), 'asha');
  expect(rig(ledger, pushKeyOf(newEncryptionInput().secret)).devices.of('asha')).toEqual([]);
  persons.shift();
  await devices.keepPersons();
  expect([devices.of('asha'), ledger]).toEqual([[], {}]);
});

test('the device book drops a device if the account that added it no longer belongs to its person', async () => {
  const { devices, ledger, persons } = rig();
  await devices.addDevice('asha', device('phone'), 'Asha@office.test');
  await devices.addDevice('asha', device('pc'), 'asha');
  persons[0] = { id: 'asha', email: 'asha.new@office.test' };
  await devices.keepPersons();
  expect(namesOf(devices.of('asha'))).toEqual(['pc']);
  const next = rig(ledger);
  next.persons.shift();
  await next.devices.keepPersons();
  expect(ledger).toEqual({});
});

test('another account can remove all devices of a person, and the audit log names that account', async () => {
  const { devices, ledger, acts } = rig();
  for (const name of ['phone', 'pc']) await devices.addDevice('asha', device(name), 'asha');
  expect([await devices.removeAll('asha', 'meera'), await devices.removeAll('asha', 'meera')]).toEqual([2, 0]);
  expect([ledger, acts.at(-1)]).toEqual([{}, 'meera: devices removed']);
});

test('the device book ignores a device if the host of its push service was removed from the list', async () => {
  const { devices, ledger } = rig();
  await devices.addDevice('asha', { endpoint: 'https://web.push.apple.com/x', ...keys }, 'asha');
  const left = createDeviceBook({
    key,
    services: ['fcm.googleapis.com'],
    persons: () => [{ id: 'asha' }],
    record: async () => true,
    now: () => 0,
  });
  left.use(ledger);
  expect(left.of('asha')).toEqual([]);
});
