import { expect, test } from 'vitest';
import { type TrainArrival, trainIpBytes } from '#contracts';
import { blockPackets, lastingOf } from './lasting.ts';

const mbit = 1e6;
const lent = { bps: 8 * mbit, isSure: true };

/** So many packets, by the number and as if each waited for the one before it, at this rate. */
function arrivals(packets: number, bps: number, from: TrainArrival = { seq: -1, us: 0 }): TrainArrival[] {
  const eachUs = (trainIpBytes * 8e6) / bps;
  return Array.from({ length: packets }, (_, at) => ({ seq: from.seq + 1 + at, us: from.us + (at + 1) * eachUs }));
}

/** A burst, and then what it falls to. */
function fallen(packets: number, bps: number) {
  const burst = arrivals(64, lent.bps);
  return { packets: 64 + packets, arrivals: [...burst, ...arrivals(packets, bps, burst.at(-1))] };
}

test('a rate is told of what it fell to only where so many packets came, and for so long', () => {
  expect(lastingOf(fallen(80, 2 * mbit), lent)).toMatchObject({ kind: 'fell', packets: 80 + 1 });
  // Too few packets behind the fall.
  expect(lastingOf(fallen(36, 2 * mbit), lent)).toEqual({ kind: 'unclear', reason: 'the rate is not steady' });
  // Enough of them, but over in 41 ms.
  const fast = { bps: 40 * mbit, isSure: true };
  const burst = arrivals(64, fast.bps);
  const soon = { packets: 108, arrivals: [...burst, ...arrivals(44, 10 * mbit, burst.at(-1))] };
  expect(lastingOf(soon, fast)).toEqual({ kind: 'unclear', reason: 'the rate is not steady' });
});

test('of a stream of which fewer than 40 packets came nothing is told, however steady they are', () => {
  for (const bps of [lent.bps, 2 * mbit]) {
    const come = (packets: number) => lastingOf({ packets: 400, arrivals: arrivals(packets, bps) }, lent);
    expect(come(39)).toEqual({ kind: 'unclear', reason: 'too many packets were lost' });
    expect(come(40).kind).not.toBe('unclear');
  }
});

test('blocks that came as fast as ever and a queue that dropped only later were told as a policer', () => {
  const blocks = (count: number, everyMs: number, { from = 0, fromUs = 0, of = blockPackets } = {}) =>
    Array.from({ length: count }, (_, at) =>
      arrivals(of, lent.bps, { seq: from + at * blockPackets - 1, us: fromUs + at * everyMs * 1_000 }),
    ).flat();
  // Half as fast from the first block on, and later only five of eight come.
  const filling = blocks(20, 19);
  const dropping = blocks(40, 40, { from: 160, fromUs: 380_000, of: 5 });
  expect(lastingOf({ packets: 480, arrivals: [...filling, ...dropping] }, lent)).toEqual({
    kind: 'unclear',
    reason: 'the rate is not steady',
  });
});
