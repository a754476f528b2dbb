import {
  type FaultView,
  type IncidentRow,
  meetingComponents,
  noneExpected,
  shownStatus as ofContracts,
  type PcView,
  type RollCallRow,
  type RollCallView,
  type SiteView,
  type Snapshot,
  statuses,
} from '@sabha/contracts';
import { expect, test } from 'vitest';
import {
  applyChange,
  checkMark,
  childrenOf,
  countSites,
  createView,
  incidentMark,
  isClearing,
  listNews,
  meetingRank,
  needsAction,
  openIncidents,
  overIncidents,
  pcMark,
  shownFaults,
  shownStatusOf,
  sinceOf,
  unknownSince,
  urgentStates,
} from './model.js';

const ok: PcView['checks'][number] = { component: 'microphone', device: 'm', status: 'ok', fault: null, reason: null, since: 1 };
const fault = { ...ok, status: 'fault', fault: 'microphone.missing' } as const;

function pc(edit: Partial<PcView> = {}): PcView {
  return {
    pc: 's/a/1',
    site: 's/a',
    state: 's',
    room: { en: 'R', hi: 'R' },
    presence: 'online',
    heardAt: 900,
    calledAt: null,
    agent: null,
    config: { wanted: 1, held: 1 },
    checks: [ok],
    readiness: 'ready',
    why: null,
    incident: null,
    outage: null,
    ...edit,
  };
}

function standing(name: string, severity: FaultView['severity'], edit: Partial<FaultView> = {}): FaultView {
  return { fault: name, device: '', name: null, severity, since: 1, hidden: false, unknownSince: null, ...edit };
}

function incident(id: number, edit: Partial<IncidentRow> = {}): IncidentRow {
  return {
    id,
    scope: 's/a/1',
    room: { en: 'R', hi: 'R' },
    site: { en: 'A', hi: 'A' },
    severity: 'major',
    openedAt: id,
    overAt: null,
    over: null,
    closedBecause: null,
    flapping: false,
    acknowledged: null,
    faults: [],
    told: [],
    outage: null,
    ...edit,
  };
}

const site = (path: string, edit: Partial<SiteView> = {}): SiteView => ({
  site: path,
  state: path.split('/')[0] ?? '',
  name: { en: path, hi: path },
  stage: 'live',
  link: 'fibre',
  elevationM: 0,
  pcs: 1,
  readiness: 'ready',
  why: null,
  worst: null,
  open: 0,
  quietSince: null,
  ...edit,
});
const snapshot = (edit: Partial<Snapshot> = {}): Snapshot => ({
  at: 1_000,
  subscribed: true,
  states: [],
  sites: [site('s/a')],
  pcs: [pc()],
  incidents: [],
  rollcall: null,
  ...edit,
});
const frame = { at: 2_000, subscribed: true };

test('the mark of a check is its status only with a live stream and an online PC', () => {
  expect(checkMark(ok, pc(), true)).toBe('unproven');
  expect(checkMark({ ...ok, component: 'clock' }, pc(), true)).toBe('ok');
  expect(checkMark(ok, pc(), false)).toBe('unknown');
  for (const presence of ['unheard', 'stopped', 'lost', 'silent', 'never'] as const) {
    expect([presence, checkMark(ok, pc({ presence }), true)]).toEqual([presence, 'unknown']);
    expect([presence, checkMark(fault, pc({ presence }), true)]).toEqual([presence, 'unknown']);
    expect([presence, pcMark(pc({ presence, incident: 7 }), true)]).toEqual([presence, 'unknown']);
  }
});

test('the wall derives the same status of each check as the contracts', () => {
  for (const component of [...meetingComponents, 'sound', 'clock', 'presence'])
    for (const status of statuses)
      for (const reason of [null, 'in use by zoom', noneExpected])
        expect([component, status, reason, shownStatusOf({ component, status, reason })]).toEqual([
          component,
          status,
          reason,
          ofContracts({ component, status, reason }),
        ]);
});

