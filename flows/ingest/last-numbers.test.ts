import { encode } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createBeatNumbers } from './ingest.ts';

const pc = 'ladakh/leh/vc-1';
const beat = (n: Record<string, number>, part?: 1) =>
  encode('beat', { digest: '0'.repeat(16), session: 1, at: 1, n, ...(part && { part }) });
const minute = 60_000;

test('the numbers come from the last beat, only for the keys that a page shows, and expire after three missed beats', () => {
  const numbers = createBeatNumbers();
  expect(numbers.of(pc, 'fibre', 0)).toEqual({});
  numbers.recordBeat(pc, { link: 'fibre', payload: beat({ room: 21, uc: 0.9, load: 0.5 }), up: 0 });
  numbers.recordBeat(pc, { link: 'fibre', payload: beat({ room: 22, load: 0.5 }), up: minute });
  expect(numbers.of(pc, 'fibre', minute)).toEqual({ room: 22 });
  expect(numbers.of(pc, 'fibre', 4 * minute)).toEqual({ room: 22 });
  expect(numbers.of(pc, 'fibre', 5 * minute)).toEqual({});
});

test('on a thin link a number that a beat lacks keeps its value until a whole series of beats lacks it', () => {
  const numbers = createBeatNumbers();
  const each = 4 * minute;
  numbers.recordBeat(pc, { link: 'geo', payload: beat({ room: 21, uc: 0.9 }), up: 0 });
  for (let nth = 1; nth <= 15; nth++) numbers.recordBeat(pc, { link: 'geo', payload: beat({ room: 21 + nth }), up: nth * each });
  expect(numbers.of(pc, 'geo', 15 * each)).toEqual({ room: 36, uc: 0.9 });
  numbers.recordBeat(pc, { link: 'geo', payload: beat({ room: 20 }), up: 16 * each });
  expect(numbers.of(pc, 'geo', 16 * each)).toEqual({ room: 20 });
});

test('on fibre a partial beat keeps the other numbers, and a full beat replaces them', () => {
  const numbers = createBeatNumbers();
  numbers.recordBeat(pc, { link: 'fibre', payload: beat({ room: 21, uc: 0.9 }), up: 0 });
  for (let nth = 1; nth <= 15; nth++) numbers.recordBeat(pc, { link: 'fibre', payload: beat({ room: 21 + nth }, 1), up: nth * minute });
  expect(numbers.of(pc, 'fibre', 15 * minute)).toEqual({ room: 36, uc: 0.9 });
  numbers.recordBeat(pc, { link: 'fibre', payload: beat({ room: 20 }, 1), up: 16 * minute });
  expect(numbers.of(pc, 'fibre', 16 * minute)).toEqual({ room: 20 });
  numbers.recordBeat(pc, { link: 'fibre', payload: beat({ uc: 0.5 }), up: 17 * minute });
  expect(numbers.of(pc, 'fibre', 17 * minute)).toEqual({ uc: 0.5 });
});

test('an unreadable or oversized beat sets no numbers, and a removed PC is forgotten', () => {
  const numbers = createBeatNumbers();
  numbers.recordBeat(pc, { link: 'fibre', payload: beat({ room: 21 }), up: 0 });
  numbers.recordBeat(pc, {
    link: 'fibre',
    payload: beat(Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`k${at}`, 1]))),
    up: 1,
  });
  expect(numbers.of(pc, 'fibre', 1)).toEqual({ room: 21 });
  numbers.recordBeat(pc, { link: 'fibre', payload: Buffer.from('{"digest":"0000000000000000","n":'), up: 2 });
  expect(numbers.of(pc, 'fibre', 2)).toEqual({});
  numbers.forget(pc);
  expect(numbers.of(pc, 'fibre', 2)).toEqual({});
});
