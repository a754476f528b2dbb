/** What the link of this PC costs. */
import type { Probe } from '../probe.ts';
import { budgetAnswer } from './budget.ts';

/** A self-test has no link, and so nothing to say of it. */
export const linkProbe: Probe = {
  name: 'link',
  everyMs: 60_000,
  timeoutMs: 1_000,
  seat: 'run',
  async run({ budget }) {
    return budget === undefined ? { checks: [] } : budgetAnswer(budget.figures());
  },
};
