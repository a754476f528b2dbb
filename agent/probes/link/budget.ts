/** The data budget as a check of the link, and as numbers. The probe of the link says it with its own. */
import type { Check } from '#contracts';
import type { ProbeResult } from '../../checks/probe.ts';
import type { BudgetFigures } from '../../link/net/data-budget.ts';

/** Steps and no figures in the reason: one that changes is news. */
export function budgetAnswer({ telemetryBytes, telemetryLimit, testBytes, testLimit }: BudgetFigures): ProbeResult {
  const isTestSpent = testBytes >= testLimit;
  const isTelemetrySpent = telemetryBytes >= telemetryLimit;
  const spent = isTestSpent || isTelemetrySpent;
  const answer = spent
    ? { status: 'fault' as const, fault: 'link.budget_spent', reason: isTelemetrySpent ? 'by messages' : 'by tests of the link' }
    : { status: 'ok' as const, fault: null, reason: null };
  const check: Check = { component: 'link', device: 'budget', ...answer };
  return { checks: [check], numbers: { bt: testBytes / testLimit, bm: telemetryBytes / telemetryLimit } };
}
