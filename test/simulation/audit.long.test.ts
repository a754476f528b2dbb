// @module-tag long
import { expect, test } from 'vitest';
import type { Incident } from '../../flows/engine/records/incidents.ts';
import type { Op } from '../../flows/engine/records/ops.ts';
import { audit } from './audit.ts';
import { type History, historyOf, play } from './history.ts';
import { createOpenScopes } from './open-scopes.ts';

/** Damage to the ledger of a correct history: name, SQL, and the expected complaint of the audit. */
const crimes: [string, string, RegExp][] = [
  ['an event is missing', 'DELETE FROM events WHERE spool = 1 AND seq = 2', /lost an event/],
  ['an event is counted as settled that is not', 'DELETE FROM events WHERE spool = 2 AND seq = 3', /gaps in the ledger/],
  ['an incident is missing', 'DELETE FROM incidents WHERE over_at IS NULL', /open: .* \| true: /],
  ['a message was never sent', `UPDATE outbox SET row = json_set(row, '$.state', 'waiting')`, /still waits/],
  ['a transition was forgotten', `UPDATE transitions SET row = json_set(row, '$.state', 'open')`, /is still open/],
  ['nobody was told', 'DELETE FROM outbox', /nobody was told/],
  [
    'somebody of the other site was told',
    `UPDATE outbox SET row = json_set(row, '$.person', 'nora')`,
    /nora of ladakh\/nubra was told of ladakh\/leh\/pc-/,
  ],
];

test('the audit reports each kind of damage to a ledger', async () => {
  const { disturbances, ...rest } = historyOf(2);
  // The damage may not hit rows of a hostile PC, which the audit ignores.
  const history = { ...rest, siteActs: [], disturbances: disturbances.filter(({ kind }) => kind !== 'a PC is hostile') };
  await eachIsFound(crimes, history);
});

const fourTimes = 'SELECT 1 AS n UNION SELECT 2 UNION SELECT 3 UNION SELECT 4';
/**
 * Damage to a ledger in which a room was retired while its microphone was missing. A row with a new key is one that the simulation did not
 * see.
 */
const siteCrimes: [string, string, RegExp][] = [
  ['it is still open', `UPDATE incidents SET row = json_set(row, '$.over', NULL)`, /pc-1 is not watched and has an open incident/],
  [
    'nobody hears that it is closed',
    `DELETE FROM outbox WHERE row ->> '$.notice.kind' = 'closed'`,
    /asha was told of incident 1, not that it is/,
  ],
  [
    'it is told five times in an hour',
    `INSERT INTO transitions SELECT id + 100 * n, incident, state, json_set(row, '$.id', id + 100 * n) FROM transitions, (${fourTimes}) WHERE id = 1;
     INSERT INTO outbox SELECT (1 + 100 * n) || '/email/asha', state, json_set(row, '$.key', (1 + 100 * n) || '/email/asha', '$.transition', 1 + 100 * n)
     FROM outbox, (${fourTimes}) WHERE key = '1/email/asha'`,
    /pc-1: [4-6] messages within an hour, and 3 is the most/,
  ],
];

test('the audit reports each kind of damage around a retired room', async () => {
  const minute = 60_000;
  const missing = { atMs: 3 * minute, pc: 0, component: 'microphone', device: 'expected-1', fault: 'microphone.missing' };
  const quiet = { seed: 1, pcs: 3, link: 'fibre', calmAtMs: 10 * minute } as const;
  const history: History = {
    ...quiet,
    disturbances: [],
    restores: [],
    quiets: [],
    changes: [missing],
    siteActs: [{ atMs: 6 * minute, forMs: minute, kind: 'retire', pc: 0 }],
  };
  await eachIsFound(siteCrimes, history);
});

