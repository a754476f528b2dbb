import { expect, test } from 'vitest';
import { randomFrom } from '../../../test/random.ts';
import { bySeverity, type Check, digestLength, digestOf, type Severity } from './states.ts';

const camera: Check = { component: 'camera', device: 'usb-1', status: 'ok', fault: null, reason: null };
const microphone: Check = { component: 'microphone', device: 'usb-2', status: 'fault', fault: 'microphone.muted', reason: null };
const load: Check = { component: 'pc', device: '', status: 'unknown', fault: null, reason: 'time-out' };
const all = [camera, microphone, load];

test('R11 the digest does not depend on the order of checks or on device names', () => {
  const random = randomFrom(1);
  const expected = digestOf(all);
  for (let round = 0; round < 50; round++) {
    const named = random.shuffle(all).map((check) => ({ ...check, name: `name ${random.below(1_000)}` }));
    expect(digestOf(named)).toBe(expected);
  }
});

test('R11 times and levels of a check are not in the digest', () => {
  expect(digestOf(all.map((check, at) => ({ ...check, since: at, level: 0.3 })))).toBe(digestOf(all));
});

test.each([
  ['component', { component: 'speaker' }],
  ['device', { device: 'usb-9' }],
  ['status', { status: 'unknown' as const }],
  ['fault', { fault: 'camera.missing' }],
  ['reason', { reason: 'held by zoom' }],
])('R11 another %s gives another digest', (_what, change) => {
  expect(digestOf([{ ...camera, ...change }, microphone, load])).not.toBe(digestOf(all));
});

test('R11 a missing check gives another digest, and fields cannot run into each other', () => {
  expect(digestOf([camera, microphone])).not.toBe(digestOf(all));
  expect(digestOf([{ ...camera, component: 'a', device: 'b' }])).not.toBe(digestOf([{ ...camera, component: 'ab', device: '' }]));
  expect(digestOf([{ ...camera, reason: 'x"\n["y' }])).not.toBe(digestOf([{ ...camera, reason: 'x' }]));
});

test('the digest is stable across versions, so that an older PC and a newer server agree', () => {
  expect(digestOf([])).toBe('e3b0c44298fc1c14');
  expect(digestOf(all)).toBe('bda89b183dc7f252');
  expect(digestOf(all)).toMatch(new RegExp(`^[0-9a-f]{${digestLength}}$`));
});

test('severities sort the most severe first', () => {
  const mixed: Severity[] = ['minor', 'info', 'critical', 'major'];
  expect(mixed.sort(bySeverity)).toEqual(['critical', 'major', 'minor', 'info']);
});
