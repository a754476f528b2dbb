import { expect, test } from 'vitest';
import type { Away, Change } from '../engine/records/ops.ts';
import { historyOf } from './strips.ts';

const at = (time: number, component: string, status: string, faults: string[] = []): Change => ({ at: time, component, status, faults });
const spans = (changes: Change[], component: string, { from = 0, aways = [] as Away[] } = {}) =>
  historyOf(changes, { from, aways })
    .find((strip) => strip.component === component)
    ?.spans.map(({ from: since, status, faults }) => [since, status, ...faults]);

test('each component is a strip of what it said, the presence first', () => {
  const changes = [
    at(1, 'presence', 'online'),
    at(1, 'microphone', 'ok'),
    at(5, 'microphone', 'fault', ['microphone.muted']),
    at(9, 'camera', 'unknown'),
  ];
  expect(historyOf(changes, { from: 0, aways: [] }).map(({ component }) => component)).toEqual(['presence', 'camera', 'microphone']);
  expect(spans(changes, 'microphone')).toEqual([
    [1, 'ok'],
    [5, 'fault', 'microphone.muted'],
  ]);
  expect(spans(changes, 'camera')).toEqual([[9, 'unknown']]);
});

test('R27 a PC of which more changes came than are kept is unknown on every strip, not away', () => {
  const changes = [at(1, 'presence', 'online'), at(1, 'camera', 'ok'), at(4, 'presence', 'unknown'), at(4, 'camera', 'unknown')];
  for (const strip of ['presence', 'camera'] as const) {
    expect(spans(changes, strip)).toEqual([
      [1, 'ok'],
      [4, 'unknown'],
    ]);
  }
});

test.each(['lost', 'silent', 'stopped'])('a PC that is %s is away on every strip, until it is back', (gone) => {
  const changes = [at(1, 'presence', 'online'), at(1, 'camera', 'ok'), at(4, 'presence', gone), at(8, 'presence', 'online')];
  for (const strip of ['presence', 'camera'] as const) {
    expect(spans(changes, strip)).toEqual([
      [1, 'ok'],
      [4, 'away'],
      [8, 'ok'],
    ]);
  }
});

test('what changed while it was away is seen from its return; lost that becomes silent is one span', () => {
  const changes = [
    at(1, 'presence', 'online'),
    at(1, 'camera', 'ok'),
    at(4, 'presence', 'lost'),
    at(5, 'presence', 'silent'),
    at(6, 'camera', 'fault', ['camera.missing']),
    at(8, 'presence', 'online'),
  ];
  expect(spans(changes, 'camera')).toEqual([
    [1, 'ok'],
    [4, 'away'],
    [8, 'fault', 'camera.missing'],
  ]);
});

test('R18a a strip was green over an hour in which flows was stopped: of that hour it says unknown, whatever stood before', () => {
  const changes = [
    at(1, 'presence', 'online'),
    at(1, 'camera', 'ok'),
    at(2, 'microphone', 'fault', ['microphone.muted']),
    at(30, 'presence', 'silent'),
    at(60, 'presence', 'online'),
  ];
  const aways = [
    { from: 0, to: 1.5 },
    { from: 10, to: 20 },
    { from: 15, to: 35 },
    { from: 80, to: Number.POSITIVE_INFINITY },
  ];
  const both = [
    [35, 'away'],
    [60, 'ok'],
    [80, 'unknown'],
  ];
  expect(spans(changes, 'presence', { aways })).toEqual([[1, 'unknown'], [1.5, 'ok'], [10, 'unknown'], ...both]);
  expect(spans(changes, 'microphone', { aways })?.slice(0, 3)).toEqual([
    [2, 'fault', 'microphone.muted'],
    [10, 'unknown'],
    [35, 'away'],
  ]);
  expect(spans(changes, 'camera', { from: 12, aways })).toEqual([[12, 'unknown'], ...both]);
});

test('R27 looking at a site whose PC writes all that it may stopped flows for 45 s: four times the changes are no more than eight times the comparisons', () => {
  expect(comparisonsOf(400)).toBeLessThanOrEqual(8 * comparisonsOf(100));
});

/** How often a time of what was written is read while strips are made of `most` changes of each kind. */
function comparisonsOf(most: number): number {
  let read = 0;
  const readOf = (time: number) => () => {
    read += 1;
    return time;
  };
  const counted = (time: number) => ({ valueOf: readOf(time) }) as unknown as number;
  const many = <T>(make: (n: number) => T) => Array.from({ length: most }, (_, n) => make(n));
  const changes = [
    ...many((n) => at(counted(4 * n), 'camera', n % 2 ? 'ok' : 'unknown')),
    ...many((n) => at(counted(4 * n + 1), 'presence', n % 2 ? 'online' : 'stopped')),
  ];
  historyOf(changes, { from: 0, aways: many((n) => ({ from: counted(4 * n + 2), to: 4 * n + 3 })) });
  return read;
}

test('R27 of a time whose presence is not known, what the PC said is not known either', () => {
  const changes = [at(1, 'camera', 'ok'), at(1, 'presence', 'unknown'), at(4, 'presence', 'online')];
  expect(spans(changes, 'camera')).toEqual([
    [1, 'unknown'],
    [4, 'ok'],
  ]);
});
