import { links } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { createBudget, inMemoryStore } from '../../link/net/data-budget.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { linkProbe } from './link.ts';

const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const context = {
  platform: createUnsupported(),
  profile: { link: 'geo', elevationM: 0, expected: {} } as const,
  self,
  signal: AbortSignal.timeout(1_000),
};

it('the link probe reports a data budget that is not used up as ok, with the used shares', async () => {
  const budget = createBudget({ clock: handClock(), store: inMemoryStore() });
  budget.limit(links.geo.budget);
  budget.used('telemetry', 2_000_000);
  budget.used('tests', 9_000_000);
  expect(await linkProbe.run({ ...context, budget })).toEqual({
    checks: [{ component: 'link', device: 'budget', status: 'ok', fault: null, reason: null }],
    numbers: { bm: 0.25, bt: 0.25 },
  });
});

it.each([
  ['tests', 36_000_000, 'by tests of the link'],
  ['telemetry', 8_000_000, 'by messages'],
] as const)('the link probe reports link.budget_spent if the data budget is used up by %s', async (cause, bytes, reason) => {
  const budget = createBudget({ clock: handClock(), store: inMemoryStore() });
  budget.limit(links.geo.budget);
  budget.used(cause, bytes);
  expect((await linkProbe.run({ ...context, budget })).checks).toMatchObject([{ fault: 'link.budget_spent', reason }]);
});

it('the link probe returns no checks in a self-test, which has no link measurements', async () => {
  expect(await linkProbe.run(context)).toEqual({ checks: [], numbers: {} });
});
