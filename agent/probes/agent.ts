/** Can the agent itself be believed: do its checks run, and is its history whole? */
import type { Check } from '#contracts';
import type { Probe } from '../probe.ts';

const reasonLimit = 256;

export const agentProbe: Probe = {
  name: 'agent',
  everyMs: 60_000,
  timeoutMs: 1_000,
  seat: 'run',
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
      ],
      numbers: { rss: process.memoryUsage.rss(), q: self.spool.waiting },
    };
  },
};

function judge(device: string, fault: string | null, reason: string | null): Check {
  return { component: 'agent', device, status: fault === null ? 'ok' : 'fault', fault, reason };
}
