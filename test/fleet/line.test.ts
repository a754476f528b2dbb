import { expect, test } from 'vitest';
import { handClock } from '../../agent/agent.test-helper.ts';
import { createLine, thinLine } from './line.ts';

test('a line that is neither far nor slow delivers at once', () => {
  const got: string[] = [];
  createLine({ clock: handClock() }).pass('up', 1e9, () => got.push('it'));
  expect(got).toEqual(['it']);
});

test('the line of Leh takes half a round trip and 1/8 ms a bit, one after the other', async () => {
  const clock = handClock();
  const line = createLine({ clock, ...thinLine });
  const got: [string, number][] = [];
  for (const name of ['first', 'second']) line.pass('up', 800, () => got.push([name, clock.up()]));
  line.pass('down', 80, () => got.push(['back', clock.up()]));
  await clock.pass(1_000);
  expect(got).toEqual([
    ['back', 360],
    ['first', 450],
    ['second', 550],
  ]);
});

test('what is on its way when the line is cut arrives when it heals, in order', async () => {
  const clock = handClock();
  const line = createLine({ clock, ...thinLine });
  const got: string[] = [];
  line.pass('up', 100, () => got.push('before'));
  await clock.pass(100);
  line.cut();
  line.pass('up', 100, () => got.push('while'));
  await clock.pass(10_000);
  expect([line.isUp(), got]).toEqual([false, []]);
  line.heal();
  expect([line.isUp(), got]).toEqual([true, ['before', 'while']]);
});
