/** What a probe can say in a self-test, which looks once and has no agent at work behind it. */

import type { Probe, ProbeResult } from '../../checks/probe.ts';
import { unknown } from '../../link/analysis/verdict.ts';

const limited: Readonly<Record<string, (result: ProbeResult) => ProbeResult>> = { agent: ofCertificate, pc: ofOneSecond };

/** The same probe. Guarantee: of what one look cannot know it claims nothing. */
export function asFarAsKnown(probe: Probe): Probe {
  const judge = limited[probe.name];
  return judge === undefined ? probe : { ...probe, run: async (context) => judge(await probe.run(context)) };
}

/** Of its runner and spool the agent alone can speak. */
function ofCertificate({ checks }: ProbeResult): ProbeResult {
  return { checks: checks.filter(({ device }) => device === 'certificate') };
}

/** A processor that was busy for this second, perhaps by the installation that just ended, is not too busy for a meeting: the agent waits for minutes. */
function ofOneSecond({ checks, ...others }: ProbeResult): ProbeResult {
  const busy = unknown('measured for one second only');
  return { ...others, checks: checks.map((check) => (check.fault === 'pc.load_high' ? { ...check, ...busy } : check)) };
}
