/** Are the room's displays connected, and does the PC give them a picture that can be read? */

import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import { areaOf, type Display, displays, type Size } from '../../platform/questions/displays.ts';
import { createExpected } from './expected.ts';

/** What a card falls back to where the display does not tell what it can: a document on it cannot be read from a chair. */
const readable: Size = { width: 1_280, height: 720 };
/** With as much nobody misses what a larger display could show. */
const enough: Size = { width: 1_920, height: 1_080 };

/** Are the displays that the room should have there? A room of which nobody expects one has no check of it. */
export function createDisplayProbe(): Probe {
  const expected = createExpected<Display>();
  return {
    name: 'display',
    everyMs: 30_000,
    timeoutMs: 5_000,
    async run({ platform, profile, signal }) {
      if (!profile.expected.display?.length) return { checks: [] };
      const seen = await platform.ask(displays, signal);
      const answer = seen.known ? { known: true as const, value: seen.value.found } : seen;
      const absent = () => (seen.known && seen.value.isSure ? fault('display.missing') : unknown('the graphics card cannot tell'));
      return { checks: expected({ kind: 'display', profile, answer, judge, absent }) };
    },
  };
}

/** Less than it was made for is a cable or an adapter that cannot carry more. */
function judge({ best, own }: Display): Verdict {
  const least = own === null ? areaOf(readable) : Math.min(areaOf(own), areaOf(enough));
  if (best === null || areaOf(best) >= least) return ok;
  return fault('display.low_resolution', `at most ${best.width} x ${best.height}`);
}
