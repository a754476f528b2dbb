import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  noCookie,
  readTrainAnswer,
  readTrainDenial,
  readTrainReport,
  readTrainRequest,
  type TrainRequestKind,
  trainPacketsAtMost,
  trainPayloadBytes,
  trainRequests,
  writeTrainAnswer,
  writeTrainDenial,
  writeTrainReport,
  writeTrainRequest,
} from './train.ts';

const token = randomBytes(16);
const cookie = randomBytes(16);

test('each request survives encoding and decoding, and only a train packet has full length', () => {
  for (const kind of Object.keys(trainRequests) as TrainRequestKind[]) {
    const packet = writeTrainRequest({ kind, train: 513, seq: 329, token, cookie });
    expect(readTrainRequest(packet)).toEqual({ kind, train: 513, seq: 329, token, cookie });
    expect(packet).toHaveLength(kind === 'up' ? trainPayloadBytes : 48);
  }
});

test('each response survives encoding and decoding, and a welcome is shorter than its hello', () => {
  const welcome = writeTrainAnswer({ kind: 'welcome', train: 7, seq: 0, parts: 1, body: cookie });
  expect(readTrainAnswer(welcome)).toEqual({ kind: 'welcome', train: 7, seq: 0, parts: 1, body: cookie });
  expect(welcome.length).toBeLessThan(writeTrainRequest({ kind: 'hello', train: 7, seq: 0, token, cookie: noCookie }).length);
  const load = writeTrainAnswer({ kind: 'load', train: 7, seq: 3, parts: 24, body: Buffer.alloc(0) });
  expect(load).toHaveLength(trainPayloadBytes);
  expect(readTrainAnswer(load)).toMatchObject({ kind: 'load', train: 7, seq: 3, parts: 24 });
});

test('the report of the longest packet train is split into packets that fit a tunnel, and an empty report is sent too', () => {
  const arrivals = Array.from({ length: trainPacketsAtMost }, (_, seq) => ({ seq, us: seq * 20_001 }));
  const parts = writeTrainReport(9, arrivals);
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(trainPayloadBytes);
  const read = parts.map((part) => readTrainAnswer(part)).flatMap((part) => (part === undefined ? [] : readTrainReport(part)));
  expect(read).toEqual(arrivals);
  const [nothing, ...more] = writeTrainReport(9, []).map((part) => readTrainAnswer(part));
  expect(more).toEqual([]);
  expect(nothing && readTrainReport(nothing)).toEqual([]);
});

test('a denial survives encoding and decoding, and an unknown reason is ignored', () => {
  for (const why of ['spent', 'crowded'] as const) {
    const answer = readTrainAnswer(writeTrainDenial(9, why));
    expect(answer).toMatchObject({ kind: 'denied', train: 9 });
    expect(answer && readTrainDenial(answer)).toBe(why);
  }
  expect(readTrainDenial({ seq: 99 })).toBeUndefined();
});
