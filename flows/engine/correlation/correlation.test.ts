/** Tests `createCorrelation`: which common cause it finds for lost PCs, the members of that cause, its delay and its end. */
import { expect, test } from 'vitest';
import { createCorrelation } from './correlation.ts';
import { defaultNumbers as numbers } from './numbers.ts';
import type { SiteAvailability } from './sight.ts';

const second = 1_000;
const minute = 60 * second;

type Seen = { pcs?: number; lost?: number; at?: number; isSilent?: boolean; onBattery?: number; heardAt?: number; expected?: number };

function site(
  name: string,
  { pcs = 3, lost = 0, at = 0, isSilent = true, onBattery = 0, heardAt = at + 1, expected = pcs }: Seen = {},
): SiteAvailability {
  const losses = Array.from({ length: lost }, (_, pc) => ({ pc: `bihar/${name}/pc-${pc}`, from: at - minute, at, isSilent }));
  const heard = Array.from({ length: pcs - lost }, () => heardAt);
  const seen = { expected, watched: pcs, lost: losses, away: lost, onBattery, heard };
  return { site: `bihar/${name}`, regions: ['state:bihar', 'nation'], ...seen };
}
const names = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `site-${at + from}`);
const sites = (count: number, seen: Seen = {}, from = 0) => names(count, from).map((name) => site(name, seen));
const fresh = () => createCorrelation([], { now: 0 });

test('createCorrelation: if all PCs of a site are lost, the cause of each PC is the outage of the site', () => {
  const correlation = fresh();
  const { scopes, who } = correlation.judge([site('gaya', { lost: 3 }), site('patna')], 0);
  expect(scopes).toEqual(['site:bihar/gaya']);
  expect(who.toSorted()).toEqual([0, 1, 2].map((pc) => `bihar/gaya/pc-${pc}`));
  expect(correlation.causeOfScope('bihar/gaya/pc-0')).toBe('site:bihar/gaya');
  expect(correlation.causeOfScope('bihar/patna/pc-0')).toBeUndefined();
});

test('createCorrelation: in an outage of a region, the cause of a lost site is the region, and the cause of its PCs is the site', () => {
  const correlation = fresh();
  correlation.judge([site('gaya', { lost: 3 }), site('patna')], 0);
  const { scopes } = correlation.judge(
    [site('gaya', { lost: 3 }), ...sites(4, { lost: 3, at: minute }), ...sites(3, { at: minute }, 9)],
    minute,
  );
  expect(scopes).toContain('state:bihar');
  expect(correlation.causeOfScope('site:bihar/gaya')).toBe('state:bihar');
  expect(correlation.causeOfScope('bihar/gaya/pc-0')).toBe('site:bihar/gaya');
});

test('createCorrelation: an outage of a region ends when few of its sites remain lost, and stays their cause for five more minutes', () => {
  const correlation = fresh();
  const others = sites(15, {}, 20);
  correlation.judge([...sites(10, { lost: 3 }), ...others], 0);
  const left = (count: number) => [...sites(count, { lost: 3 }), ...sites(10 - count, { heardAt: minute }, count), ...others];
  correlation.judge(left(3), minute);
  expect(correlation.causes.get('state:bihar')).toMatchObject({ endedAt: null, away: names(3).map((name) => `bihar/${name}`) });
  correlation.judge(left(2), 2 * minute);
  expect(correlation.causes.get('state:bihar')?.endedAt).toBe(2 * minute);
  const over = 2 * minute + numbers.settleMs;
  correlation.judge(left(2), over - 1);
  expect(correlation.causeOfScope('site:bihar/site-0')).toBe('state:bihar');
  correlation.judge(left(2), over);
  expect(correlation.causeOfScope('site:bihar/site-0')).toBeUndefined();
  expect(correlation.causeOfScope('bihar/site-0/pc-0')).toBe('site:bihar/site-0');
});

test.each([
  ['18 min', 18 * minute, 18 * minute],
  ['an hour', 60 * minute, numbers.settleMostMs],
])(
  'createCorrelation: an ended outage stays the cause of its lost sites for as long as the returns took, at most 30 min (here %s)',
  (_, tookMs, longer) => {
    const correlation = fresh();
    const others = sites(15, {}, 20);
    correlation.judge([...sites(10, { lost: 3 }), ...others], 0);
    const left = (count: number) => [...sites(count, { lost: 3 }), ...sites(10 - count, { heardAt: minute }, count), ...others];
    correlation.judge(left(9), minute);
    const over = minute + tookMs;
    correlation.judge(left(2), over);
    correlation.judge(left(2), over + longer - 1);
    expect(correlation.causeOfScope('site:bihar/site-0')).toBe('state:bihar');
    correlation.judge(left(2), over + longer);
    expect(correlation.causeOfScope('site:bihar/site-0')).toBeUndefined();
  },
);

test.each([
  ['exactly 15 min later', numbers.joinMs, 9],
  ['1 ms after that', numbers.joinMs + 1, 8],
])(
  'createCorrelation: a site that is lost alone joins an outage of its region until 15 min after the last loss: %s',
  (_, afterMs, members) => {
    const correlation = fresh();
    correlation.judge([...sites(8, { lost: 3 }), ...sites(12, {}, 20)], 0);
    const at = afterMs + minute;
    correlation.judge([...sites(8, { lost: 3 }), site('late', { lost: 3, at }), ...sites(11, {}, 20)], at);
    expect(correlation.causes.get('state:bihar')?.members.size).toBe(members);
  },
);

test('createCorrelation: the cause of a single lost PC stays undecided for one minute, because more PCs of its site may be lost', () => {
  const correlation = fresh();
  const look = (at: number) => correlation.judge([site('gaya', { lost: 1, heardAt: -1 }), site('patna')], at);
  look(0);
  expect(correlation.causeOfScope('bihar/gaya/pc-0')).toBe('waits');
  look(numbers.waitMs - 1);
  expect(correlation.causeOfScope('bihar/gaya/pc-0')).toBe('waits');
  expect(look(numbers.waitMs).who).toEqual(['bihar/gaya/pc-0']);
  expect(correlation.causeOfScope('bihar/gaya/pc-0')).toBeUndefined();
});

test('createCorrelation: a site whose PCs run on battery has a power cut, which continues when the PCs go offline', () => {
  const correlation = fresh();
  correlation.judge([site('gaya', { onBattery: 3 }), site('patna')], 0);
  expect(correlation.causes.get('site:bihar/gaya')).toMatchObject({ faults: ['outage.power'], since: 0 });
  expect(correlation.powerCauseOf('bihar/gaya', 0)).toBe('site:bihar/gaya');
  correlation.judge([site('gaya', { onBattery: 3, lost: 3, at: minute }), site('patna')], minute);
  expect(correlation.causes.get('site:bihar/gaya')).toMatchObject({ faults: ['outage.power', 'outage.site'], since: 0 });
  expect(correlation.powerCauseOf('bihar/patna', 0)).toBeUndefined();
});
