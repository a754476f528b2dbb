import { budgets } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { createFloodControl } from './flood-control.ts';

const room = 'ladakh/leh/hall';
const minute = 60_000;

it('R27, R29 a room at its limit per minute may send again after one minute, even if the clock is set back by two hours', () => {
  const noise = createFloodControl();
  const at = 1_200 * minute;
  for (let told = 0; told < budgets.toldAMinute.most; told += 1) noise.told(room, { faults: [`fault-${told}`], critical: [] }, at);
  expect(noise.mayTell(room, ['one.more'], at)).toBe(false);
  noise.setClock(-120 * minute);
  expect(noise.mayTell(room, ['one.more'], at - 120 * minute)).toBe(false);
  expect(noise.mayTell(room, ['one.more'], at - 119 * minute)).toBe(true);
});

it('R27 the messages of an hour still count after the PC of the room is replaced', () => {
  const noise = createFloodControl();
  for (const at of [0, 1, 2]) noise.told(room, { faults: ['camera.held'], critical: [] }, at * minute);
  noise.count(room);
  noise.forget(room);
  expect([noise.left(room, 30 * minute), noise.counted(room)]).toEqual([0, 0]);
  expect(noise.left(room, 63 * minute)).toBe(3);
});
