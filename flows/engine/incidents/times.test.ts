import { describe, expect, it } from 'vitest';
import { contentsAfter, createStage, type EngineStage, fault, holdFirst, minute, pc, second } from './stage.test-helper.ts';

describe('R29 times from an earlier run whose clock was different', () => {
  it('people are notified of a fault from before a restart even if the clock is set back within the hold of the fault', () => {
    const known = { pc, link: 'fibre', elevationM: 0 } as const;
    const closed = createStage({ known: [{ ...known, alerts: false }] });
    closed.subscribe();
    closed.birth();
    closed.state([fault('microphone.muted')]);
    closed.pass(minute);
    const stage = next([closed], closed.now());
    stage.pass(10 * second);
    expect(stage.incident()?.faults).toMatchObject([{ since: closed.now() - minute }]);
    stage.setClock(-10 * minute);
    stage.live(10 * second);
    stage.setClock(10 * minute);
    stage.live(minute);
    expect(stage.told()).toEqual(['raised to technician']);
  });
});

/** Starts the server again on the rows of the earlier runs. The tabs run, and the PC reports a muted microphone. */
function next(earlier: EngineStage[], at: number): EngineStage {
  const stage = createStage({ contents: contentsAfter(earlier.flatMap(({ ops }) => ops)), at });
  stage.setPath(holdFirst);
  stage.subscribe();
  stage.apply({ type: 'started' });
  stage.birth(pc, { session: earlier.length + 1 });
  stage.state([fault('microphone.muted')]);
  return stage;
}
