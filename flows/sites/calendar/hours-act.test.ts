import { expect, test } from 'vitest';
import type { HoursFields, OfferMessage } from '../../engine/records/incidents.ts';
import type { OfficeState } from './when.ts';
import { actByHours } from './when.ts';

const now = 1_800_000_000_000;
const hour = 3_600_000;
const open: OfficeState = {
  is: 'open',
  meeting: null,
  digestAt: now,
  backAt: now,
  isNearClosing: false,
  isClosing: false,
  closed: null,
  lookAt: null,
};
const night: OfficeState = { ...open, is: 'night', digestAt: now + 7 * hour, backAt: now + 8 * hour, isNearClosing: true };
const review = { id: 'm', title: 'Review', from: now + hour / 2, to: now + 2 * hour };
const soon: OfficeState = { ...open, is: 'soon', meeting: review, lookAt: review.to };

function message(change: Partial<OfferMessage> = {}): OfferMessage {
  const scope = 'bihar/patna/vc-1';
  const incident = {
    id: 1,
    scope,
    state: 'bihar',
    site: 'bihar/patna',
    link: 'fibre',
    elevationM: 53,
    severity: 'major',
    flapping: false,
    acknowledged: false,
    told: [],
    cause: null,
  } as const;
  const transition = { id: 1, offer: 1, kind: 'raised', at: now - hour } as const;
  const fault = change.fault ?? 'microphone.muted';
  return {
    topic: scope,
    transition,
    incident: { ...incident, told: [] },
    fault,
    faults: [fault],
    outage: null,
    severity: 'major',
    holdMs: 0,
    to: [],
    acts: [],
    ...change,
  };
}

function act(one: OfferMessage, moment: OfficeState) {
  const { go, how } = actByHours(one, moment, { node: 'when', now });
  const waits = one.acts.flatMap((each) => (each.do === 'wait' ? [{ dueAt: each.dueAt - now, ...each.message.hours }] : []));
  return { go, how, severity: one.severity, hours: one.hours, waits };
}

test('a fault at night waits for the morning or for the next meeting, whichever is first', () => {
  expect(act(message(), night)).toMatchObject({ go: false, how: 'waits for the morning', waits: [{ dueAt: 7 * hour, waits: 'held' }] });
  expect(act(message(), { ...night, lookAt: now + hour })).toMatchObject({ waits: [{ dueAt: hour }] });
});

test.each<[string, Partial<OfferMessage>, boolean]>([
  ['a muted microphone', {}, true],
  ['a quiet microphone, which is minor', { fault: 'microphone.volume_low', severity: 'minor' }, true],
  ['a disk that is hot, which is minor', { fault: 'climate.hot', severity: 'minor' }, false],
  ['what only informs', { severity: 'info' }, false],
])('shortly before a meeting only a fault that can disturb it becomes critical: %s', (_, change, isCritical) => {
  const { go, severity } = act(message(change), soon);
  expect([go, severity === 'critical']).toEqual([true, isCritical]);
});

test('a fault that a meeting made critical returns to its severity afterwards and is not sent again during the meeting', () => {
  const meeting = { at: review.from, title: 'Review' };
  expect(act(message(), soon)).toMatchObject({
    severity: 'critical',
    hours: { meeting },
    waits: [{ dueAt: 2 * hour, waits: 'meeting', was: 'major' }],
  });
  const critical = (hours: HoursFields = { waits: 'meeting', was: 'major' }) => message({ severity: 'major', hours });
  expect(act(critical(), soon)).toMatchObject({ go: false, severity: 'critical', how: 'critical until the meeting is over' });
  expect(act(critical(), open)).toMatchObject({ go: true, severity: 'major', hours: { countsFrom: now } });
  expect(act(critical(), night)).toMatchObject({ go: false, severity: 'major', waits: [{ waits: 'held' }] });
});

test('a fault sent by day is checked again before the next meeting, or daily without a meeting, and is sent again only for a meeting', () => {
  expect(act(message(), { ...open, lookAt: now + 3 * hour })).toMatchObject({ go: true, waits: [{ dueAt: 3 * hour, waits: 'told' }] });
  expect(act(message({ hours: { waits: 'told' } }), open)).toMatchObject({ go: false, waits: [{ dueAt: 24 * hour, waits: 'told' }] });
  expect(act(message({ hours: { waits: 'told' } }), soon)).toMatchObject({ go: true, severity: 'critical', hours: { countsFrom: now } });
});

test('a critical fault is sent again for each meeting with the same severity; a repeated transition waits for no meeting', () => {
  const critical = { severity: 'critical' } as const;
  const first = act(message(critical), { ...open, lookAt: now + 3 * hour });
  expect(first).toMatchObject({ go: true, waits: [{ dueAt: 3 * hour, waits: 'told' }] });
  const again = act(message({ ...critical, hours: { waits: 'told' } }), soon);
  expect(again).toMatchObject({
    go: true,
    hours: { known: true, meeting: { at: review.from } },
    waits: [{ dueAt: 2 * hour, waits: 'told' }],
  });
  expect(act(message({ ...critical, hours: { waits: 'told' } }), open)).toMatchObject({ go: false, waits: [{ waits: 'told' }] });
  const transition = { ...message().transition, again: 'lapsed' } as const;
  expect(act(message({ ...critical, transition }), { ...open, lookAt: now + 3 * hour })).toMatchObject({ go: true, waits: [] });
});

test('a PC switched off with the office is reported at the next opening, and a PC with a broken link in the morning', () => {
  const silent = (cause: 'pc-off' | 'link-down') =>
    message({ fault: 'pc.silent', severity: 'critical', outage: { cause, confidence: 0.9 } });
  const closing = { ...open, isNearClosing: true, backAt: now + 15 * hour };
  expect(act(silent('pc-off'), closing)).toMatchObject({
    go: false,
    how: 'waits for the opening of the office',
    waits: [{ dueAt: 15 * hour }],
  });
  expect(act(silent('link-down'), closing)).toMatchObject({ go: true });
  expect(act(silent('link-down'), night)).toMatchObject({ go: false, waits: [{ dueAt: 7 * hour }] });
});

test('a cleared fault is sent at once', () => {
  const cleared = message({ transition: { id: 1, offer: 1, kind: 'cleared', at: now } });
  expect(act(cleared, night)).toMatchObject({ go: true, waits: [] });
});

test.each([
  ['outage.state', 'undetermined', 'waits for the opening of the office'],
  // The cause `upstream` only says that many sites went offline at the same moment.
  ['outage.provider', 'upstream', 'waits for the opening of the office'],
  ['outage.state', 'link-down', ''],
  ['outage.state', 'power-cut', ''],
] as const)('offices that close together are a regional outage only with a broken line or a power cut: %s, %s', (fault, cause, how) => {
  const closing: OfficeState = { ...open, isNearClosing: true, isClosing: true, backAt: now + 15 * hour };
  const outage = cause === null ? null : { cause, confidence: 0.85 };
  expect(act(message({ fault, outage }), closing)).toMatchObject({ go: how === '', how });
  expect(act(message({ fault, outage }), { ...closing, isClosing: false })).toMatchObject({ go: true });
});
