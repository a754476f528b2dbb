import { expect, test } from 'vitest';
import { hasOtherIncidents, inWords, type Summary, summaryOf, wrongWith } from './summary.ts';

const peakRssMiB = { broker: 1, flows: 2, dashboards: 3, start: 4, fleet: 5, all: 14 };
const audit = {
  events: 100,
  spools: 3,
  gaps: 0,
  dropped: 0,
  twice: 0,
  forks: 0,
  incidents: { raised: 7, cleared: 3, closed: 1, open: 3 },
  notifications: { delivered: 9, refused: 0, waiting: 0 },
  integrity: 'ok',
};
const [leh, kochi] = ['ladakh/leh/vc-1', 'kerala/kochi/vc-1'];
const listed = [leh, leh, leh, leh, kochi, kochi, kochi].map((scope) => ({ scope }));
const expected = new Map([
  [leh, 4],
  [kochi, 3],
]);
const given = { pcs: 3, speed: 10, eventsSent: 100, audit, listed, expected, late: { beats: 0, worstSeconds: 0 }, peakRssMiB };
const summary: Summary = summaryOf(given);

test('the summary shows the sent events, the content of the ledger, and the incidents', () => {
  expect(summary).toEqual({
    pcs: 3,
    speed: 10,
    eventsSent: 100,
    eventsInLedger: 100,
    gaps: 0,
    dropped: 0,
    appliedTwice: 0,
    forks: 0,
    integrity: 'ok',
    incidents: { raised: 7, cleared: 4, open: 3, expected: 7 },
    differing: [],
    notifications: 9,
    refused: 0,
    late: { beats: 0, worstSeconds: 0 },
    peakRssMiB,
  });
  expect(inWords(summary)).toContain('7 raised, 7 expected from the simulated faults; 4 over, 3 open');
});

test('a summary without a contradiction reports no fault', () => {
  expect(wrongWith(summary, true)).toEqual([]);
});

test.each([
  ['a gap', { gaps: 1 }, '1 events are missing in the ledger'],
  ['a full spool', { dropped: 4 }, '4 events were dropped by full spools'],
  ['an event twice', { appliedTwice: 2 }, '2 events stand twice in the ledger'],
  ['a fork', { forks: 1 }, '1 spools say two things under one number'],
  ['a damaged ledger', { integrity: 'page 7' }, 'the ledger is damaged: page 7'],
  ['an event that did not arrive', { eventsInLedger: 99 }, '100 events were sent and 99 are in the ledger'],
  ['a notification that is refused', { refused: 2 }, '2 notifications were refused'],
  ['an incident too many', { incidents: { ...summary.incidents, raised: 8 } }, '8 incidents were raised, 7 were expected'],
  ['too much memory', { peakRssMiB: { ...peakRssMiB, all: 901 } }, 'the processes had 901 MiB at most, 900 are allowed for 3 PCs'],
])('the summary reports %s as a fault', (_what, changed, line) => {
  expect(wrongWith({ ...summary, ...changed }, true)).toEqual([line]);
});

test.each([
  ['the expected incidents', {}, false],
  ['another number of incidents', { incidents: { ...summary.incidents, raised: 8 } }, true],
  ['the expected number of incidents in other rooms', { differing: [{ scope: leh, raised: 3, expected: 4 }] }, true],
])('a summary with %s decides whether the demo keeps its folder', (_what, changed, isKept) => {
  expect(hasOtherIncidents({ ...summary, ...changed })).toBe(isKept);
});

test('a summary of an interrupted demo has no expected number of incidents and no memory limit', () => {
  const broken = { incidents: { ...summary.incidents, raised: 6 }, peakRssMiB: { ...peakRssMiB, all: 2_000 } };
  expect(wrongWith({ ...summary, ...broken, differing: [{ scope: leh, raised: 3, expected: 4 }] }, false)).toEqual([]);
});
