/** Checks whether the programs that the room needs are installed. */

import type { Probe } from '../../checks/probe.ts';
import { ok } from '../../link/analysis/verdict.ts';
import { installed, type Program } from '../../platform/questions/installed.ts';
import { createExpected } from './expected.ts';

/** Creates the program probe. Without expected programs there is no check. */
export function createProgramProbe(): Probe {
  const expected = createExpected<Program>();
  return {
    name: 'program',
    everyMs: 600_000,
    timeoutMs: 20_000,
    async run({ platform, profile, signal }) {
      if (!profile.expected.program?.length) return { checks: [] };
      return { checks: expected({ kind: 'program', profile, answer: await platform.ask(installed, signal), judge: () => ok }) };
    },
  };
}