test('the tally counts live sites only, and all of them as unknown when the stream is lost', () => {
  const sites = [site('s/a'), site('s/b', { readiness: 'not-ready' }), site('s/c', { readiness: 'unknown' }), site('s/d')];
  const others = [site('s/e', { stage: 'planned' }), site('s/f', { stage: 'commissioning', readiness: 'not-ready' })];
  const stages = { live: 4, planned: 1, commissioning: 1, closed: 0 };
  expect(countSites([...sites, ...others], true)).toEqual({ unproven: 2, fault: 1, unknown: 1, ...stages });
  expect(countSites([...sites, ...others], false)).toEqual({ unproven: 0, fault: 0, unknown: 4, ...stages });
});

test('the unknown time of a PC starts when the connection was lost or the PC was last seen', () => {
  expect(unknownSince(pc(), null)).toBeNull();
  expect(unknownSince(pc(), 1_000)).toBe(1_000);
  expect(unknownSince(pc({ presence: 'silent' }), 1_000)).toBe(900);
  expect(unknownSince(pc({ presence: 'never', heardAt: null }), null)).toBeNull();
});

test('a change replaces what it names and keeps the rest', () => {
  const before = createView(snapshot({ pcs: [pc(), pc({ pc: 's/a/2' })], incidents: [incident(1)] }));
  const after = applyChange(before, { at: 2_000, subscribed: true, pcs: [pc({ presence: 'silent' })], incidents: [incident(2)] });
  expect(after.at).toBe(2_000);
  expect(after.pcs.map((one) => [one.pc, one.presence])).toEqual([
    ['s/a/1', 'silent'],
    ['s/a/2', 'online'],
  ]);
  expect(after.incidents.map((one) => one.id)).toEqual([1, 2]);
});

test('a change of one site keeps the lists of other states identical, so that only its tile is drawn', () => {
  const before = createView(snapshot({ sites: [site('s/b'), site('t/a'), site('s/a')] }));
  const after = applyChange(before, { ...frame, sites: [site('s/a', { readiness: 'not-ready' })] });
  expect(after.sites.get('s')?.map((one) => [one.site, one.readiness])).toEqual([
    ['s/a', 'not-ready'],
    ['s/b', 'ready'],
  ]);
  expect(after.sites.get('t')).toBe(before.sites.get('t'));
  expect(applyChange(before, frame).sites).toBe(before.sites);
});

test('removed sites, states and PCs leave the view, and a last-seen update changes only the time', () => {
  const before = createView(snapshot({ sites: [site('s/a'), site('t/a')], pcs: [pc(), pc({ pc: 's/a/2' })] }));
  const after = applyChange(before, { ...frame, sitesGone: ['t/a'], pcsGone: ['s/a/2'], heard: { 's/a/1': 1_900 } });
  expect([...after.sites.keys()]).toEqual(['s']);
  expect(after.pcs).toEqual([pc({ heardAt: 1_900 })]);
});

test('results of a roll call accumulate until another one starts', () => {
  const counts = { expected: 2, answered: 0, ready: 0, 'not-ready': 0, unknown: 2 };
  const name = { en: 'A', hi: 'A' };
  const place = { site: 's/a', state: 's', siteName: name, room: name };
  const row = (path: string): RollCallRow => ({ pc: path, ...place, after: 5, readiness: 'ready', why: null, heardAt: 1, owner: null });
  const summary = { scope: '', by: 'A', startedAt: 1, endsAt: 9, finishedAt: null, counts, states: [] };
  const call = (id: string, rows: RollCallRow[]): RollCallView => ({ id, ...summary, rows });
  const first = applyChange(createView(snapshot()), { ...frame, rollcall: call('r1', [row('s/a/1')]) });
  const second = applyChange(first, { ...frame, rollcall: call('r1', [row('s/a/2')]) });
  expect([...second.rows.keys()]).toEqual(['s/a/1', 's/a/2']);
  expect(applyChange(second, frame).rows).toBe(second.rows);
  expect([...applyChange(second, { ...frame, rollcall: call('r2', [row('s/a/2')]) }).rows.keys()]).toEqual(['s/a/2']);
});

test('a state is hot only with a critical or major incident that is not acknowledged', () => {
  const all = [
    incident(1, { scope: 'a/x/1', severity: 'critical' }),
    incident(2, { scope: 'b/x/1', acknowledged: { by: 'A', at: 1 } }),
    incident(3, { scope: 'c/x/1', severity: 'minor' }),
    incident(4, { scope: 'd/x/1', overAt: 5 }),
  ];
  expect([...urgentStates(all)]).toEqual(['a']);
});

