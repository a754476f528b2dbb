import type { Profile } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { createExpected, type DeviceCheckInput } from './expected.ts';

type TestDevice = { id: string; name: string; model?: string };
const device = (name: string): TestDevice => ({ id: name, name });
const profileOf = (...matches: (string | undefined)[]): Profile => ({
  link: 'fibre',
  elevationM: 0,
  expected: { camera: matches.map((match) => (match === undefined ? {} : { match })) },
});
const room = (profile: Profile, ...names: string[]): DeviceCheckInput<TestDevice> => ({
  kind: 'camera',
  profile,
  answer: { known: true, value: names.map(device) },
  judge: () => ({ status: 'ok', fault: null, reason: null }),
});
const names = (checks: { name?: string; status: string }[]) => checks.map((one) => (one.status === 'ok' ? one.name : one.status));

it("the device matcher finds a device by its id, by vendor and product, and by the maker's product name", () => {
  const usb = { id: 'usb-046d:0866-A1B2', name: 'USB Camera' };
  const sound = { id: 'alsa_input.usb-x-02.mono', name: 'Speakerphone', model: '0b0e:0420' };
  for (const [match, device] of [
    ['A1B2', usb],
    ['046D:0866', usb],
    ['meetup', usb],
    ['0b0e:0420', sound],
    ['Speak 510', sound],
  ] as const) {
    const answer = { known: true as const, value: [device] };
    expect(createExpected<TestDevice>()({ ...room(profileOf(match)), answer })).toMatchObject([{ status: 'ok', name: device.name }]);
  }
});

it('the device matcher assigns a different device to each expected one, in any order', () => {
  const ask = createExpected<TestDevice>();
  expect(names(ask(room(profileOf(undefined, undefined), 'One')))).toEqual(['One', 'fault']);
  expect(names(ask(room(profileOf('usb', 'jabra'), 'USB Jabra', 'USB Logi')))).toEqual(['USB Logi', 'USB Jabra']);
  expect(names(ask(room(profileOf(undefined, 'a', 'b'), 'a', 'b', 'c')))).toEqual(['c', 'a', 'b']);
});

it('the device matcher keeps the check and the name of a device that disappears and returns', () => {
  const ask = createExpected<TestDevice>();
  const there = ask(room(profileOf(undefined), 'HD Eye'));
  const gone = ask(room(profileOf(undefined)));
  expect(there).toEqual([{ component: 'camera', device: 'expected-1', status: 'ok', fault: null, reason: null, name: 'HD Eye' }]);
  expect(gone).toEqual([
    { component: 'camera', device: 'expected-1', status: 'fault', fault: 'camera.missing', reason: null, name: 'HD Eye' },
  ]);
  expect(ask(room(profileOf('Brio')))[0]?.name).toBe('Brio');
});

it('the device matcher reports "none expected" for a kind without expected devices, whether or not the devices are known', () => {
  const ask = createExpected<TestDevice>();
  const none = { component: 'camera', device: '', status: 'ok', fault: null, reason: 'none expected' };
  expect(ask(room(profileOf(), 'Eye'))).toEqual([none]);
  expect(ask({ ...room(profileOf()), answer: { known: false, reason: 'nobody is signed in' } })).toEqual([none]);
});

it('the device matcher finds a name that is written in another Unicode form: फ़ as one or as two code points', () => {
  const [one, two] = ['सभा \u095eोन', 'सभा \u092b\u093cोन'];
  expect(one).not.toBe(two);
  for (const [match, name] of [
    [one, two],
    [two, one],
  ] as const) {
    expect(createExpected<TestDevice>()(room(profileOf(match), name))).toMatchObject([{ status: 'ok', name }]);
  }
});

it('the device matcher numbers two devices of the same name, and each keeps its number when the other is unplugged', () => {
  const ask = createExpected<TestDevice>();
  const [left, right] = ['left', 'right'].map((id) => ({ id, name: 'Jabra' })) as [TestDevice, TestDevice];
  const seen = (...devices: TestDevice[]) =>
    ask({ ...room(profileOf('jabra', 'jabra')), answer: { known: true, value: devices } }).map(({ status, name }) => [status, name]);
  expect(seen(left, right)).toEqual([
    ['ok', 'Jabra (1)'],
    ['ok', 'Jabra (2)'],
  ]);
  expect(seen(right)).toEqual([
    ['fault', 'Jabra (1)'],
    ['ok', 'Jabra (2)'],
  ]);
  expect(seen(right, left)).toEqual([
    ['ok', 'Jabra (1)'],
    ['ok', 'Jabra (2)'],
  ]);
  expect(seen(left)).toEqual([
    ['ok', 'Jabra (1)'],
    ['fault', 'Jabra (2)'],
  ]);
});
