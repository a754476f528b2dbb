/** Are the programs there without which this room cannot meet? */

import type { Probe } from '../../checks/probe.ts';
import { ok } from '../../link/analysis/verdict.ts';
import { installed, type Program } from '../../platform/questions/installed.ts';
import { createExpected } from './expected.ts';

/** Is each program installed that the room should have? A room of which nobody expects one has no check of it. */
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
