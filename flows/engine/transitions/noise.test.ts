import { expect, it } from 'vitest';
import { budgets } from '#contracts';
import { createNoise } from './noise.ts';

it('R27, R29 a clock that is set back by two hours holds up no message of a room that was told of just before', () => {
  const noise = createNoise();
  const room = 'ladakh/leh/hall';
  const twoHoursMs = 7_200_000;
  const at = 10 * twoHoursMs;
  for (let told = 0; told < budgets.toldAMinute.most; told += 1) noise.told(room, { faults: [`fault-${told}`], critical: [] }, at);
  expect(noise.mayTell(room, ['one.more'], at)).toBe(false);
  noise.setClock(-twoHoursMs);
  expect(noise.mayTell(room, ['one.more'], at - twoHoursMs)).toBe(false);
  expect(noise.mayTell(room, ['one.more'], at - twoHoursMs + 60_000)).toBe(true);
});
