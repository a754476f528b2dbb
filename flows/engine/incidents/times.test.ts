import { describe, expect, it } from 'vitest';
import { contentsAfter, createStage, fault, holdFirst, online, pc, type Stage } from './stage.test-helper.ts';

const second = 1_000;
const minute = 60 * second;

describe('R29 what an earlier run wrote, by another clock', () => {
  it('a fault that an earlier run had seen was told to nobody, when the clock was set back within its hold', () => {
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

  it('why people were told stood in the time to come, once the clock was set back', () => {
    const stage = online();
    stage.setPath(() => 'nothing');
    stage.state([fault('microphone.missing')]);
    const transition = stage.offers[0]?.message.transition.id ?? 0;
    stage.apply({ type: 'conclude', transition, acts: [], severity: 'critical', how: 'told', way: { tabs: 'hash', path: 'who' } });
    stage.setClock(-2 * 60 * minute);
    expect(stage.engine.memory.transitions.get(transition)?.passes).toMatchObject([{ at: stage.now(), how: 'told' }]);
  });

  it('a fault was told to nobody after two starts by a clock that had been set back', () => {
    const first = online();
    first.setPath(holdFirst);
    first.state([fault('microphone.muted')]);
    const again = next([first], first.now() - 10 * minute);
    again.setPath(() => 'nothing');
    again.live(35 * second);
    expect(again.kinds()).toEqual(['raised']);
    const third = next([first, again], again.now() + second);
    third.live(minute);
    expect(third.told()).toEqual(['raised to technician']);
  });
});

/** The next start, on what the earlier ones wrote: the tabs run, and the microphone is muted still. */
function next(earlier: Stage[], at: number): Stage {
  const stage = createStage({ contents: contentsAfter(earlier.flatMap(({ ops }) => ops)), at });
  stage.setPath(holdFirst);
  stage.subscribe();
  stage.apply({ type: 'started' });
  stage.birth(pc, { session: earlier.length + 1 });
  stage.state([fault('microphone.muted')]);
  return stage;
}
