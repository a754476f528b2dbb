/** Is somebody signed in at this PC, and can the screen be seen? Without it nobody starts the meeting. */

import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { Answer } from '../../platform/platform.ts';
import { type Session, session } from '../../platform/questions/session.ts';

/** Guarantee: a PC of which no room expects anything, and one that never had a seat, have no check of it. */
export function createSessionProbe(): Probe {
  let isKnown = false;
  return {
    name: 'session',
    everyMs: 60_000,
    timeoutMs: 5_000,
    async run({ platform, profile, signal }) {
      if (Object.values(profile.expected).every((devices) => devices.length === 0)) return { checks: [] };
      const answer = await platform.ask(session, signal);
      isKnown ||= answer.known;
      return { checks: isKnown ? [{ component: 'session', device: '', ...judge(answer) }] : [] };
    },
  };
}

function judge(answer: Answer<Session>): Verdict {
  if (!answer.known) return unknown(answer.reason);
  if (answer.value === 'none') return fault('session.none');
  return answer.value === 'locked' ? fault('session.locked') : ok;
}
