import { expect, test } from 'vitest';
import type { ComponentChange, ReceiveGap } from '../engine/records/ops.ts';
import { historyOf } from './strips.ts';

const at = (time: number, component: string, status: string, faults: string[] = []): ComponentChange => ({
  at: time,
  component,
  status,
  faults,
});
const spans = (changes: ComponentChange[], component: string, { from = 0, aways = [] as ReceiveGap[] } = {}) =>
  historyOf(changes, { from, receiveGaps: aways })
    .find((strip) => strip.component === component)
    ?.spans.map(({ from: since, status, faults }) => [since, status, ...faults]);

test('each component has a strip of its states over time, presence first', () => {
  const changes = [
    at(1, 'presence', 'online'),
    at(1, 'microphone', 'ok'),
    at(5, 'microphone', 'fault', ['microphone.muted']),
    at(9, 'camera', 'unknown'),
  ];
  expect(historyOf(changes, { from: 0, receiveGaps: [] }).map(({ component }) => component)).toEqual(['presence', 'camera', 'microphone']);
  expect(spans(changes, 'microphone')).toEqual([
    [1, 'ok'],
    [5, 'fault', 'microphone.muted'],
  ]);
  expect(spans(changes, 'camera')).toEqual([[9, 'unknown']]);
});

test('R27 a PC with more changes than the limit is unknown on every strip, not offline', () => {
  const changes = [at(1, 'presence', 'online'), at(1, 'camera', 'ok'), at(4, 'presence', 'unknown'), at(4, 'camera', 'unknown')];
  for (const strip of ['presence', 'camera'] as const) {
    expect(spans(changes, strip)).toEqual([
      [1, 'ok'],
      [4, 'unknown'],
    ]);
  }
});

test.each(['lost', 'silent', 'stopped'])('a PC that is %s counts as offline on every strip until it is back', (gone) => {
  const changes = [at(1, 'presence', 'online'), at(1, 'camera', 'ok'), at(4, 'presence', gone), at(8, 'presence', 'online')];
  for (const strip of ['presence', 'camera'] as const) {
    expect(spans(changes, strip)).toEqual([
      [1, 'ok'],
      [4, 'away'],
      [8, 'ok'],
    ]);
  }
});

test('a change during an outage shows on the strip from the return on; a last will followed by silence is one offline span', () => {
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

test('R18a strips are unknown while flows was stopped, whatever the state before', () => {
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

test('R27 the number of comparisons grows about linearly with the number of changes', () => {
  expect(comparisonsOf(400)).toBeLessThanOrEqual(8 * comparisonsOf(100));
});

/** Counts how often a time is read while strips are built from up to `most` changes of each kind. */
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
  historyOf(changes, { from: 0, receiveGaps: many((n) => ({ from: counted(4 * n + 2), to: 4 * n + 3 })) });
  return read;
}

test('R27 while the presence is unknown, the components are unknown too', () => {
  const changes = [at(1, 'camera', 'ok'), at(1, 'presence', 'unknown'), at(4, 'presence', 'online')];
  expect(spans(changes, 'camera')).toEqual([
    [1, 'unknown'],
    [4, 'ok'],
  ]);
});
