import { type BeatKey, beatSeries } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { seeded } from '../checks/agent.test-helper.ts';
import { createBeatNumbers } from './beat-sender.ts';

const keys = Object.keys(beatSeries) as BeatKey[];
const sizeOf = (numbers: object) => JSON.stringify(numbers).length - 2;

it('the beat repeats a number only if its first three digits changed, and rounds a number of 1,000 or more to an integer', () => {
  const beats = createBeatNumbers();
  const first = beats.pick({ load: 0.25678, up: 123_456 }, 80);
  expect(first).toEqual({ load: 0.257, up: 123_456 });
  beats.said(first);
  expect(beats.pick({ load: 0.2569, up: 123_489.5 }, 80)).toEqual({});
  expect(beats.pick({ load: 0.26, up: 123_499 }, 80)).toEqual({ load: 0.26 });
});

it.each([0, 0.3, 1])(
  'the beat sends each number within 15 beats of 60 B, with all numbers in use and a share of %s of them changing',
  (changing) => {
    const random = seeded(changing * 10 + 1);
    const beats = createBeatNumbers();
    const numbers = Object.fromEntries(keys.map((key) => [key, 0.123]));
    const last = new Map<string, number>(keys.map((key) => [key, -1]));
    for (let beat = 0; beat < 200; beat += 1) {
      for (const key of keys) if (random() < changing) numbers[key] = Math.round(random() * 1_000) / 1_000;
      const picked = beats.pick(numbers, 60);
      expect(sizeOf(picked)).toBeLessThanOrEqual(60);
      beats.said(picked);
      for (const key of Object.keys(picked)) last.set(key, beat);
      for (const [key, said] of last) expect(beat - said, `${key} at ${beat}`).toBeLessThanOrEqual(15);
    }
  },
);
