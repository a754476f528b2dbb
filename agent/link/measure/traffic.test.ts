import { expect, test } from 'vitest';
import type { CardFigures } from '../../platform/platform.ts';
import { createTraffic } from './traffic.ts';

function setUp() {
  const at = { up: 0, address: '10.1.2.3' as string | undefined, asked: 0 };
  const figures: CardFigures & { known: boolean } = { sentBytes: 0, receivedBytes: 0, speedBps: 1e9, known: true };
  const traffic = createTraffic({
    clock: { up: () => at.up },
    card: async () => (figures.known ? { known: true, value: { ...figures } } : { known: false, reason: 'gone' }),
    address: async () => {
      at.asked += 1;
      return at.address;
    },
  });
  const pass = async (ms: number, sent: number, received: number) => {
    at.up += ms;
    figures.sentBytes += sent;
    figures.receivedBytes += received;
    await traffic.sample();
  };
  return { at, figures, traffic, pass };
}

test('the traffic meter returns the highest rate of the last minute for each direction', async () => {
  const { traffic, pass } = setUp();
  await traffic.sample();
  await pass(10_000, 2_500_000, 0);
  await pass(10_000, 0, 1_250_000);
  await pass(10_000, 12_500, 12_500);
  expect(traffic.busiest()).toEqual({ upBps: 2e6, downBps: 1e6 });
  for (let at = 0; at < 6; at += 1) await pass(10_000, 12_500, 12_500);
  expect(traffic.busiest()).toEqual({ upBps: 1e4, downBps: 1e4 });
  expect(traffic.cardBps()).toBe(1e9);
});

test('the traffic meter returns null before the second sample, and when the last sample is older than a minute', async () => {
  const { at, traffic, pass } = setUp();
  expect([traffic.busiest(), traffic.cardBps()]).toEqual([null, null]);
  await traffic.sample();
  expect(traffic.busiest()).toBeNull();
  await pass(10_000, 1, 1);
  expect(traffic.busiest()).not.toBeNull();
  at.up += 120_000;
  expect(traffic.busiest()).toBeNull();
});
