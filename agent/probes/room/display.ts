/** Checks whether the room's displays are connected with a readable resolution. */

import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import { areaOf, type Display, displays, type Size } from '../../platform/questions/displays.ts';
import { createExpected } from './expected.ts';

/**
 * Least resolution of a display that does not report its native one. The graphics card then falls back to one such as 1024 x 768.
 */
const readable: Size = { width: 1_280, height: 720 };
/** Resolution that is sufficient, even if the display supports a higher one. */
const enough: Size = { width: 1_920, height: 1_080 };

/** Creates the display probe. Without expected displays there is no check. */
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
      const absent = () => (seen.known && seen.value.isSure ? fault('display.missing') : unknown('the graphics card does not report it'));
      return { checks: expected({ kind: 'display', profile, answer, judge, absent }) };
    },
  };
}

/** A resolution below the native one points to a cable or an adapter that cannot carry more. */
function judge({ best, own }: Display): Verdict {
  const least = own === null ? areaOf(readable) : Math.min(areaOf(own), areaOf(enough));
  if (best === null || areaOf(best) >= least) return ok;
  return fault('display.low_resolution', `at most ${best.width} x ${best.height}`);
}
