import { expect, test } from 'vitest';
import type { FaultView, IncidentView, PcView, Snapshot } from '#contracts';
import {
  changed,
  checkMark,
  news,
  openIncidents,
  overIncidents,
  pcMark,
  shownFaults,
  sortedPcs,
  tally,
  unknownSince,
  viewOf,
} from './model.js';

const ok: PcView['checks'][number] = { component: 'microphone', device: 'm', status: 'ok', fault: null, reason: null, since: 1 };
const fault = { ...ok, status: 'fault', fault: 'microphone.missing' } as const;
const unknown = { ...ok, component: 'camera', status: 'unknown', reason: 'busy' } as const;

function pc(edit: Partial<PcView> = {}): PcView {
  return {
    pc: 's/a/1',
    site: 's/a',
    state: 's',
    room: { en: 'R', hi: 'R' },
    presence: 'online',
    heardAt: 900,
    agent: null,
    checks: [ok],
    incident: null,
    ...edit,
  };
}

function standing(name: string, severity: FaultView['severity'], edit: Partial<FaultView> = {}): FaultView {
  return { fault: name, device: '', name: null, severity, since: 1, hidden: false, unknownSince: null, ...edit };
}

function incident(id: number, edit: Partial<IncidentView> = {}): IncidentView {
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
    notes: [],
    history: [],
    ...edit,
  };
}

const site = (pcs: string[]): Snapshot['sites'][number] => ({
  site: 's/a',
  state: 's',
  name: { en: 'A', hi: 'A' },
  link: 'fibre',
  pcs,
  worst: 'ok',
});
const snapshot = (edit: Partial<Snapshot> = {}): Snapshot => ({
  at: 1_000,
  subscribed: true,
  sites: [site(['s/a/1'])],
  pcs: [pc()],
  incidents: [],
  ...edit,
});

test('ok needs a live stream, a PC that is online and a check that says ok', () => {
  expect(checkMark(ok, pc(), true)).toBe('ok');
  expect(checkMark(ok, pc(), false)).toBe('unknown');
  for (const presence of ['stopped', 'lost', 'silent', 'never'] as const) {
    expect([presence, checkMark(ok, pc({ presence }), true)]).toEqual([presence, 'unknown']);
    expect([presence, checkMark(fault, pc({ presence }), true)]).toEqual([presence, 'unknown']);
    expect([presence, pcMark(pc({ presence, incident: 7 }), true)]).toEqual([presence, 'unknown']);
  }
});

test('a fault or an open incident needs somebody; an unknown check or none at all is never green', () => {
  expect(pcMark(pc(), true)).toBe('ok');
  expect(pcMark(pc({ checks: [ok, unknown, fault] }), true)).toBe('fault');
  expect(pcMark(pc({ incident: 7 }), true)).toBe('fault');
  expect(pcMark(pc({ checks: [ok, unknown] }), true)).toBe('unknown');
  expect(pcMark(pc({ checks: [] }), true)).toBe('unknown');
  expect(pcMark(pc({ checks: [fault] }), false)).toBe('unknown');
});

test('the tally counts each room once, and all of them as unknown when the stream is lost', () => {
  const pcs = [pc(), pc({ checks: [fault] }), pc({ presence: 'silent' }), pc()];
  expect(tally(pcs, true)).toEqual({ ok: 2, fault: 1, unknown: 1 });
  expect(tally(pcs, false)).toEqual({ ok: 0, fault: 0, unknown: 4 });
});

test('rooms stand in the order of who needs somebody, then by path', () => {
  const pcs = [pc({ pc: 's/a/3' }), pc({ pc: 's/a/2', presence: 'silent' }), pc({ pc: 's/a/1' }), pc({ pc: 's/a/4', checks: [fault] })];
  expect(sortedPcs(pcs, true).map((one) => one.pc)).toEqual(['s/a/4', 's/a/2', 's/a/1', 's/a/3']);
});

