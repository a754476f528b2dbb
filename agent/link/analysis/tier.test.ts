import { expect, it } from 'vitest';
import { type DirectionFacts, nextTier, type TierState } from './tier.ts';

const kbit = 1_000;
const good: DirectionFacts = { freeBps: 50_000 * kbit, udpBlocked: false, lossAt: () => 0, jitterMs: 5 };
const free = (freeKbps: number, more: Partial<DirectionFacts> = {}): DirectionFacts => ({ ...good, freeBps: freeKbps * kbit, ...more });
function run(windows: readonly DirectionFacts[], way: 'up' | 'down' = 'up', from?: TierState): TierState[] {
  const states: TierState[] = [];
  for (const facts of windows) {
    const next = nextTier(states.at(-1) ?? from, way, facts);
    if (next.tier === undefined) throw new Error(next.limit);
    states.push(next);
  }
  return states;
}
const tiersOf = (states: TierState[]) => states.map(({ tier }) => tier);
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

it.each([
  ['up', 119, null],
  ['up', 120, 'audio'],
  ['up', 1_199, 'audio'],
  ['up', 1_200, 'sd'],
  ['up', 3_119, 'sd'],
  ['up', 3_120, 'hd'],
  ['up', 4_800, 'fhd'],
  ['down', 1_199, 'audio'],
  ['down', 1_200, 'sd'],
  ['down', 2_400, 'hd'],
  ['down', 4_799, 'hd'],
  ['down', 4_800, 'fhd'],
] as const)('tier of %s with %d kbit/s free: %s', (way, freeKbps, tier) => expect(tiersOf(run([free(freeKbps)], way))).toEqual([tier]));

it('nextTier sets the tier by the first window, and changes it only after three consecutive windows that differ', () => {
  expect(tiersOf(run([good, ...times(2, free(1_300)), good, ...times(3, free(1_300))]))).toEqual([...times(6, 'fhd'), 'sd']);
});

it('nextTier raises a tier only at 1.35 times its need, so that a borderline link does not oscillate', () => {
  const border = free(3_200);
  expect(tiersOf(run([good, ...times(3, border)])).at(-1)).toBe('hd');
  expect(tiersOf(run([free(1_300), ...times(9, border)])).at(-1)).toBe('sd');
  expect(tiersOf(run([free(1_300), ...times(3, free(3_520))])).at(-1)).toBe('hd');
});

it('C15 nextTier reports the tier that a lower bound of the capacity meets, and names `unknown` as the limit of the next tier', () => {
  const least = (kbps: number) => run([free(kbps, { leastBps: kbps * kbit })]);
  expect(least(50_000)).toMatchObject([{ tier: 'fhd', limit: null }]);
  expect(least(1_300)).toMatchObject([{ tier: 'sd', limit: 'unknown' }]);
  expect(least(50)).toMatchObject([{ tier: null, limit: 'unknown' }]);
});

it('C14 nextTier limits a direction to SD if R is below 60 and to audio if R is below 50, because of its delay', () => {
  const at = (r: number) => run([{ ...good, r }]);
  expect(at(60)).toMatchObject([{ tier: 'fhd', limit: null }]);
  expect(at(59.9)).toMatchObject([{ tier: 'sd', limit: 'delay' }]);
  expect(at(50)).toMatchObject([{ tier: 'sd', limit: 'delay' }]);
  expect(at(49.9)).toMatchObject([{ tier: 'audio', limit: 'delay' }]);
  expect(run([{ ...good, r: undefined }])).toMatchObject([{ tier: 'fhd' }]);
});

it('nextTier leaves the tier unknown without a capacity, unless loss or jitter exclude audio', () => {
  expect(nextTier(undefined, 'up', { ...good, freeBps: null })).toEqual({ tier: undefined, limit: 'unknown' });
  expect(nextTier(undefined, 'up', { ...good, freeBps: null, udpBlocked: true })).toEqual({ tier: undefined, limit: 'udp-blocked' });
  expect(nextTier(undefined, 'up', { ...good, freeBps: null, lossAt: () => 0.3 })).toMatchObject({ tier: null, limit: 'loss' });
});