test('an incident is missing in the open list only if its parent is there and explains all its faults; its parent always lists it', () => {
  const hidden = [standing('pc.silent', 'critical', { hidden: true })];
  const spread = { members: ['a/x'], away: ['a/x'], of: 3, path: 'a' };
  const cause = incident(1, { scope: 'state:a', spread, severity: 'critical' });
  const child = incident(2, { scope: 'a/x/1', parent: 1, faults: hidden });
  const own = incident(3, { scope: 'a/x/2', parent: 1, faults: [...hidden, standing('camera.missing', 'critical')] });
  const left = incident(4, { scope: 'a/x/3', parent: 9, faults: hidden });
  const all = [cause, child, own, left];
  expect(
    openIncidents(all, 'a')
      .map(({ id }) => id)
      .sort(),
  ).toEqual([1, 3, 4]);
  expect(openIncidents(all, 'b')).toEqual([]);
  expect(childrenOf(all, 1).map(({ id }) => id)).toEqual([2, 3]);
  expect([...urgentStates([cause])]).toEqual(['a']);
  expect(overIncidents(all.map((one) => ({ ...one, overAt: 5, told: [] }))).map(({ id }) => id)).toEqual([1]);
});

test('the page of a site lists the group incident that explains its room', () => {
  const spread = { members: ['a/x/1', 'b/y/1'], away: ['a/x/1'], of: 3, path: '' };
  const cause = incident(1, { scope: 'spread:microphone.missing Jabra', spread });
  const all = [cause, incident(2, { scope: 'a/x/1', parent: 1, faults: [standing('microphone.missing', 'critical', { hidden: true })] })];
  const seen = ['', 'a', 'a/x', 'b', 'b/y'].map((within) => openIncidents(all, within).map(({ id }) => id));
  expect(seen).toEqual([[1], [1], [1], [], []]);
});

test('an incident with only cleared faults needs no action, and with one present fault it does', () => {
  const watched = { since: 900, until: 1_500 };
  const again = incident(1, { faults: [standing('pc.silent', 'critical', { watched })], severity: 'critical' });
  const partly = incident(2, {
    faults: [standing('pc.silent', 'critical', { watched }), standing('microphone.missing', 'critical', { hidden: true })],
  });
  const silent = incident(3, { faults: [standing('pc.silent', 'critical')] });
  const all = [again, partly, silent];
  expect(all.map((one) => needsAction(one))).toEqual([false, true, true]);
  expect(all.map((one) => isClearing(one))).toEqual([true, false, false]);
  expect(urgentStates([again]).size).toBe(0);
  expect(all.map((one) => shownFaults(one).map(({ fault }) => fault))).toEqual([['pc.silent'], ['microphone.missing'], ['pc.silent']]);
});

test('a flapping incident needs no action while its faults are clear', () => {
  const minute = 60_000;
  const gone = (since: number) => [standing('microphone.missing', 'critical', { watched: { since, until: since + 10 * minute } })];
  const flapping = { flapping: true, severity: 'critical' } as const;
  const turns = [gone(1_000), [standing('microphone.missing', 'critical')], gone(9_000)].map((faults) =>
    incident(1, { faults, ...flapping }),
  );
  const seen = (one: IncidentRow) => [needsAction(one), isClearing(one), urgentStates([one]).size, incidentMark(one, { live: true })];
  const well = [false, true, 0, 'ok'];
  expect(turns.map(seen)).toEqual([well, [true, false, 1, 'fault'], well]);
  const both = incident(2, { ...flapping, faults: [...gone(9_000), standing('pc.hot', 'major')] });
  expect(shownFaults(both)[0]?.fault).toBe('pc.hot');
});

test('the view keeps since when the server receives nothing, also across a reconnect', () => {
  const heard = createView(snapshot());
  expect(heard.notReceivingSince).toBeNull();
  const deaf = applyChange(applyChange(heard, { at: 2_000, subscribed: false }), { at: 3_000, subscribed: false });
  expect(deaf.notReceivingSince).toBe(2_000);
  expect(createView(snapshot({ at: 4_000, subscribed: false }), deaf).notReceivingSince).toBe(2_000);
  expect(createView(snapshot({ at: 4_000, subscribed: false })).notReceivingSince).toBe(4_000);
  expect(applyChange(deaf, { at: 5_000, subscribed: true }).notReceivingSince).toBeNull();
});

