import { describe, expect, it } from 'vitest';
import { contentsAfter, createStage, fault, holdFirst, online, pc } from './stage.test-helper.ts';

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

  it.each([0.25, 0.9285])(
    'a ledger whose times have a fraction of %d ms is read with whole milliseconds, which are written too',
    (fraction) => {
      const stage = online();
      stage.state([fault('microphone.missing'), fault('camera.missing')]);
      const { incidents, transitions, ...contents } = contentsAfter(stage.ops);
      const old = incidents.map((one) => ({
        ...one,
        openedAt: one.openedAt + fraction - 1,
        faults: one.faults.map((each) => ({ ...each, since: each.since + fraction - 1 })),
      }));
      const next = createStage({ contents: { ...contents, transitions, incidents: old }, at: stage.now() + 1 });
      expect([next.incident()?.openedAt, ...(next.incident()?.faults ?? []).map(({ since }) => since)].every(Number.isInteger)).toBe(true);
      next.subscribe();
      expect(next.ops.some((op) => op.op === 'incident' && Number.isInteger(op.incident.openedAt))).toBe(true);
    },
  );

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

  it('moves the times of notifications, notes, acknowledgement and transition of an incident', () => {
    const stage = online();
    stage.state([fault('microphone.missing')]);
    const incident = stage.incident()?.id ?? 0;
    stage.apply({ type: 'acknowledge', incident, by: 'Asha' });
    stage.apply({ type: 'note', incident, by: 'Asha', text: 'I go there' });
    stage.setClock(-7 * 24 * hour);
    const { told, notes, acknowledged } = stage.incident() ?? {};
    expect([told?.[0]?.at, notes?.[0]?.at, acknowledged?.at]).toEqual([stage.now(), stage.now(), stage.now()]);
    expect([...stage.engine.memory.transitions.values()][0]?.about[0]?.since).toBe(stage.now());
  });
});