test('unknown has an age: since the link was lost, or since the PC was last heard, whichever is older', () => {
  expect(unknownSince(pc(), null)).toBeNull();
  expect(unknownSince(pc(), 1_000)).toBe(1_000);
  expect(unknownSince(pc({ presence: 'silent' }), 1_000)).toBe(900);
  expect(unknownSince(pc({ presence: 'never', heardAt: null }), null)).toBeNull();
});

test('a change replaces what it names and leaves the rest', () => {
  const before = viewOf(snapshot({ pcs: [pc(), pc({ pc: 's/a/2' })], incidents: [incident(1)] }));
  const after = changed(before, { at: 2_000, subscribed: true, pcs: [pc({ presence: 'silent' })], incidents: [incident(2)] });
  expect(after.at).toBe(2_000);
  expect(after.pcs.map((one) => [one.pc, one.presence])).toEqual([
    ['s/a/1', 'silent'],
    ['s/a/2', 'online'],
  ]);
  expect(after.incidents.map((one) => one.id)).toEqual([1, 2]);
});

test('a PC that its site no longer lists leaves the wall', () => {
  const before = viewOf(snapshot({ sites: [site(['s/a/1', 's/a/2'])], pcs: [pc(), pc({ pc: 's/a/2' })] }));
  expect(changed(before, { at: 2, subscribed: true, sites: [site(['s/a/2'])] }).pcs.map((one) => one.pc)).toEqual(['s/a/2']);
});

test('what is over for a day leaves the wall', () => {
  const day = 86_400_000;
  const before = viewOf(snapshot({ incidents: [incident(1, { overAt: 0 }), incident(2, { overAt: 10 }), incident(3)] }));
  expect(changed(before, { at: day, subscribed: true }).incidents.map((one) => one.id)).toEqual([2, 3]);
});

test('it is remembered since when the centre hears nobody, also across a reconnect', () => {
  const heard = viewOf(snapshot());
  expect(heard.deafSince).toBeNull();
  const deaf = changed(changed(heard, { at: 2_000, subscribed: false }), { at: 3_000, subscribed: false });
  expect(deaf.deafSince).toBe(2_000);
  expect(viewOf(snapshot({ at: 4_000, subscribed: false }), deaf).deafSince).toBe(2_000);
  expect(viewOf(snapshot({ at: 4_000, subscribed: false })).deafSince).toBe(4_000);
  expect(changed(deaf, { at: 5_000, subscribed: true }).deafSince).toBeNull();
});

test('open incidents: nobody on it first, then the most severe, then the newest', () => {
  const acknowledged = { by: 'A', at: 1 };
  const all = [
    incident(1, { severity: 'critical', acknowledged }),
    incident(2),
    incident(3),
    incident(4, { severity: 'critical' }),
    incident(5, { overAt: 9 }),
  ];
  expect(openIncidents(all).map((one) => one.id)).toEqual([4, 3, 2, 1]);
  expect(overIncidents([incident(6, { overAt: 5 }), ...all, incident(7, { overAt: 12 })]).map((one) => one.id)).toEqual([7, 5, 6]);
});

test('the most severe fault that no parent hides gives an incident its name', () => {
  const faults = [
    standing('camera.held', 'minor'),
    standing('microphone.missing', 'critical', { hidden: true }),
    standing('pc.hot', 'major'),
  ];
  expect(shownFaults(incident(1, { faults })).map((one) => one.fault)).toEqual(['pc.hot', 'camera.held']);
  expect(shownFaults(incident(1, { faults: [standing('pc.hot', 'major', { hidden: true })] }))).toHaveLength(1);
});

test('only what is new, or what just ended, is spoken', () => {
  const before = [incident(1), incident(2), incident(3, { overAt: 1 })];
  const after = [incident(1), incident(2, { overAt: 5 }), incident(3, { overAt: 1 }), incident(4), incident(5, { overAt: 5 })];
  expect(news(before, after).map(({ key, incident: one }) => [key, one.id])).toEqual([
    ['incidentOver', 2],
    ['newIncident', 4],
  ]);
});
