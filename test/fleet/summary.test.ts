import { expect, test } from 'vitest';
import { inWords, type Summary, summaryOf, wrongWith } from './summary.ts';

const peakRssMiB = { broker: 1, flows: 2, dashboards: 3, start: 4, fleet: 5, all: 14 };
const audit = {
  events: 100,
  spools: 3,
  gaps: 0,
  dropped: 0,
  twice: 0,
  forks: 0,
  incidents: { raised: 7, cleared: 3, closed: 1, open: 3 },
  notifications: { delivered: 9, refused: 1, waiting: 0 },
  integrity: 'ok',
};
const summary: Summary = summaryOf({ pcs: 3, speed: 10, eventsSent: 100, audit, expected: 7, peakRssMiB });

test('the summary says what was sent, what the ledger holds, and what became of the incidents', () => {
  expect(summary).toEqual({
    pcs: 3,
    speed: 10,
    eventsSent: 100,
    eventsInLedger: 100,
    gaps: 0,
    appliedTwice: 0,
    incidents: { raised: 7, cleared: 4, open: 3, expected: 7 },
    notifications: 9,
    peakRssMiB,
  });
  expect(inWords(summary)).toContain('7 raised (7 expected), 4 over, 3 open');
});

test('nothing is wrong where all comes out even', () => {
  expect(wrongWith(summary, true)).toEqual([]);
});

test.each([
  ['a gap', { gaps: 1 }, '1 events are missing in the ledger'],
  ['an event twice', { appliedTwice: 2 }, '2 events stand twice in the ledger'],
  ['an event that did not arrive', { eventsInLedger: 99 }, '100 events were sent and 99 are in the ledger'],
  ['an incident too many', { incidents: { ...summary.incidents, raised: 8 } }, '8 incidents were raised, 7 were to be'],
])('%s is wrong', (_what, changed, line) => {
  expect(wrongWith({ ...summary, ...changed }, true)).toEqual([line]);
});

test('a demo that was broken off owes no number of incidents', () => {
  expect(wrongWith({ ...summary, incidents: { ...summary.incidents, raised: 6 } }, false)).toEqual([]);
});
