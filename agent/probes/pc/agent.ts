/** Checks whether the agent itself is reliable: its probes, its event history and its certificate. */
import type { Check } from '@sabha/contracts';
import type { Probe } from '../../checks/probe.ts';

const reasonLimit = 256;
const dayMs = 86_400_000;
const warnDays = [1, 7, 30];

export const agentProbe: Probe = {
  name: 'agent',
  everyMs: 60_000,
  timeoutMs: 1_000,
  async run({ self }) {
    const failing = self.failing
      .map((one) => one.probe)
      .sort()
      .join(', ')
      .slice(0, reasonLimit);
    return {
      checks: [
        judge('checks', failing === '' ? null : 'agent.probe_failed', failing || null),
        judge('history', self.spool.droppedInLastDay === 0 ? null : 'agent.events_dropped', null),
        ...(self.certificateLeftMs === undefined ? [] : [certificate(self.certificateLeftMs)]),
      ],
      numbers: { rss: process.memoryUsage.rss(), q: self.spool.waiting },
    };
  },
};

/**
 * Judges the remaining time of the certificate. The agent renews it much earlier, so a short remaining time means that renewal fails. The
 * reason names steps of days, so that it seldom changes.
 */
function certificate(leftMs: number): Check {
  const days = warnDays.find((one) => leftMs <= one * dayMs);
  const reason = leftMs <= 0 ? 'it has ended' : days === undefined ? null : `it ends within ${days} d`;
  return judge('certificate', reason === null ? null : 'agent.certificate', reason);
}

function judge(device: string, fault: string | null, reason: string | null): Check {
  return { component: 'agent', device, status: fault === null ? 'ok' : 'fault', fault, reason };
}
