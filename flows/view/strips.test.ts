import { expect, test } from 'vitest';
import type { Change } from '../records/ops.ts';
import { historyOf } from './strips.ts';

const at = (time: number, component: string, status: string, faults: string[] = []): Change => ({ at: time, component, status, faults });
const spans = (changes: Change[], component: string, from = 0) =>
  historyOf(changes, from)
    .find((strip) => strip.component === component)
    ?.spans.map(({ from: since, status, faults }) => [since, status, ...faults]);

test('each component is a strip of what it said, the presence first', () => {
  const changes = [
    at(1, 'presence', 'online'),
    at(1, 'microphone', 'ok'),
    at(5, 'microphone', 'fault', ['microphone.muted']),
    at(9, 'camera', 'unknown'),
  ];
  expect(historyOf(changes, 0).map(({ component }) => component)).toEqual(['presence', 'camera', 'microphone']);
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

test('what was said before the time begins with it', () => {
  const changes = [at(1, 'presence', 'online'), at(2, 'camera', 'fault', ['camera.missing']), at(120, 'camera', 'ok')];
  expect(spans(changes, 'camera', 100)).toEqual([
    [100, 'fault', 'camera.missing'],
    [120, 'ok'],
  ]);
  expect(historyOf([], 100)).toEqual([]);
});
