import { describe, expect, it } from 'vitest';
import { contentsAfter, createStage, fault, holdFirst, online, pc, type Stage } from './stage.test-helper.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

describe('R29 the clock of the centre is set', () => {
  for (const byMs of [2 * hour, -2 * hour]) {
    it(`no hold ends early or late and nobody is silent by it: ${byMs > 0 ? 'forward' : 'back'} 2 h`, () => {
      const stage = online();
      stage.setPath(holdFirst);
      stage.state([fault('microphone.muted')]);
      const [timer] = stage.engine.memory.timers.values();
      const waitsMs = (timer?.dueAt ?? 0) - stage.now();
      expect(waitsMs).toBeGreaterThan(10 * second);
      stage.setClock(byMs);
      stage.pass(waitsMs - 2 * second);
      stage.beat();
      expect(stage.told()).toEqual([]);
      stage.pass(3 * second);
      expect(stage.told()).toEqual(['raised to technician']);
      const { since } = stage.incident()?.faults[0] ?? {};
      expect(stage.now() - (since ?? 0)).toBe(waitsMs + second);
      stage.pass(140 * second);
      expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('online');
      stage.pass(20 * second);
      expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('silent');
    });
  }

  it('what is written after it has the new time of day, and the ledger read anew has the same', () => {
    const stage = online();
    stage.state([fault('microphone.missing')]);
    stage.setClock(-2 * hour);
    stage.state([fault('microphone.missing'), fault('camera.missing')]);
    const next = createStage({ contents: contentsAfter(stage.ops), at: stage.now() });
    const times = (of: typeof stage) => of.incident()?.faults.map(({ since }) => stage.now() - since);
    expect(times(stage)).toEqual([0, 0]);
    expect(times(next)).toEqual([0, 0]);
  });

  it('there and back again leaves all as it was, and what an earlier run wrote keeps its time', () => {
    const first = online();
    first.state([fault('camera.missing')]);
    first.pass(minute, 10 * second);
    const stage = createStage({ contents: contentsAfter(first.ops), at: first.now() });
    stage.subscribe();
    const earlier = stage.incident()?.openedAt ?? 0;
    stage.pass(minute, 10 * second);
    stage.birth(pc);
    stage.state([fault('camera.missing'), fault('microphone.missing')]);
    const before = structuredClone([...stage.engine.memory.incidents.values()]);
    stage.setClock(2 * hour);
    expect(stage.incident()?.openedAt).toBe(earlier);
    stage.setClock(-2 * hour);
    expect([...stage.engine.memory.incidents.values()]).toEqual(before);
  });

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
