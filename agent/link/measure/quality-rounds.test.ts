import { links } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { setUp } from './quality-rounds.test-helper.ts';
import type { Fate } from './reflector.test-helper.ts';
import { roundWireBytes } from './stamp.ts';

const minute = 60_000;
const hour = 60 * minute;

it('without the centre’s word it sends nothing; with it, rounds at the pace of the class; without it again, nothing', async () => {
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

it('a right that has ended, and a centre without a reflector, is no right: nothing is sent until there is one', async () => {
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

it('over budget it sends nothing and says so; what it sends is counted before', async () => {
  const used: number[] = [];
  const budget = { hasRoom: () => used.length < 2, used: (_: 'tests', bytes: number) => void used.push(bytes) };
  const { clock, begin, quality, state } = setUp({ budget });
  begin();
  await clock.pass(hour);
  expect(used).toEqual([roundWireBytes(20), roundWireBytes(20)]);
  expect(state.sent).toHaveLength(46);
  expect(quality.view()?.problem).toBe('no budget');
});

it('a doubt is settled by more probes, sooner; but eight rounds of it in two hours are enough', async () => {
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

it('a month of nothing but doubt stays within the budget that a class has for tests', { tags: ['long'] }, async () => {
  for (const link of ['fibre', '4g', 'leo', 'geo'] as const) {
    const { clock, begin, state, set } = setUp();
    set.link = link;
    state.fate = (n) => (n % 20 === 5 ? 'lost up' : { up: 300, down: 300 });
    begin();
    await clock.pass(24 * hour);
    expect(state.sent.length * 2 * 86 * 31, link).toBeLessThan(links[link].budget.testBytes / 2);
  }
});

it('tells each change of a tier, each capacity, and else once an hour; as readings, which may go first', async () => {
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

it('what others use of the capacity counts, and while that is not known the tier stands', async () => {
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

it('says R twice on a satellite: as it is, and as people take it there', async () => {
  for (const [link, adjusted] of [
    ['geo', true],
    ['fibre', false],
  ] as const) {
    const { clock, begin, reports, state, set } = setUp();
    set.link = link;
    state.fate = () => ({ up: 320, down: 320 });
    begin();
    await clock.pass(hour);
    const quality = reports()[0]?.quality;
    expect(quality?.r).toBeCloseTo(71.6, 1);
    expect(quality?.rAdjusted === undefined ? 0 : quality.rAdjusted - quality.r).toBeCloseTo(adjusted ? 20 : 0, 5);
  }
});

it('knows what is usual over a restart, and that three windows in a row were slower', async () => {
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

it('the last capacity is known over a restart while it is worth something; what cannot be read is as if it were not there', async () => {
  const first = setUp();
  first.begin();
  first.capacity(10_000, 10_000);
  const again = setUp({}, first.kept);
  expect(again.quality.capacity()).toMatchObject({ upBps: 10_000_000 });
  await again.clock.pass(12 * hour);
  expect(again.quality.capacity()).toBeUndefined();
  for (const text of ['{', '[]', '{"at":1,"capacity":{"at":"x"}}', '["a"]']) {
    const spoilt = setUp(
      {},
      new Map([
        ['link-capacity', text],
        ['link-usual', text],
      ]),
    );
    expect([spoilt.quality.capacity(), spoilt.quality.measures()]).toEqual([undefined, false]);
  }
});

it('a link whose round trips fit another class is an event, once, and once more when they fit again', async () => {
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

it('three rounds in a row without an answer are a problem, not a loss; the next answer ends it', async () => {
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

it('a line that lets the first four packets of each flow pass was "loss 0 %, tier ok": after three such rounds nothing is known of it', async () => {
  const { begin, pass, quality, capacity, state } = setUp();
  const probes = 23;
  begin();
  capacity(10_000, 10_000);
  state.fate = (n) => (n % probes < 4 ? { up: 10, down: 10 } : 'lost up');
  await pass(3);
  expect(quality.view()).toMatchObject({ problem: 'breaks off', windows: [], tiers: { up: undefined, down: undefined } });
  state.fate = () => ({ up: 10, down: 10 });
  await pass(1);
  expect(quality.view()).toMatchObject({ problem: null, tiers: { up: { tier: 'fhd' } } });
});

it('C15 of a lower bound the report tells the tier that it meets, and more stays possible; UDP that is blocked leaves the tier unknown', async () => {
  const { clock, begin, pass, quality, reports } = setUp();
  const reasons = { up: 'the rate is not steady', down: 'too fast to measure with so few bytes' };
  const none = { upBps: null, downBps: null };
  begin();
  const atLeast = { upBps: 1_300_000, downBps: 57_000_000 };
  quality.took({ at: clock.now(), how: 'train', ...none, udpBlocked: false, atLeast, reasons });
  await pass(1);
  expect(reports().at(-1)?.quality).toMatchObject({ up: { tier: 'sd', limit: 'unknown' }, down: { tier: 'fhd', limit: null } });
  expect(quality.view()?.numbers()).toMatchObject({ tu: 2, td: 4 });
  expect(quality.view()?.tiers).toMatchObject({ up: { tier: 'fhd' }, down: { tier: 'fhd' } });
  const tcp = { upBps: 5_400_000, downBps: 5_400_000, how: 'tcp', udpBlocked: true } as const;
  quality.took({ at: clock.now(), ...tcp, blocked: 'large' });
  await pass(1);
  expect(reports().at(-1)?.quality?.up).toMatchObject({ limit: 'udp-blocked' });
  expect(reports().at(-1)?.quality?.up.tier).toBeUndefined();
});

it.each([
  [280, 'fhd', null],
  [350, 'fhd', null],
  [535, 'sd', 'delay'],
  [700, 'sd', 'delay'],
  [1_000, 'audio', 'delay'],
] as const)('C14 with %i ms each way a line of 10 Mbit/s carries %s, on a satellite as elsewhere', async (eachMs, tier, limit) => {
  for (const link of ['fibre', 'geo'] as const) {
    const { begin, pass, reports, state, set, capacity } = setUp();
    set.link = link;
    state.fate = () => ({ up: eachMs, down: eachMs });
    begin();
    capacity(10_000, 10_000);
    await pass(1);
    expect(reports().at(-1)?.quality).toMatchObject({ up: { tier, limit }, down: { tier, limit } });
  }
});

it('windows of more than half a day ago say nothing any more, nor does a round that ends after the stop', async () => {
  const { clock, begin, quality, state, events } = setUp();
  begin();
  await clock.pass(hour);
  state.fate = () => 'lost up';
  const before = quality.view()?.windows.length ?? 0;
  await clock.pass(13 * hour);
  state.fate = () => ({ up: 10, down: 10 });
  await clock.pass(6 * minute);
  expect(before).toBeGreaterThan(8);
  expect(quality.view()?.windows.length).toBeLessThan(3);
  const told = events.length;
  void quality.measureNow();
  quality.stop();
  await clock.pass(24 * hour);
  expect(events).toHaveLength(told);
  expect(state.openSockets).toBe(0);
});