test('R18a the last receive gap of the server stays in the view until the next one', () => {
  const first = { from: 1_000, to: 60_000, settled: false };
  const seen = createView(snapshot({ away: first }));
  expect([createView(snapshot()).away, seen.away, applyChange(seen, frame).away]).toEqual([null, first, first]);
  const again = { from: 90_000, to: 200_000, settled: false };
  expect(applyChange(seen, { ...frame, away: again }).away).toEqual(again);
});

test('open incidents are sorted by unacknowledged, severity and newest', () => {
  const acknowledged = { by: 'A', at: 1 };
  const all = [
    incident(1, { severity: 'critical', acknowledged }),
    incident(2),
    incident(3),
    incident(4, { severity: 'critical' }),
    incident(5, { overAt: 9 }),
  ];
  expect(openIncidents(all).map((one) => one.id)).toEqual([4, 3, 2, 1]);
  const near = [incident(8, { scope: 's/ab/1' }), incident(9, { scope: 's/a/2' })];
  expect(openIncidents([...near, incident(3)], 's/a').map((one) => one.id)).toEqual([9, 3]);
  expect(overIncidents([incident(6, { overAt: 5 }), ...all, incident(7, { overAt: 12 })]).map((one) => one.id)).toEqual([7, 5, 6]);
});

test('the title of an incident is its most severe fault that no parent hides', () => {
  const faults = [
    standing('camera.held', 'minor'),
    standing('microphone.missing', 'critical', { hidden: true }),
    standing('pc.hot', 'major'),
  ];
  expect(shownFaults(incident(1, { faults })).map((one) => one.fault)).toEqual(['pc.hot', 'camera.held']);
  expect(shownFaults(incident(1, { faults: [standing('pc.hot', 'major', { hidden: true })] }))).toHaveLength(1);
});

test('the age of an incident is that of its title fault', () => {
  const since = (at: number, more: object = {}) => ({ ...standing('microphone.missing', 'critical', more), since: at });
  const watched = { since: 900, until: 1_500 };
  expect(sinceOf(incident(1, { openedAt: 700, faults: [since(200)] }))).toBe(200);
  expect(sinceOf(incident(1, { openedAt: 100, faults: [since(100, { watched }), { ...since(800), severity: 'minor' }] }))).toBe(800);
  expect(sinceOf(incident(1, { openedAt: 700, faults: [] }))).toBe(700);
  expect(sinceOf(incident(1, { openedAt: 700, overAt: 950, faults: [since(900), since(200)] }))).toBe(200);
});

test('only new and just ended incidents are announced', () => {
  const before = [incident(1), incident(2), incident(3, { overAt: 1 })];
  const after = [incident(1), incident(2, { overAt: 5 }), incident(3, { overAt: 1 }), incident(4), incident(5, { overAt: 5 })];
  expect(listNews(before, after).map(({ key, incident: one }) => [key, one.id])).toEqual([
    ['incidentOver', 2],
    ['newIncident', 4],
  ]);
});

test('fields that the stream omits from an incident get their default values', () => {
  const { site: _, over: __, closedBecause: ___, flapping: ____, acknowledged: _____, ...news } = incident(1);
  const rows = (scope: string) => applyChange(createView(snapshot()), { ...frame, incidents: [{ ...news, scope }] }).incidents;
  const nothing = { over: null, closedBecause: null, flapping: false, acknowledged: null };
  expect(rows('s/a/1')).toMatchObject([{ site: site('s/a').name, ...nothing }]);
  expect(rows('s/gone/1')).toMatchObject([{ site: { en: 's/gone', hi: 's/gone' }, ...nothing }]);
});

test('components that a meeting needs come first, the connection before all', () => {
  const all = ['agent', 'camera', 'clock', 'presence', 'microphone', 'speaker', 'unheard-of'];
  expect(all.toSorted((a, b) => meetingRank(a) - meetingRank(b))).toEqual([
    'presence',
    'microphone',
    'camera',
    'speaker',
    'agent',
    'clock',
    'unheard-of',
  ]);
});
