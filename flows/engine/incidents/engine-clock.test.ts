import { describe, expect, it } from 'vitest';
import { contentsAfter, createStage, fault, holdFirst, online, pc, unknown } from './stage.test-helper.ts';

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

  it('who was told of an incident was told a week ahead of it for ever, and so were its notes and who took it', () => {
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

  it('why a PC was away is told with the times of the clock as it is', () => {
    const stage = online();
    stage.lost();
    stage.pass(91 * second);
    stage.setClock(-hour);
    expect(stage.now() - (stage.incident()?.outage?.from ?? 0)).toBe(91 * second);
  });

  it('R18a three gaps in ten minutes are three, and two are none, also where the clock was set since', () => {
    for (const [byMs, afterMs, faults] of [
      [2 * hour, 10 * second, ['centre.slow']],
      [-2 * hour, 11 * minute, undefined],
    ] as const) {
      const stage = online();
      const gap = () => {
        stage.apply({ type: 'unsubscribed', slow: true });
        stage.subscribe();
        stage.live(10 * second);
      };
      gap();
      gap();
      stage.setClock(byMs);
      stage.live(afterMs);
      gap();
      expect(stage.incident('centre')?.faults.map((one) => one.fault)).toEqual(faults);
    }
  });

  it('R19 a dead PC that gaps hide is missed after three times its limit of hearing in all, however the clock was set meanwhile', () => {
    const stage = online({ at: 100 * hour });
    for (let gaps = 0; gaps < 5; gaps += 1) {
      stage.pass(149 * second);
      stage.setClock(gaps % 2 === 0 ? hour : -hour);
      stage.apply({ type: 'unsubscribed' });
      stage.subscribe();
    }
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('online');
    stage.pass(70 * second);
    expect(stage.incident('centre/unheard')?.faults.map(({ device }) => device)).toEqual([pc]);
  });

  it('R18 a room that is expected since today is silent after its whole limit, also where the clock was set back meanwhile', () => {
    const stage = createStage({ known: [{ pc, link: 'fibre', elevationM: 0, alerts: false }], at: 100 * hour });
    stage.subscribe();
    stage.pass(minute, 10 * second);
    stage.setKnown([{ pc, link: 'fibre', elevationM: 0, alerts: true }]);
    stage.setClock(-2 * hour);
    stage.pass(149 * second);
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('never');
    stage.pass(2 * second);
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('silent');
  });

  it('R19 a broker that is lost is told after a minute, and three starts are three for half an hour, whatever the clock', () => {
    const stage = createStage({ starts: [999_998, 999_999, 1_000_000] });
    stage.subscribe();
    stage.setClock(-2 * hour);
    stage.pass(29 * minute, 10 * second);
    expect(stage.incident('centre')?.over).toBeNull();
    stage.pass(2 * minute, 10 * second);
    expect(stage.incident('centre')?.over).toBe('cleared');
    stage.apply({ type: 'unsubscribed' });
    stage.setClock(-2 * hour);
    stage.pass(61 * second);
    expect(stage.incident('centre')).toMatchObject({ over: null, faults: [{ fault: 'centre.broker_lost' }] });
  });

  for (const byMs of [2 * hour, -2 * hour]) {
    it(`R15 a session that was lost three times in ten minutes is unsteady, whatever the clock: ${byMs > 0 ? 'forward' : 'back'} 2 h`, () => {
      const stage = online({ at: 100 * hour });
      for (const session of [2, 3, 4]) {
        stage.live(minute);
        stage.lost();
        stage.birth(pc, { session });
        if (session === 3) stage.setClock(byMs);
      }
      stage.lost();
      stage.pass(91 * second);
      expect(stage.incident()).toMatchObject({ over: null, flapping: true });
    });
  }

  for (const byMs of [2 * hour, -2 * hour]) {
    const way = byMs > 0 ? 'forward' : 'back';

    it(`R27 who is beyond its budget is so for an hour by the clock that never jumps: ${way} 2 h`, () => {
      const stage = online();
      stage.apply({ type: 'noisy', of: pc, what: 'words' });
      stage.setClock(byMs);
      stage.live(59 * minute);
      expect(stage.incident('centre')?.over).toBeNull();
      stage.live(2 * minute);
      expect(stage.incident('centre')?.over).toBe('cleared');
    });

    it(`R14 central has the list of what is unknown for a day once a day: ${way} 20 h`, { tags: ['long'] }, () => {
      const stage = online({ at: 1_000 * hour });
      stage.state([fault('microphone.missing')]);
      stage.state([unknown('microphone', 'busy')]);
      const lists = () => stage.outbox().filter(({ notice }) => notice.lines[0] === 'unknown_for_a_day').length;
      stage.live(24 * hour + minute);
      expect(lists()).toBe(1);
      stage.setClock(10 * byMs);
      stage.live(23 * hour);
      expect(lists()).toBe(1);
      stage.live(2 * hour);
      expect(lists()).toBe(2);
    });

    it(`R24 central hears of what the wires did not finish, a minute after the last time: ${way} 2 h`, () => {
      const stage = online();
      stage.setPath(() => 'nothing');
      const unfinished = () => stage.outbox().filter(({ notice }) => notice.kind === 'unfinished').length;
      stage.state([fault('microphone.missing')]);
      stage.pass(21 * second);
      expect(unfinished()).toBe(1);
      stage.setClock(byMs);
      stage.state([fault('microphone.missing'), fault('camera.missing')]);
      stage.pass(30 * second);
      expect(unfinished()).toBe(1);
      stage.pass(40 * second);
      expect(unfinished()).toBe(2);
    });

    it(`R13 a state that is not held is asked for again after ten seconds, and not before: ${way} 2 h`, () => {
      const stage = online();
      const asked = () => stage.asks.filter(({ want }) => want.includes('state')).length;
      const before = asked();
      stage.apply({ type: 'beat', pc, session: 1, digest: 'x' });
      expect(asked()).toBe(before + 1);
      stage.setClock(byMs);
      stage.pass(8 * second);
      expect(asked()).toBe(before + 1);
      stage.pass(4 * second);
      expect(asked()).toBe(before + 2);
    });
  }
});
