/** Tests the audit of a run: a missing, duplicated or changed mail breaks a guarantee. */
import { expect, test } from 'vitest';
import type { Notice } from '../../flows/engine/records/notices.ts';
import { untold, type Word, wordsOf, wronglyTwice } from './judge.ts';
import type { Stretch } from './load.ts';

const pc = 'ladakh/leh/pc-1';
const stretch: Stretch = {
  pc,
  fault: 'camera.missing',
  device: 'd1',
  name: 'Device 1.',
  again: false,
  fromMs: 1_000,
  toMs: 20_000,
  steadyFromMs: 1_000,
  steadyToMs: 20_000,
};
const tellMs = () => 10_000;

test('a fault that lasts long enough needs a mail in time with its room, device and text', () => {
  expect(untold([stretch], [word('raised', 12_000)], tellMs)).toEqual([]);
  expect(untold([stretch], [], tellMs)).toEqual([stretch]);
  expect(untold([stretch], [word('raised', 21_000)], tellMs)).toEqual([stretch]);
  expect(untold([stretch], [word('raised', 12_000, { scope: 'ladakh/leh/pc-2' })], tellMs)).toEqual([stretch]);
  expect(untold([{ ...stretch, device: 'd2' }], [word('raised', 12_000)], tellMs)).toHaveLength(1);
  expect(untold([stretch], [{ ...word('raised', 12_000), text: 'Critical: Camera not found' }], tellMs)).toEqual([stretch]);
});

test('a fault that returns after its end needs another mail, and a fault that only flapped does not', () => {
  const before = [word('raised', 500), word('eased', 900)];
  expect(untold([stretch], before, tellMs)).toEqual([stretch]);
  expect(untold([stretch], [...before, word('worsened', 12_000)], tellMs)).toEqual([]);
  expect(untold([stretch], before.slice(0, 1), tellMs)).toEqual([]);
});

test('a crash excuses one duplicate, and never a third copy', () => {
  const at = (key: string, ...times: number[]) => times.map((atMs) => ({ key, fromMs: atMs - 0.5, atMs }));
  const told = (words: ReturnType<typeof at>, crashes: number[]) => wronglyTwice(words, crashes, 25);
  expect(told([...at('a', 1, 3), ...at('b', 3)], [2])).toEqual([]);
  expect(told(at('a', 1_100, 3_000), [1_000])).toEqual([]);
  expect(told(at('a', 1, 3), [])).toHaveLength(1);
  expect(told(at('a', 1_400, 3_000), [1_000])).toHaveLength(1);
  expect(told([...at('a', 1, 3), ...at('b', 1, 4)], [2])).toHaveLength(1);
  expect(told([...at('a', 1, 3), ...at('b', 1, 6)], [2, 5])).toHaveLength(1);
  expect(told(at('a', 1, 3, 5), [2, 4])).toHaveLength(1);
});

test('a mail without a row in the ledger is reported', () => {
  const mail = { key: 'direct/x', subject: 'Critical', text: '', fromMs: 0, atMs: 1, to: '', raw: '', html: '', headers: new Map() };
  expect(wordsOf([mail], [])).toEqual({ words: [], strangers: ['direct/x: Critical'] });
});

function word(kind: Notice['kind'], atMs: number, change: Partial<Notice> = {}): Word {
  const faults = [{ fault: 'camera.missing', device: 'd1', name: 'Device 1.', reason: null, since: 0 }];
  const place = { site: { en: 'Leh office', hi: '' }, room: { en: 'Room pc-1', hi: '' }, timeZone: 'Asia/Kolkata' };
  const notice: Notice = {
    kind,
    incident: 1,
    severity: 'critical',
    scope: pc,
    ...place,
    faults,
    at: 0,
    flapping: false,
    lines: [],
    ...change,
  };
  return { key: `${atMs}`, fromMs: atMs - 1, atMs, text: 'Leh office, Room pc-1\nCritical: Camera not found: Device 1', notice };
}
