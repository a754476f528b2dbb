import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceFile } from '@sabha/contracts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { chooseBundle } from './launch.ts';
import { openSlots, type SlotsDisk } from './slots.ts';

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-slots-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const refuses: { reads?: string; writes?: string } = {};
  const disk: SlotsDisk = {
    read: (path) => (refuses.reads ? refused(refuses.reads) : readFileSync(path)),
    replace: (path, text) => (refuses.writes ? refused(refuses.writes) : replaceFile(path, text)),
  };
  const slots = openSlots(folder, { disk });
  const bring = (version: string, minimum = '0.0.0') => {
    const { slot, file } = slots.vacant();
    writeFileSync(file, version);
    slots.tryNext({ slot, version, sha256: createHash('sha256').update(version).digest('hex') }, minimum);
    return file;
  };
  const choose = (at: number) => slots.choose(at).file;
  return { folder, slots, bring, choose, refuses };
}

function refused(code: string): never {
  throw Object.assign(new Error(code), { code });
}

test('the launcher starts the version on trial, uses it once it is proven, and puts the next version into the other slot', () => {
  const { slots, bring, choose } = setUp();
  const first = bring('2.0.0');
  expect([slots.inUse(), choose(1)]).toEqual([null, first]);
  slots.prove();
  expect([slots.inUse(), choose(2), choose(3), choose(4)]).toEqual([first, first, first, first]);
  const second = bring('3.0.0');
  expect(second).not.toBe(first);
  expect(slots.inUse()).toBe(first);
});

test('F25 the launcher returns to the previous version after two starts without a proof', () => {
  const { slots, bring, choose } = setUp();
  const good = bring('2.0.0');
  choose(1);
  slots.prove();
  const bad = bring('3.0.0');
  expect([choose(2), choose(3), choose(4)]).toEqual([bad, bad, good]);
  expect(slots.read().rejected).toEqual({ version: '3.0.0', at: 4, reason: 'it started, but never reached the server' });
});

test('F25 the launcher never starts a bundle whose file differs from the signed hash', () => {
  const { slots, bring, choose } = setUp();
  writeFileSync(bring('2.0.0'), 'something else');
  expect(choose(1)).toBeNull();
  expect(slots.read().rejected?.reason).toBe('its file is damaged');
  const good = bring('2.0.1');
  choose(2);
  slots.prove();
  writeFileSync(good, 'something else');
  expect([choose(3), slots.inUse()]).toEqual([null, null]);
});

test('F25 the launcher starts the installed version if the state file is invalid', () => {
  const { folder, bring } = setUp();
  bring('2.0.0');
  writeFileSync(join(folder, 'slots.json'), '{"proven":');
  expect(openSlots(folder).choose(1)).toEqual({ file: null, trial: null });
});

describe('F25 choice of the version on a failing disk', () => {
  const said: unknown[] = [];
  const start = (slots: ReturnType<typeof openSlots>) => chooseBundle(slots, true, (error) => said.push(error));

  test.each(['ENOSPC', 'EROFS', 'EIO'])(
    'the launcher starts the version in use, and keeps the trial for later, if the start of the trial cannot be counted (%s)',
    (code) => {
      const { slots, bring, choose, refuses } = setUp();
      const good = bring('2.0.0');
      choose(1);
      slots.prove();
      const next = bring('3.0.0');
      refuses.writes = code;
      for (let starts = 0; starts < 5; starts += 1) expect(start(slots)).toEqual({ file: good, trial: null });
      delete refuses.writes;
      expect(start(slots)).toEqual({ file: next, trial: '3.0.0' });
    },
  );

  test.each(['EACCES', 'EIO', 'EMFILE'])(
    'the launcher starts the installed version, and keeps the state file, while the file cannot be read (%s)',
    (code) => {
      const { slots, bring, choose, refuses } = setUp();
      const good = bring('2.0.0');
      choose(1);
      slots.prove();
      refuses.reads = code;
      expect(start(slots)).toEqual({ file: null, trial: null });
      delete refuses.reads;
      expect(start(slots)).toEqual({ file: good, trial: null });
    },
  );
});

test('S10 the slots never lower the lowest allowed version, even if a later manifest does', () => {
  const { slots, bring } = setUp();
  bring('2.0.0', '1.10.0');
  bring('3.0.0', '1.9.0');
  expect(slots.read().minimum).toBe('1.10.0');
});

test('the launcher prefers an installed package that is newer than the proven version and the one on trial', () => {
  const { folder, slots, bring } = setUp();
  const proven = bring('2.0.0');
  slots.choose(1);
  slots.prove();
  const upgraded = (installed: string) => openSlots(folder, { installed });
  expect(upgraded('1.9.9').choose(2)).toEqual({ file: proven, trial: null });
  expect(upgraded('2.0.0').choose(3)).toEqual({ file: null, trial: null });
  const trial = bring('2.1.0');
  expect([upgraded('2.0.1').choose(4), upgraded('2.1.0').inUse()]).toEqual([{ file: trial, trial: '2.1.0' }, null]);
  expect(upgraded('2.1.0').choose(5)).toEqual({ file: null, trial: null });
  expect(slots.read()).toMatchObject({ trial: null, rejected: { version: '2.1.0', reason: 'it is not newer than the one installed' } });
});
