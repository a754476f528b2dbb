/** Property test with ten thousand arrival sequences that no real link produces. Every result must be a finite number or unknown. */

import { encode, type LinkReport, linkReport } from '@sabha/contracts';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import { type Random, randomFrom } from '../../../test/random.ts';
import { handClock } from '../../checks/agent.test-helper.ts';
import { pass } from '../analysis/capacity.test-helper.ts';
import { type CapacityEstimate, capacityOf, nextTrain, streamAfter, type Train } from '../analysis/capacity.ts';
import { type ProbeEcho, type Round, windowOf } from '../analysis/quality.ts';
import { createQualityHistory } from './quality-history.ts';
import { numbersOf, reportOf } from './quality-report.ts';

/** Sequences in one of the ten blocks. */
const sequences = 1_000;
const blocks = Array.from({ length: 10 }, (_, at) => at * sequences);
const future = [65_535, 4_294_967_295, 1e12];

/** Disturbs packets like a bad link: loss, delay, duplication, reordering, and sometimes an invalid value (`odd`). */
function disturbed<T>(given: readonly T[], random: Random, { late, odd }: { late: (one: T) => T; odd: (one: T) => T }): T[] {
  if (random.next() < 0.3) return [...given];
  const share = () => (random.next() < 0.5 ? 0 : random.next() ** 3);
  const [lost, held, doubled, strange] = [share(), share(), share(), share() / 3];
  const came = given.flatMap((one) => {
    if (random.next() < lost) return [];
    const moved = random.next() < held ? late(one) : one;
    const there = random.next() < strange ? odd(moved) : moved;
    return random.next() < doubled ? [there, late(there)] : [there];
  });
  return random.next() < 0.8 ? came : random.shuffle(came);
}

function train(packets: number, bps: number, random: Random): Train {
  const arrivals = disturbed(pass({ bps, bucketBytes: 3_000 * 20 ** random.next() }, packets), random, {
    late: ({ seq, us }) => ({ seq, us: us + 40_000 * random.next() }),
    odd: ({ seq, us }) =>
      random.pick([
        { seq, us: random.pick(future) },
        { seq: random.pick(future), us },
        { seq: packets, us },
        { seq, us: 0 },
      ]),
  });
  return { packets, arrivals };
}

function capacity(random: Random): CapacityEstimate {
  // Keeps most budgets small, so that many sequences run in little time.
  const budgetBytes = random.below(random.next() < 0.05 ? 1_800_000 : 40_000);
  const bps = 0.3e6 * 100 ** random.next();
  const limits = { budgetBytes, ceilingBps: 20e6, cardBps: random.pick([null, 1e8, 1e6]) };
  const trains: Train[] = [];
  for (let packets = nextTrain(trains, limits); packets !== null; packets = nextTrain(trains, limits)) {
    expect(Number.isInteger(packets) && packets > 0).toBe(true);
    trains.push(train(packets, bps, random));
  }
  expect(trains.length).toBeLessThanOrEqual(10);
  const plan = streamAfter(trains, limits);
  return capacityOf(trains, limits, plan === null ? undefined : train(plan.packets, bps, random));
}

function round(random: Random): Round {
  const sent = random.pick([3, 12, 23]);
  const startAt = random.pick([0, 1_790_000_000_000]);
  const aheadMs = random.pick([0, 1_200, -4e11, 4e11]);
  const echoes = Array.from({ length: sent }, (_, seq): ProbeEcho => {
    const sentAt = startAt + 100 * seq;
    const receivedAt = sentAt + aheadMs + 300 * random.next();
    const repliedAt = receivedAt + random.next();
    return { seq, reflectorSeq: seq, sentAt, receivedAt, repliedAt, arrivedAt: repliedAt - aheadMs + 300 * random.next() };
  });
  const came = disturbed(echoes, random, {
    late: (one) => ({ ...one, arrivedAt: one.arrivedAt + 4_000 * random.next() }),
    odd: (one) =>
      random.pick([
        { ...one, reflectorSeq: random.pick(future) },
        { ...one, reflectorSeq: random.below(2 * sent) },
        { ...one, receivedAt: random.pick(future) },
        { ...one, repliedAt: one.repliedAt + random.pick(future) },
        { ...one, arrivedAt: one.sentAt },
      ]),
  });
  return { sent, echoes: came };
}

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

test.each(ofTier(blocks.slice(0, 1), blocks))(
  'the evaluation of arrival sequences from seed %i on gives no exception, no negative number and no NaN',
  (from) => {
    const seen = { windows: 0, nothing: 0, rates: 0 };
    for (let seed = from; seed < from + sequences; seed += 1) {
      const random = randomFrom(seed);
      const clock = handClock();
      const link = random.pick(['fibre', 'geo'] as const);
      const history = createQualityHistory({ clock, link: () => link, spool: { remember: () => true, recall: () => undefined } });
      const [up, down] = [capacity(random), capacity(random)];
      const rates = { upBps: up.bps, downBps: down.bps };
      const taken = { at: clock.now(), how: 'train' as const, ...rates, udpBlocked: false };
      const atLeast = { upBps: up.atLeastBps, downBps: down.atLeastBps };
      const burst = { up: up.burst, down: down.burst };
      const seenBytes = { up: up.seenBytes, down: down.seenBytes };
      history.keepCapacity({ ...taken, atLeast, burst, seenBytes, reasons: { up: up.reason, down: down.reason } });
      for (let at = 0; at < 2; at += 1) {
        const window = windowOf(round(random));
        if (window === undefined) seen.nothing += 1;
        else history.add(window);
      }
      const known = { link, windows: history.windows(), tiers: history.conservativeTiers };
      const report: LinkReport = v.parse(linkReport, reportOf({ ...known, at: clock.now(), capacity: history.capacity() }));
      const said = [...numbersIn(report), ...numbersIn(numbersOf(known))];
      expect(
        said.every((number) => Number.isFinite(number) && number >= 0),
        `seed ${seed}: ${JSON.stringify(report)}`,
      ).toBe(true);
      expect(encode('beat', { digest: '0'.repeat(16), session: 1, at: 1, n: numbersOf(known) }).includes('null')).toBe(false);
      seen.windows += known.windows.length;
      seen.rates += [up.bps, down.bps].filter((bps) => bps !== null).length;
    }
    // Each kind of result occurred often enough to be tested.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(sequences / 200);
  },
);
