import { describe, expect, it } from 'vitest';
import { absenceOf, createStage, type EngineStage, fault, minute, ok, online, pc, previous, second, verdict } from './stage.test-helper.ts';

const other = 'la/leh/room-2';

function two(): EngineStage {
  const known = [pc, other].map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 3_524, alerts: true }));
  const stage = createStage({ known });
  stage.subscribe();
  for (const one of [pc, other]) {
    stage.birth(one);
    stage.state([ok('microphone')], one);
  }
  return stage;
}

const audits = (stage: EngineStage) =>
  stage.ops.flatMap((op) => (op.op === 'step' && op.what === 'outage' ? [`${op.who} ${op.about}`] : []));

describe('the outage of one PC', () => {
  it('an outage begins at the last message before the last will, is judged at once, and is part of the incident and the offer', () => {
    const stage = two();
    stage.pass(10 * second);
    const lastWord = stage.engine.memory.pcs.get(pc)?.heardAt;
    stage.pass(20 * second);
    stage.lost();
    expect(absenceOf(stage)).toMatchObject({ from: lastWord, goneBy: stage.now(), to: null, incident: null });
    expect(verdict(stage)).toBe('undetermined 0.5');
    stage.pass(2 * second);
    stage.beat(other);
    stage.pass(second);
    expect(verdict(stage)).toBe('pc-off 0.8');
    stage.live(90 * second, other);
    expect(stage.incident()?.outage).toEqual({ cause: 'pc-off', confidence: 0.8, from: lastWord, to: null });
    expect(stage.offers.at(-1)?.message.outage).toEqual({ cause: 'pc-off', confidence: 0.8, from: lastWord });
  });

  it('an outage ends when a message of the same session arrives; if the session is newer, its birth is judged', () => {
    const stage = online();
    stage.pass(3 * minute);
    stage.apply({ type: 'heard', pc });
    expect(absenceOf(stage)).toMatchObject({ cause: 'link-down', confidence: 0.6, to: stage.now() });
    stage.pass(3 * minute);
    stage.apply({ type: 'beat', pc, session: 2, digest: 'x' });
    expect(absenceOf(stage)).toMatchObject({ cause: 'undetermined', to: null });
    stage.birth(pc, { session: 2, apartMs: null });
    expect(absenceOf(stage)).toMatchObject({ cause: 'pc-off', confidence: 0.6, to: stage.now() });
  });
});

describe('verdicts after the return of other PCs of the site', () => {
  it('R9 the verdict of a past outage changes in the incident and in the machine log, without a new notification', () => {
    const stage = two();
    for (const one of [pc, other]) stage.lost(one);
    const aliveAt = stage.now();
    stage.pass(20 * minute);
    stage.birth(pc, { session: 2, boot: 'b2', previous: previous(stage, { aliveAt }), at: stage.now() });
    expect(verdict(stage)).toBe('undetermined 0.5');
    const told = stage.told().length;
    stage.pass(minute);
    stage.birth(other, { session: 2, boot: 'c2', previous: previous(stage, { aliveAt: aliveAt + 40 * second }), at: stage.now() });
    expect([verdict(stage), verdict(stage, other)]).toEqual(['power-cut 0.6', 'power-cut 0.6']);
    expect(stage.incident(pc)).toMatchObject({ over: 'cleared', outage: { cause: 'power-cut', confidence: 0.6 } });
    expect(stage.told().slice(told)).toEqual([]);
    expect(audits(stage).at(-2)).toBe(`${pc} incident ${stage.incident(pc)?.id}: power-cut 0.6, was undetermined 0.5`);
  });

  it('the return of another PC of the site changes the verdict of a PC that is still offline to a power cut', () => {
    const stage = two();
    for (const one of [pc, other]) stage.lost(one);
    const aliveAt = stage.now();
    stage.pass(10 * minute);
    stage.birth(pc, {
      session: 2,
      boot: 'b2',
      previous: previous(stage, { aliveAt, gone: { from: aliveAt, to: null, ending: false } }),
      at: stage.now(),
    });
    stage.pass(second);
    expect(verdict(stage, other)).toBe('power-cut 0.55');
  });
});

describe('outage after a bye', () => {
  it.each(['restart', 'restarted', 'update', 'reboot'])(
    'a PC that sent a bye with the reason %s is reported as silent if it has not returned after ten minutes',
    (reason) => {
      const stage = online();
      stage.bye(pc, reason);
      stage.pass(10 * minute - second);
      expect(verdict(stage)).toBe('intended 0.99');
      expect(stage.engine.memory.incidents.size).toBe(0);
      stage.pass(second);
      const after = reason === 'update' ? 'an update' : 'a restart';
      expect(stage.incident()?.faults).toMatchObject([{ fault: 'pc.silent', reason: `not back after ${after}` }]);
      expect(verdict(stage)).toBe('undetermined 0.5');
      stage.birth(pc, { session: 2, boot: 'b2' });
      expect(stage.incident()).toMatchObject({ over: 'cleared', outage: { cause: 'intended' } });
    },
  );
});

describe('outage after a last gasp', () => {
  it('a loss after a last gasp is a power cut; a new boot or a state with mains power deletes the last gasp', () => {
    const stage = online();
    const gasp = () => stage.apply({ type: 'gasp', pc, boot: 'b1', session: 1, runtimeMs: 60_000 });
    stage.state([fault('power.battery_low', '')]);
    gasp();
    stage.state([fault('power.battery_low', ''), ok('camera')]);
    stage.lost();
    expect(verdict(stage)).toBe('power-cut 0.55');
    expect(stage.engine.memory.pcs.get(pc)?.gasp).toMatchObject({ runtimeMs: 60_000 });
    stage.birth(pc, { session: 2, boot: 'b2', previous: previous(stage) });
    expect(verdict(stage)).toBe('power-cut 0.55');
    expect(stage.engine.memory.pcs.get(pc)?.gasp).toBeNull();
    stage.apply({ type: 'gasp', pc, boot: 'b2', session: 2, runtimeMs: null });
    stage.state([ok('power', '')]);
    expect(stage.engine.memory.pcs.get(pc)?.gasp).toBeNull();
  });
});
