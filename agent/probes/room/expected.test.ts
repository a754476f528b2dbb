import { expect, it } from 'vitest';
import type { Profile } from '#contracts';
import { createExpected, inUse, type Room } from './expected.ts';

type Device = { id: string; name: string };
const device = (name: string): Device => ({ id: name, name });
const profileOf = (...matches: (string | undefined)[]): Profile => ({
  link: 'fibre',
  elevationM: 0,
  expected: { camera: matches.map((match) => (match === undefined ? {} : { match })) },
});
const room = (profile: Profile, ...names: string[]): Room<Device> => ({
  kind: 'camera',
  profile,
  answer: { known: true, value: names.map(device) },
  judge: () => ({ status: 'ok', fault: null, reason: null }),
});
const names = (checks: { name?: string; status: string }[]) => checks.map((one) => (one.status === 'ok' ? one.name : one.status));

it('finds a device by part of its name, in any case', () => {
  expect(names(createExpected<Device>()(room(profileOf('logi'), 'Jabra', 'LOGITECH C920')))).toEqual(['LOGITECH C920']);
});

it('needs another device for each expected one, whatever the order', () => {
  const ask = createExpected<Device>();
  expect(names(ask(room(profileOf(undefined, undefined), 'One')))).toEqual(['One', 'fault']);
  expect(names(ask(room(profileOf('usb', 'jabra'), 'USB Jabra', 'USB Logi')))).toEqual(['USB Logi', 'USB Jabra']);
  expect(names(ask(room(profileOf(undefined, 'a', 'b'), 'a', 'b', 'c')))).toEqual(['c', 'a', 'b']);
});

it('keeps the check and the name of a device that goes and comes', () => {
  const ask = createExpected<Device>();
  const there = ask(room(profileOf(undefined), 'HD Eye'));
  const gone = ask(room(profileOf(undefined)));
  expect(there).toEqual([{ component: 'camera', device: 'expected-1', status: 'ok', fault: null, reason: null, name: 'HD Eye' }]);
  expect(gone).toEqual([
    { component: 'camera', device: 'expected-1', status: 'fault', fault: 'camera.missing', reason: null, name: 'HD Eye' },
  ]);
  expect(ask(room(profileOf('Brio')))[0]?.name).toBe('Brio');
});

it('makes no check of an extra device, and one without a device where nothing is expected', () => {
  const ask = createExpected<Device>();
  expect(ask(room(profileOf('eye'), 'Eye', 'Headset'))).toHaveLength(1);
  const free = { component: 'camera', device: '', status: 'ok', fault: null, reason: null };
  expect(ask(room(profileOf(), 'Eye'))).toEqual([free]);
});

it('is unknown, and never ok, while the profile says nothing of the kind', () => {
  const ask = createExpected<Device>();
  const checks = ask(room({ ...profileOf(), expected: {} }, 'Eye'));
  expect(checks).toMatchObject([{ device: '', status: 'unknown', reason: 'the profile does not say what is expected' }]);
});

it('says unknown with the reason, for each expected device, where the answer is not known', () => {
  const ask = createExpected<Device>();
  const answer = { known: false, reason: 'nobody is signed in' } as const;
  const unknown = { component: 'camera', status: 'unknown', fault: null, reason: 'nobody is signed in' };
  expect(ask({ ...room(profileOf('a', 'b')), answer })).toEqual([
    { ...unknown, device: 'expected-1', name: 'a' },
    { ...unknown, device: 'expected-2', name: 'b' },
  ]);
  expect(ask({ ...room(profileOf()), answer })).toEqual([{ ...unknown, device: '' }]);
});

it('names the programs in use', () => {
  expect(inUse([])).toBeNull();
  expect(inUse(['chrome', 'zoom'])).toBe('in use by chrome, zoom');
});
