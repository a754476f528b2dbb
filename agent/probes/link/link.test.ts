import { faultOf, type Profile } from '@sabha/contracts';
import { expect, it } from 'vitest';
import type { Window } from '../../link/analysis/quality.ts';
import type { TierState } from '../../link/analysis/tier.ts';
import type { LinkView } from '../../link/measure/quality-rounds.ts';
import { linkProbe } from './link.ts';

type LinkFigures = { up?: number; down?: number; tail?: number; jitterUp?: number; jitterDown?: number; variations?: number };

/** Returns a measuring window of 100 packets with this loss and this delay variation. `tail`: packets after the last echo. */
function window({ up = 0, down = 0, tail = 0, jitterUp = 2, jitterDown = 2, variations = 5 }: LinkFigures = {}): Window {
  const all = (jitterMs: number) => Array.from({ length: variations }, () => jitterMs);
  return {
    up: { sent: 100, lost: up, runs: up, variationsMs: all(jitterUp) },
    down: { sent: 100 - up, lost: down, runs: down, variationsMs: all(jitterDown) },
    roundTripsMs: [20, 21, 22],
    tail,
  };
}
const times = (count: number, given?: LinkFigures) => Array.from({ length: count }, () => window(given));
const tier = (name: TierState['tier'], limit: TierState['limit'] = null): TierState => ({ tier: name, limit, lower: [], higher: [] });
const fine: LinkView = {
  windows: times(4),
  problem: null,
  regular: true,
  tiers: { up: tier('fhd'), down: tier('fhd') },
  conservativeTiers: { up: tier('fhd'), down: tier('fhd') },
  slow: false,
  numbers: () => ({ lu: 0, r: 93 }),
  capacity: undefined,
};

async function ask(link: Partial<LinkView> | undefined, more: Partial<Profile> = {}) {
  const spool = { waiting: 0, bytes: 0, droppedInLastDay: 0 };
  const self = {
    roundTripMs: 1,
    clockOffsetMs: 1,
    spool,
    failing: [],
    link: link && { ...fine, ...(link.tiers && { conservativeTiers: link.tiers }), ...link },
  };
  const profile: Profile = { link: 'fibre', elevationM: 0, expected: {}, ...more };
  const { checks, numbers } = await linkProbe.run({ platform: undefined as never, profile, self, signal: AbortSignal.timeout(1_000) });
  for (const check of checks) expect(check.fault === null || faultOf(check.fault) !== undefined).toBe(true);
  const said = Object.fromEntries(
    checks.map(({ device, status, fault, reason }) => [device, [status === 'fault' ? fault : status, reason].filter(Boolean).join(': ')]),
  );
  return { said, numbers };
}

it('the link probe reports a good link by four ok checks with their numbers', async () => {
  expect(await ask({})).toEqual({ said: { loss: 'ok', jitter: 'ok', delay: 'ok', tier: 'ok' }, numbers: { lu: 0, r: 93 } });
});

it('the link probe returns no checks on a PC that does not measure, or before a measurement on demand', async () => {
  expect(await ask(undefined)).toEqual({ said: {}, numbers: {} });
  expect((await ask({ regular: false, windows: [] })).said).toEqual({});
  expect(Object.keys((await ask({ regular: false })).said)).toHaveLength(4);
});

it.each([
  ['no reflector', 'the server has no reflector'],
  ['no answer', 'no answer from the reflector'],
  ['breaks off', 'only the first packets of a round come back'],
  ['no budget', 'the data budget for tests is used up'],
  ['no sense', 'the measured values make no sense'],
] as const)(
  'the link probe returns unknown for each check, and no figures, if the measurement has the problem "%s"',
  async (problem, reason) => {
    const { said, numbers } = await ask({ problem });
    expect(said).toEqual(Object.fromEntries(['loss', 'jitter', 'delay', 'tier'].map((device) => [device, `unknown: ${reason}`])));
    expect(numbers).toEqual({});
  },
);

it('the link probe judges loss by the limit of the tier, over as many packets as that limit needs, and names the direction', async () => {
  const loss = async (windows: Window[], required?: Profile['tier']) =>
    (await ask({ windows }, required === undefined ? {} : { tier: required })).said['loss'];
  expect(await loss(times(4, { up: 2 }))).toBe('ok');
  expect(await loss(times(4, { up: 3 }))).toBe('link.loss_high: to the server');
  expect(await loss(times(4, { down: 3 }))).toBe('link.loss_high: from the server');
  expect(await loss(times(4, { up: 3, down: 3 }))).toBe('link.loss_high: both ways');
  expect(await loss(times(4, { up: 2 }), 'hd')).toBe('link.loss_high: to the server');
  expect(await loss(times(2, { up: 2 }), 'hd')).toBe('unknown: too few probes yet');
  // A bad window before the last ones does not count.
  expect(await loss([window({ up: 60 }), ...times(3)])).toBe('ok');
  // Few packets are enough to show a loss of 10 %.
  expect(await loss(times(1, { up: 20 }))).toBe('link.loss_high: to the server');
});

