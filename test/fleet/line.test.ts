import { expect, test } from 'vitest';
import { handClock } from '../../agent/checks/agent.test-helper.ts';
import { createLine, snowLoss, thinLine } from './line.ts';

test('a line that is neither far nor slow delivers at once', () => {
  const got: string[] = [];
  createLine({ clock: handClock() }).pass('up', 1e9, () => got.push('it'));
  expect(got).toEqual(['it']);
});

test('a thin line takes half a round trip and its time a bit, one after the other', async () => {
  const clock = handClock();
  const line = createLine({ clock, roundTripMs: 700, bitsPerSecond: 64_000 });
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

test('snow takes its share of the datagrams, a cut takes all, and neither takes what goes over TCP', async () => {
  const clock = handClock();
  const line = createLine({ clock, ...thinLine });
  const got = { datagrams: 0, passed: 0 };
  const send = async () => {
    for (let n = 0; n < 400; n += 1) {
      line.datagram('up', 72, () => (got.datagrams += 1));
      line.pass('up', 72, () => (got.passed += 1));
    }
    await clock.pass(1_000);
  };
  line.snow(snowLoss);
  await send();
  expect(got.passed).toBe(400);
  expect(got.datagrams / 400).toBeCloseTo(1 - snowLoss, 1);
  line.snow(0);
  line.cut();
  const before = got.datagrams;
  await send();
  line.heal();
  expect(got).toEqual({ datagrams: before, passed: 800 });
});
