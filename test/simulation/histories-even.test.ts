import { expect, test } from 'vitest';
import { audit } from './audit.ts';
import { judgeSeed, seedsOf } from './histories.ts';
import { historyOf, play } from './history.ts';

/** What is done to the ledger of a good history, and what the audit must say of it. */
const crimes: [string, string, RegExp][] = [
  ['an event is missing', 'DELETE FROM events WHERE spool = 1 AND seq = 2', /lost an event/],
  ['an event is counted as settled that is not', 'DELETE FROM events WHERE spool = 2 AND seq = 3', /gaps in the ledger/],
  ['an incident is missing', 'DELETE FROM incidents WHERE over_at IS NULL', /open: .* \| true: /],
  ['a message was never sent', `UPDATE outbox SET row = json_set(row, '$.state', 'waiting')`, /still waits/],
  ['a transition was forgotten', `UPDATE transitions SET row = json_set(row, '$.state', 'open')`, /is still open/],
  ['nobody was told', 'DELETE FROM outbox', /nobody was told/],
];

test('the audit finds what it is there to find', async () => {
  const history = historyOf(2);
  const twin = await play(history, { disturbed: false });
  for (const [what, sql, complaint] of crimes) {
    const world = await play(history, { disturbed: true });
    expect(await audit(history, world, twin), what).toEqual([]);
    world.centre.db().exec(sql);
    expect((await audit(history, world, twin)).join('\n'), what).toMatch(complaint);
  }
});

test.each(seedsOf(0, 2))('history %i loses nothing, takes nothing twice and ends as if nothing had happened', judgeSeed);