it('the link probe judges jitter by the median of three windows', async () => {
  const jitter = async (windows: Window[]) => (await ask({ windows })).said['jitter'];
  expect(await jitter([window({ jitterUp: 99 }), window(), window()])).toBe('ok');
  expect(await jitter([window(), window({ jitterUp: 31 }), window({ jitterUp: 40 })])).toBe('link.jitter_high: to the server');
  expect(await jitter(times(3, { jitterUp: 31, jitterDown: 31 }))).toBe('link.jitter_high: both ways');
});

it('the link probe reports link.delay_high if the delay is above the usual delay of the link', async () => {
  expect((await ask({ slow: true })).said['delay']).toBe('link.delay_high');
});

it('the link probe reports link.tier_low below the tier that the site needs, and names the worse direction', async () => {
  const tierOf = async (up: LinkView['tiers']['up'], down: LinkView['tiers']['up'], required?: Profile['tier']) =>
    (await ask({ tiers: { up, down } }, required === undefined ? {} : { tier: required })).said['tier'];
  expect(await tierOf(tier('audio', 'capacity'), tier('fhd'))).toBe('ok');
  expect(await tierOf(tier(null, 'loss'), tier('fhd'))).toBe('link.tier_low: to the server: not even audio, because of its loss');
  expect(await tierOf(tier('fhd'), tier('audio', 'jitter'), 'sd')).toBe(
    'link.tier_low: from the server: audio only, because of its jitter',
  );
  expect(await tierOf(tier('sd', 'capacity'), tier('audio', 'capacity'), 'hd')).toBe(
    'link.tier_low: from the server: audio only, because of its capacity',
  );
  expect(await tierOf(tier('hd', 'capacity'), tier('fhd'), 'fhd')).toBe(
    'link.tier_low: to the server: HD video at most, because of its capacity',
  );
  expect(await tierOf({ tier: undefined, limit: 'unknown' }, tier('fhd'))).toBe('unknown: the capacity of the link is not known');
  expect(await tierOf({ tier: undefined, limit: 'unknown' }, tier(null, 'loss'))).toMatch(/^link.tier_low: from the server/);
  const blocked = { tier: undefined, limit: 'udp-blocked' } as const;
  expect(await tierOf(blocked, blocked)).toBe('unknown: UDP does not get through');
});

const capacity = { at: 0, how: 'train' as const, upBps: 2_000_000, downBps: 8_000_000, udpBlocked: false };

it('C15 the link probe reports the tier as unknown if the lower bound of the rate is below the required tier, and as ok above', async () => {
  const tierSaid = async (up: TierState) =>
    (await ask({ tiers: { up: tier('fhd'), down: tier('fhd') }, conservativeTiers: { up, down: tier('fhd') } }, { tier: 'hd' })).said[
      'tier'
    ];
  expect(await tierSaid(tier('hd', 'unknown'))).toBe('ok');
  expect(await tierSaid(tier('sd', 'unknown'))).toBe('unknown: it is not known whether the speed lasts');
});

it('C12 the link probe reports an unknown tier with the reason why the capacity is unknown', async () => {
  const open = { tier: undefined, limit: 'unknown' } as const;
  const reasons = { up: null, down: 'too many packets were lost' };
  const { said } = await ask({ tiers: { up: tier('fhd'), down: open }, capacity: { ...capacity, downBps: null, reasons } });
  expect(said['tier']).toBe('unknown: too many packets were lost');
});

it('the link probe reports after a measurement, by packet train or TCP, the capacity and whether UDP passes, and neither before', async () => {
  const udp = async (link: Partial<LinkView>) => {
    const { said, numbers } = await ask(link);
    return [said['udp'], numbers?.cu, numbers?.cd];
  };
  expect(await udp({})).toEqual([undefined, undefined, undefined]);
  expect(await udp({ capacity })).toEqual(['ok', 2_000_000, 8_000_000]);
  const large = { ...capacity, downBps: null, udpBlocked: true, blocked: 'large' as const };
  expect(await udp({ capacity: large })).toEqual(['link.udp_blocked: large packets do not get through', 2_000_000, undefined]);
  const all = { ...capacity, how: 'tcp' as const, udpBlocked: true, blocked: 'all' as const };
  expect(await udp({ capacity: all, problem: 'no answer' })).toEqual(['link.udp_blocked: no packet comes back', 2_000_000, 8_000_000]);
  expect(await udp({ capacity: all })).toEqual(['ok', 2_000_000, 8_000_000]);
});
