import { expect, test } from 'vitest';
import { testClock } from '../../flows/notify/people/people.test-helper.ts';
import { watchPunctuality } from './lateness.ts';

test('R18a beats that the simulator says late are counted, so that its own lateness is no silence of a PC', async () => {
  const clock = testClock();
  const { clock: watched, late } = watchPunctuality(clock);
  const said: string[] = [];
  for (const delayMs of [60_000, 240_000, 1_000]) watched.after(delayMs, () => void said.push(`after ${delayMs}`));
  clock.stall(77_000);
  await clock.pass(0);
  expect([said, late()]).toEqual([['after 1000', 'after 60000'], { beats: 1, worstSeconds: 17 }]);
  await clock.pass(200_000);
  expect(late()).toEqual({ beats: 1, worstSeconds: 17 });
  watched.after(60_000, () => void said.push('never'))();
  clock.stall(900_000);
  await clock.pass(0);
  expect([said.length, late().beats]).toEqual([3, 1]);
});