/** Each damage is done to a copy of the same ledger. */
const quietFrom = `(SELECT row ->> '$.deeds[0].at' FROM incidents WHERE id = 1)`;
const maintainedFrom = `(SELECT row ->> '$.openedAt' FROM incidents WHERE row ->> '$.scope' = 'maintenance:ladakh/leh')`;
/** Damage after a missing microphone was snoozed and its site maintained. */
const quietCrimes: [string, string, RegExp][] = [
  [
    'something critical came while it was quiet',
    `UPDATE transitions SET row = json_set(row, '$.at', ${quietFrom} + 60000) WHERE id = 1`,
    /ladakh\/leh\/pc-1: microphone.missing at .* was hidden by a quiet/,
  ],
  [
    'it is told while it is quiet',
    `UPDATE outbox SET row = json_set(row, '$.createdAt', ${quietFrom} + 60000) WHERE key = '1/email/asha'`,
    /1\/email\/asha is told of ladakh\/leh\/pc-1 while it is quiet/,
  ],
  [
    'nobody hears that the maintenance begins',
    `DELETE FROM outbox WHERE row ->> '$.notice.scope' GLOB 'maintenance:*'`,
    /nobody was told that ladakh\/leh is maintained/,
  ],
  [
    'it is told meanwhile',
    `UPDATE outbox SET row = json_set(row, '$.key', 'late-1/email/asha', '$.createdAt', ${maintainedFrom} + 60000) WHERE key = '1/email/asha'`,
    /late-1\/email\/asha is told at .* of ladakh\/leh, which is maintained/,
  ],
  [
    'nobody hears what is still bad',
    `DELETE FROM outbox WHERE row ->> '$.notice.again.why' = 'maintained'`,
    /ladakh\/leh\/pc-1: microphone.missing.* still stood at .*, and nobody was told/,
  ],
];

test('the audit reports faults hidden by a snooze and missing notifications of maintenance', async () => {
  const minute = 60_000;
  const missing = { atMs: 3 * minute, pc: 0, component: 'microphone', device: 'expected-1', fault: 'microphone.missing' };
  const once = { forMs: 5 * minute, pc: 0, choice: 0 };
  const history: History = {
    seed: 1,
    pcs: 3,
    link: 'fibre',
    calmAtMs: 25 * minute,
    disturbances: [],
    restores: [],
    siteActs: [],
    changes: [missing],
    quiets: [
      { ...once, atMs: 5 * minute, kind: 'snooze' },
      { ...once, atMs: 12 * minute, kind: 'maintain' },
    ],
  };
  await eachIsFound(quietCrimes, history);
});

async function eachIsFound(crimes: readonly [string, string, RegExp][], history: History): Promise<void> {
  const twin = await play(history, { disturbed: false });
  const world = await play(history, { disturbed: true });
  const db = world.centre.db();
  const complaints = async () => (await audit(history, world, twin)).join('\n');
  expect(await complaints()).toBe('');
  for (const [what, sql, complaint] of crimes) {
    db.exec('BEGIN');
    db.exec(sql);
    expect(await complaints(), what).toMatch(complaint);
    db.exec('ROLLBACK');
  }
  expect(await complaints()).toBe('');
}

test('the audit reports two open incidents of one room for the commit that leaves both open, but not for a commit that closes the first', () => {
  const incident = (id: number, over: 'cleared' | null): Op => ({ op: 'incident', incident: { ...emptyIncident, id, over } });
  const open = createOpenScopes();
  open.took([incident(1, null)]);
  open.took([incident(2, null), incident(1, 'cleared')]);
  open.forget();
  open.took([incident(3, null)]);
  expect(open.twice).toEqual([]);
  open.took([incident(4, null)]);
  expect(open.twice).toEqual(['bihar/gaya/pc-1 has the incidents 3 and 4 open at one time']);
});

const emptyIncident: Incident = {
  id: 0,
  scope: 'bihar/gaya/pc-1',
  openedAt: 0,
  severity: 'info',
  flapping: false,
  overAt: null,
  over: null,
  closedBecause: null,
  acknowledged: null,
  faults: [],
  told: [],
  notes: [],
};
