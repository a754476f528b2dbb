import { expect, it } from 'vitest';
import { setUp } from './quality-rounds.test-helper.ts';
import type { Fate } from './reflector.test-helper.ts';
import { roundWireBytes } from './stamp.ts';

const minute = 60_000;
const hour = 60 * minute;

it('the link measurement runs quality rounds at the interval of the link class, only while the server assigns it to this PC', async () => {
  const { clock, quality, begin, rounds, state, reports } = setUp();
  await clock.pass(hour);
  expect(state.sent).toEqual([]);
  expect([quality.measures(), quality.view()]).toEqual([false, undefined]);
  begin();
  await clock.pass(hour);
  const gaps = rounds().map((up, at, all) => up - (all[at - 1] ?? hour));
  expect(gaps[0]).toBeGreaterThan(5_000);
  expect(gaps[0]).toBeLessThan(60_000);
  for (const gap of gaps.slice(1)) expect(Math.abs(gap - 5 * minute)).toBeLessThan(0.11 * 5 * minute);
  expect(reports()[0]).toMatchObject({ quality: { sent: 23, up: { loss: 0, burst: 1 }, roundTripMs: { median: 20 } } });
  quality.use({ measures: false, grant: undefined });
  const sent = state.sent.length;
  await clock.pass(hour);
  expect(state.sent).toHaveLength(sent);
  expect(quality.view()).toBeUndefined();
});

it('the link measurement sends nothing after its grant expires or without a reflector, and resumes with a new grant', async () => {
  const { clock, quality, begin, state } = setUp();
  quality.use({ measures: true, grant: undefined });
  await clock.pass(hour);
  expect(quality.view()?.problem).toBe('no reflector');
  begin(20 * minute);
  await clock.pass(20 * minute);
  const sent = state.sent.length;
  expect(sent).toBeGreaterThan(0);
  await clock.pass(hour);
  expect(state.sent).toHaveLength(sent);
  expect([quality.grant(), quality.view()?.problem]).toEqual([undefined, 'no reflector']);
  begin();
  await clock.pass(20 * minute);
  expect(state.sent.length).toBeGreaterThan(sent);
});

it('the link measurement counts each round in the data budget before sending, and sends nothing beyond the budget', async () => {
  const used: number[] = [];
  const budget = { hasRoom: () => used.length < 2, used: (_: 'tests', bytes: number) => void used.push(bytes) };
  const { clock, begin, quality, state } = setUp({ budget });
  begin();
  await clock.pass(hour);
  expect(used).toEqual([roundWireBytes(20), roundWireBytes(20)]);
  expect(state.sent).toHaveLength(46);
  expect(quality.view()?.problem).toBe('no budget');
});

it('the link measurement repeats a suspicious round earlier and with more probes, in at most eight rounds per two hours', async () => {
  const { clock, begin, state, rounds } = setUp();
  state.fate = (n) => (n % 20 === 5 ? 'lost up' : { up: 10, down: 10 });
  begin();
  await clock.pass(20 * minute);
  const gaps = rounds().map((up, at, all) => up - (all[at - 1] ?? up));
  for (const gap of gaps.slice(1, 9)) expect(Math.abs(gap - minute)).toBeLessThan(0.11 * minute + 7_000);
  const sent = state.sent.length;
  expect(sent).toBeGreaterThanOrEqual(23 + 8 * 63);
  await clock.pass(hour);
  expect((state.sent.length - sent) / 23).toBeLessThan(14);
  await clock.pass(2 * hour);
  expect(state.sent.length - sent).toBeGreaterThan(36 * 23 + 7 * 40);
});

it('the link measurement reports each tier change and each capacity at once, otherwise every hour, as readings', async () => {
  const { clock, pass, begin, events, reports, capacity } = setUp();
  begin();
  await clock.pass(4 * hour);
  expect(reports().length).toBe(4);
  expect(reports().at(-1)?.quality?.up).toMatchObject({ limit: 'unknown' });
  capacity(10_000, 10_000);
  expect(reports().length).toBe(5);
  await pass(1);
  expect(reports().length).toBe(6);
  expect(reports().at(-1)?.quality).toMatchObject({ up: { tier: 'fhd', limit: null }, down: { tier: 'fhd', limit: null } });
  capacity(1_300, 10_000);
  await pass(2);
  expect(reports().at(-1)?.quality?.up).toMatchObject({ tier: 'fhd' });
  await pass(1);
  expect(reports().at(-1)).toMatchObject({ capacity: { upBps: 1_300_000 }, quality: { up: { tier: 'sd', limit: 'capacity' } } });
  expect(new Set(events.map(({ grade }) => grade))).toEqual(new Set(['reading']));
});

it('the link measurement subtracts the traffic of this PC from the capacity, and keeps the tier while that traffic is unknown', async () => {
  const used = { bps: { up: 0, down: 0 } as { up: number; down: number } | null };
  const { clock, begin, quality, capacity } = setUp({ usedBps: () => used.bps });
  const tier = () => quality.view()?.tiers.up?.tier;
  begin();
  capacity(5_000, 10_000);
  await clock.pass(20 * minute);
  expect(tier()).toBe('fhd');
  used.bps = null;
  await clock.pass(hour);
  expect(tier()).toBe('fhd');
  used.bps = { up: 1_800_000, down: 0 };
  await clock.pass(20 * minute);
  expect(tier()).toBe('hd');
});

it('the link measurement keeps the usual round trip over a restart, and reports a slow link after three slower windows in a row', async () => {
  const first = setUp();
  first.begin();
  await first.clock.pass(30 * minute);
  expect(first.quality.view()?.slow).toBeUndefined();
  await first.clock.pass(hour);
  expect(first.quality.view()?.slow).toBe(false);
  first.quality.stop();
  const again = setUp({}, first.kept);
  again.begin();
  again.state.fate = () => ({ up: 50, down: 40 });
  await again.pass(2);
  expect(again.quality.view()?.slow).toBe(false);
  await again.pass(1);
  expect(again.quality.view()?.slow).toBe(true);
  again.state.fate = () => ({ up: 10, down: 10 });
  await again.pass(3);
  expect(again.quality.view()?.slow).toBe(false);
});

it('the link measurement records an event when the round trips fit another link class, and again when they fit the configured one', async () => {
  const { clock, begin, events, state } = setUp();
  const others = () => events.filter(({ kind }) => kind === 'link-class-changed').map(({ body }) => body);
  begin();
  await clock.pass(30 * minute);
  state.fate = () => ({ up: 310, down: 310 });
  await clock.pass(2 * hour);
  expect(others()).toEqual([{ set: 'fibre', roundTripMs: 620, fits: ['geo'] }]);
  state.fate = () => ({ up: 20, down: 20 });
  await clock.pass(hour);
  expect(others()[1]).toEqual({ set: 'fibre', roundTripMs: 40, fits: ['fibre', '4g', 'leo'] });
});

it('the link measurement reports a problem, not a loss, after three rounds without a response, until the next response', async () => {
  const { clock, pass, begin, quality, state } = setUp();
  const all: Fate = { up: 10, down: 10 };
  begin();
  await clock.pass(30 * minute);
  state.fate = () => 'lost up';
  await pass(2);
  expect(quality.view()?.problem).toBeNull();
  await pass(1);
  expect(quality.view()?.problem).toBe('no answer');
  state.fate = () => all;
  await pass(1);
  expect(quality.view()?.problem).toBeNull();
  expect(quality.view()?.numbers()).toMatchObject({ lu: 0, ld: 0 });
});
