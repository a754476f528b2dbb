/** Checks whether someone is signed in and the screen is unlocked. Otherwise nobody can start the meeting. */

import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { Answer } from '../../platform/platform.ts';
import { session, type UserSession } from '../../platform/questions/session.ts';

/** Guarantee: without expected devices, or on a PC that never had a seat, there is no check. */
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

function judge(answer: Answer<UserSession>): Verdict {
  if (!answer.known) return unknown(answer.reason);
  if (answer.value === 'none') return fault('session.none');
  return answer.value === 'locked' ? fault('session.locked') : ok;
}
