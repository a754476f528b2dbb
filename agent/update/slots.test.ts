import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSlots } from './slots.ts';

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-slots-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const slots = openSlots(folder);
  const bring = (version: string) => {
    const { slot, file } = slots.vacant();
    writeFileSync(file, version);
    slots.tryNext({ slot, version, sha256: createHash('sha256').update(version).digest('hex') }, '0.0.0');
    return file;
  };
  return { folder, slots, bring };
}

test('without an update the installed version is started', () => {
  const { slots } = setUp();
  expect([slots.choose(1), slots.inUse()]).toEqual([null, null]);
});

test('a version on trial is started, and once proven it is the one in use; the next goes into the other slot', () => {
  const { slots, bring } = setUp();
  const first = bring('2.0.0');
  expect([slots.inUse(), slots.choose(1)]).toEqual([null, first]);
  slots.prove();
  expect([slots.inUse(), slots.choose(2), slots.choose(3), slots.choose(4)]).toEqual([first, first, first, first]);
  const second = bring('3.0.0');
  expect(second).not.toBe(first);
  expect(slots.inUse()).toBe(first);
});

test('F25 a version that was started twice and never heard is not started a third time: the one before it is', () => {
  const { slots, bring } = setUp();
  const good = bring('2.0.0');
  slots.choose(1);
  slots.prove();
  const bad = bring('3.0.0');
  expect([slots.choose(2), slots.choose(3), slots.choose(4)]).toEqual([bad, bad, good]);
  expect(slots.read().rejected).toEqual({ version: '3.0.0', at: 4, reason: 'it started and was never heard by the centre' });
});

test('F25 a bundle whose file is not what was signed any more is never started', () => {
  const { slots, bring } = setUp();
  writeFileSync(bring('2.0.0'), 'something else');
  expect(slots.choose(1)).toBeNull();
  expect(slots.read().rejected?.reason).toBe('its file is damaged');
  const good = bring('2.0.1');
  slots.choose(2);
  slots.prove();
  writeFileSync(good, 'something else');
  expect([slots.choose(3), slots.inUse()]).toEqual([null, null]);
});

test('F25 a state that cannot be read counts as none', () => {
  const { folder, bring } = setUp();
  bring('2.0.0');
  writeFileSync(join(folder, 'slots.json'), '{"proven":');
  expect(openSlots(folder).choose(1)).toBeNull();
});

test('nothing on trial is nothing to prove or to take back', () => {
  const { slots } = setUp();
  slots.prove();
  slots.takeBack('no reason', 1);
  expect(slots.read()).toEqual({ proven: null, trial: null, minimum: '0.0.0', rejected: null });
});
