import { describe, expect, it } from 'vitest';
import type { Previous } from '#contracts';
import { contentsAfter, createStage, fault, holdFirst, ok, online, pc, type Stage } from './stage.test-helper.ts';

const second = 1_000;
const minute = 60 * second;
const other = 'la/leh/room-2';

function two(): Stage {
  const known = [pc, other].map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 3_524, alerts: true }));
  const stage = createStage({ known });
  stage.subscribe();
  for (const one of [pc, other]) {
    stage.birth(one);
    stage.state([ok('microphone')], one);
  }
  return stage;
}

const of = (stage: Stage, who = pc) => stage.engine.memory.pcs.get(who)?.absence;
const verdict = (stage: Stage, who = pc) => `${of(stage, who)?.cause} ${of(stage, who)?.confidence}`;
const previous = (stage: Stage, edit: Partial<Previous> = {}): Previous => ({
  ...{ boot: 'b1', aliveAt: stage.now(), mains: null, bye: null, crashed: false },
  ...edit,
});
const audits = (stage: Stage) => stage.ops.flatMap((op) => (op.op === 'audit' && op.what === 'outage' ? [`${op.who} ${op.about}`] : []));

describe('an absence', () => {
  it('begins at the last word before the will, is judged at once, and stands in the incident and on the wires', () => {
    const stage = two();
    stage.pass(10 * second);
    const lastWord = stage.engine.memory.pcs.get(pc)?.heardAt;
    stage.pass(20 * second);
    stage.lost();
    expect(of(stage)).toMatchObject({ from: lastWord, goneBy: stage.now(), to: null, incident: null });
    expect(verdict(stage)).toBe('undetermined 0.5');
    stage.pass(2 * second);
    stage.beat(other);
    stage.pass(second);
    expect(verdict(stage)).toBe('pc-off 0.8');
    stage.live(90 * second, other);
    expect(stage.incident()?.outage).toEqual({ cause: 'pc-off', confidence: 0.8, from: lastWord, to: null });
    expect(stage.offers.at(-1)?.message.outage).toEqual({ cause: 'pc-off', confidence: 0.8 });
  });

  it('of a PC that is only silent begins at its last word too; it was gone when its next beat did not come', () => {
    const stage = two();
    const from = stage.now();
    stage.live(3 * minute, other);
    expect(of(stage)).toMatchObject({ from, goneBy: from + 75 * second });
    expect(verdict(stage)).toBe('pc-off 0.8');
  });

  it('of a neighbour that is a moment late to say that it runs on battery becomes a power cut', () => {
    const stage = two();
    stage.lost();
    stage.pass(second);
    stage.beat(other);
    stage.pass(second);
    expect(verdict(stage)).toBe('pc-off 0.8');
    stage.state([fault('power.on_battery', '')], other);
    stage.pass(second);
    expect(verdict(stage)).toBe('power-cut 0.6');
  });

  it('of a PC whose neighbour had one more word, and was gone by the same reset a moment later, was this PC alone for good', () => {
    const stage = two();
    stage.lost();
    stage.pass(second);
    stage.beat(other);
    stage.pass(second);
    expect(verdict(stage)).toBe('pc-off 0.8');
    stage.lost(other);
    stage.pass(second);
    expect([verdict(stage), verdict(stage, other)]).toEqual(['undetermined 0.5', 'undetermined 0.5']);
  });

  it('is told with the incident’s changes, without a transition of its own', () => {
    const stage = two();
    stage.lost();
    stage.pass(95 * second);
    expect(stage.kinds()).toEqual(['raised']);
    expect(stage.incident()?.outage?.cause).toBe('undetermined');
    stage.beat(other);
    stage.pass(second);
    expect(stage.incident()?.outage?.cause).toBe('pc-off');
    expect(stage.kinds()).toEqual(['raised']);
  });

  it('that ends is in the notice of the clear, which says why it was', () => {
    const stage = online();
    const from = stage.now();
    stage.lost();
    stage.pass(2 * minute);
    stage.birth(pc, { session: 2, boot: 'b2', previous: previous(stage, { aliveAt: from, mains: false }), at: stage.now() });
    const notice = stage.outbox().at(-1)?.notice;
    expect(notice).toMatchObject({ kind: 'cleared', outage: { cause: 'power-cut', confidence: 0.85, from, to: stage.now() } });
    expect(audits(stage)).toEqual([`${pc} incident 1: power-cut 0.85, was undetermined 0.5`]);
  });

  it('so short that nobody noticed is kept with its cause, and tells of no incident', () => {
    const stage = online();
    stage.pass(30 * second);
    stage.birth(pc, { session: 2, boot: 'b2', previous: previous(stage, { crashed: true }), at: stage.now() });
    expect(of(stage)).toMatchObject({ cause: 'crash', to: stage.now(), incident: null });
    expect(stage.engine.memory.incidents.size).toBe(0);
    expect(audits(stage)).toEqual([]);
  });

  it('ends with the same session that is heard again; a newer one is judged by its birth', () => {
    const stage = online();
    stage.pass(3 * minute);
    stage.apply({ type: 'heard', pc });
    expect(of(stage)).toMatchObject({ cause: 'link-down', confidence: 0.8, to: stage.now() });
    stage.pass(3 * minute);
    stage.apply({ type: 'beat', pc, session: 2, digest: 'x' });
    expect(of(stage)).toMatchObject({ cause: 'undetermined', to: null });
    stage.birth(pc, { session: 2, apartMs: null });
    expect(of(stage)).toMatchObject({ cause: 'pc-off', confidence: 0.6, to: stage.now() });
  });

  it('of the incident before is not told in the next one', () => {
    const stage = online();
    stage.lost();
    stage.pass(2 * minute);
    stage.birth(pc, { session: 2, apartMs: 2 * minute });
    stage.state([fault('microphone.missing')]);
    expect(stage.incident()).toMatchObject({ id: 2, over: null });
    expect(stage.incident()?.outage).toBeUndefined();
    expect(stage.outbox().at(-1)?.notice).not.toHaveProperty('outage');
  });
});

describe('the return of the others', () => {
  it('R9 labels what is over anew: its incident and the audit, and nobody is told again', () => {
    const stage = two();
    for (const one of [pc, other]) stage.lost(one);
    const aliveAt = stage.now();
    stage.pass(10 * minute);
    stage.birth(pc, { session: 2, boot: 'b2', previous: previous(stage, { aliveAt }), at: stage.now() });
    expect(verdict(stage)).toBe('undetermined 0.5');
    const told = stage.told().length;
    stage.pass(minute);
    stage.birth(other, { session: 2, boot: 'c2', previous: previous(stage, { aliveAt: aliveAt + 40 * second }), at: stage.now() });
    expect([verdict(stage), verdict(stage, other)]).toEqual(['power-cut 0.85', 'power-cut 0.85']);
    expect(stage.incident(pc)).toMatchObject({ over: 'cleared', outage: { cause: 'power-cut', confidence: 0.85 } });
    expect(stage.told().slice(told)).toEqual([]);
    expect(audits(stage).at(-2)).toBe(`${pc} incident ${stage.incident(pc)?.id}: power-cut 0.85, was undetermined 0.5`);
  });

  it('leaves alone what the system itself wrote down', () => {
    const stage = two();
    for (const one of [pc, other]) stage.lost(one);
    const aliveAt = stage.now();
    stage.pass(10 * minute);
    stage.birth(pc, { session: 2, boot: 'b2', previous: previous(stage, { aliveAt, crashed: true }), at: stage.now() });
    stage.birth(other, { session: 2, boot: 'c2', previous: previous(stage, { aliveAt }), at: stage.now() });
    expect(verdict(stage)).toBe('crash 0.95');
  });

  it('tells of one that stays away that it went with the power', () => {
    const stage = two();
    for (const one of [pc, other]) stage.lost(one);
    const aliveAt = stage.now();
    stage.pass(10 * minute);
    stage.birth(pc, { session: 2, boot: 'b2', previous: previous(stage, { aliveAt, mains: false }), at: stage.now() });
    stage.pass(second);
    expect(verdict(stage, other)).toBe('power-cut 0.7');
  });
});

describe('a goodbye', () => {
  it.each(['restart', 'restarted', 'update', 'reboot'])('for a %s is told of when the PC is not back in ten minutes', (reason) => {
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
  });

  it('R18 the ten minutes count from our own SUBACK where that is later, and it is then silent on its own', () => {
    const stage = online();
    stage.bye(pc, 'restart');
    stage.apply({ type: 'unsubscribed' });
    stage.pass(20 * minute, minute);
    stage.subscribe();
    stage.pass(9 * minute);
    expect(stage.incident()).toBeUndefined();
    stage.pass(2 * minute);
    expect(stage.incident()?.scope).toBe(pc);
    expect(stage.engine.memory.pcs.get(pc)?.unheard).toBe(false);
  });

  it('that is older than the session of its PC is none', () => {
    const stage = online();
    stage.birth(pc, { session: 5 });
    stage.apply({ type: 'bye', pc, boot: 'b1', session: 4 });
    stage.apply({ type: 'gasp', pc, boot: 'b1', session: 4, runtimeMs: null });
    expect(stage.engine.memory.pcs.get(pc)).toMatchObject({ presence: 'online', bye: null, gasp: null });
  });
});

describe('a gasp', () => {
  it('makes a power cut of the loss; a new boot, or a state without the battery, ends it', () => {
    const stage = online();
    const gasp = () => stage.apply({ type: 'gasp', pc, boot: 'b1', session: 1, runtimeMs: 60_000 });
    stage.state([fault('power.battery_low', '')]);
    gasp();
    stage.state([fault('power.battery_low', ''), ok('camera')]);
    stage.lost();
    expect(verdict(stage)).toBe('power-cut 0.95');
    expect(stage.engine.memory.pcs.get(pc)?.gasp).toMatchObject({ runtimeMs: 60_000 });
    stage.birth(pc, { session: 2, boot: 'b2', previous: previous(stage) });
    expect(verdict(stage)).toBe('power-cut 0.95');
    expect(stage.engine.memory.pcs.get(pc)?.gasp).toBeNull();
    stage.apply({ type: 'gasp', pc, boot: 'b2', session: 2, runtimeMs: null });
    stage.state([ok('power', '')]);
    expect(stage.engine.memory.pcs.get(pc)?.gasp).toBeNull();
  });
});

describe('many sites', () => {
  const sites = ['la/a/1', 'la/b/1', 'la/c/1', 'up/d/1'];
  const stageOf = (isp?: string) => {
    const known = sites.map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 0, alerts: true, ...(isp && { isp }) }));
    const stage = createStage({ known });
    stage.subscribe();
    for (const one of sites) stage.birth(one);
    return stage;
  };

  it('of one state at once are its line, and stay that when the first are back', () => {
    const stage = stageOf();
    for (const one of sites.slice(0, 2)) stage.lost(one);
    stage.pass(2 * second);
    expect(verdict(stage, 'la/a/1')).toBe('undetermined 0.5');
    stage.lost('la/c/1');
    stage.pass(second);
    stage.beat('up/d/1');
    stage.pass(second);
    for (const one of sites.slice(0, 3)) expect(verdict(stage, one)).toBe('upstream 0.6');
    stage.birth('la/a/1', { session: 2, apartMs: 4 * second });
    stage.pass(second);
    expect([verdict(stage, 'la/a/1'), verdict(stage, 'la/b/1')]).toEqual(['upstream 0.6', 'upstream 0.6']);
  });

  it('of one provider at once are its line, over the borders of states', () => {
    const stage = withLines({ ...overBorders, 'mp/e/1': 'himal' });
    for (const one of Object.keys(overBorders)) stage.lost(one);
    stage.pass(second);
    stage.beat('mp/e/1');
    stage.pass(second);
    expect(verdict(stage, 'up/d/1')).toBe('upstream 0.85');
  });

  it('of all that the centre hears are perhaps its own line, also while the first are back: that was the line of a provider, for sure', () => {
    const himal = { 'la/x/1': 'himal', 'up/y/1': 'himal', 'mp/z/1': 'himal' };
    const stage = withLines({ ...overBorders, ...himal });
    for (const one of Object.keys({ ...overBorders, ...himal })) stage.lost(one);
    stage.pass(2 * minute);
    expect(verdict(stage, 'up/d/1')).toBe('upstream 0.55');
    stage.birth('la/x/1', { session: 2, apartMs: 2 * minute });
    stage.pass(second);
    expect(verdict(stage, 'up/d/1')).toBe('upstream 0.55');
    stage.birth('up/d/1', { session: 2, apartMs: 2 * minute });
    expect(verdict(stage, 'up/d/1')).toBe('upstream 0.55');
  });

  it('of two providers in each of two states at once were the line of both; it is rather their power', () => {
    const lines = { 'la/a/1': 'bharat', 'la/b/1': 'bharat', 'la/c/1': 'himal', 'up/a/1': 'bharat', 'up/b/1': 'himal', 'up/c/1': 'himal' };
    const stage = withLines({ ...lines, 'mp/z/1': 'sindhu' });
    for (const one of Object.keys(lines)) stage.lost(one);
    stage.pass(second);
    stage.beat('mp/z/1');
    stage.pass(second);
    expect(verdict(stage, 'la/a/1')).toBe('upstream 0.55');
  });

  const overBorders = { 'la/b/1': 'bharat', 'la/c/1': 'bharat', 'up/d/1': 'bharat' };
  const withLines = (lines: Record<string, string>) => {
    const known = Object.entries(lines).map(([one, isp]) => ({ pc: one, link: 'fibre' as const, elevationM: 0, alerts: true, isp }));
    const stage = createStage({ known });
    stage.subscribe();
    for (const one of Object.keys(lines)) stage.birth(one);
    return stage;
  };

  it('of one provider are its line where a site of another line stands beside them, and may be the power of the state where none does', () => {
    const own = { 'la/a/1': 'bharat', 'la/b/1': 'bharat', 'la/c/1': 'bharat' };
    for (const [lines, found] of [
      [{ ...own, 'la/d/1': 'himal' }, 'upstream 0.85'],
      [{ ...own, 'up/d/1': 'himal' }, 'upstream 0.6'],
    ] as const) {
      const stage = withLines(lines);
      for (const one of Object.keys(own)) stage.lost(one);
      stage.pass(2 * second);
      stage.beat('la/d/1' in lines ? 'la/d/1' : 'up/d/1');
      stage.pass(2 * second);
      expect(verdict(stage, 'la/b/1')).toBe(found);
    }
  });

  it('of three providers are no line', () => {
    const stage = withLines({ 'la/a/1': 'bharat', 'la/b/1': 'himal', 'la/c/1': 'sindhu', 'la/d/1': 'ladakh' });
    for (const one of ['la/a/1', 'la/b/1', 'la/c/1']) stage.lost(one);
    stage.pass(2 * second);
    stage.beat('la/d/1');
    stage.pass(2 * minute);
    expect(verdict(stage, 'la/b/1')).toBe('undetermined 0.5');
  });

  it('whose boots ended at one moment lost the power of their state, as they say when they are back; two are no state; a forced restart was one', () => {
    for (const [count, minutes, found] of [
      [3, 20, 'power-cut 0.9'],
      [3, 12, 'power-cut 0.6'],
      [2, 20, 'undetermined 0.5'],
    ] as const) {
      const stage = stageOf();
      const away = sites.slice(0, count);
      for (const one of away) stage.lost(one);
      const before = previous(stage);
      for (let passed = 0; passed < minutes; passed += 1) stage.live(minute, 'up/d/1');
      for (const one of away) stage.birth(one, { session: 2, boot: 'b2', previous: before });
      stage.pass(second);
      expect(away.map((one) => verdict(stage, one))).toEqual(away.map(() => found));
    }
  });

  it('whose lines broke were sure of a power cut by the word of one PC that was switched off in that minute', () => {
    const stage = withLines({ 'la/a/1': 'bharat', 'la/b/1': 'himal', 'la/c/1': 'sindhu', 'la/d/1': 'ladakh' });
    stage.live(2 * minute, 'la/a/1');
    const away = ['la/a/1', 'la/b/1', 'la/c/1'];
    for (const one of away) stage.beat(one);
    for (const one of away) stage.lost(one);
    const before = previous(stage);
    for (let passed = 0; passed < 6; passed += 1) stage.live(minute, 'la/d/1');
    for (const one of away.slice(0, 2)) stage.birth(one, { session: 2, apartMs: 6 * minute });
    stage.birth('la/c/1', { session: 2, boot: 'b2', previous: before });
    stage.pass(second);
    expect(away.map((one) => of(stage, one)?.cause)).not.toContain('power-cut');
  });

  it('later than ten minutes after one went say nothing of that one', () => {
    const stage = stageOf();
    stage.lost('la/a/1');
    for (let at = 0; at < 11; at += 1) for (const one of sites.slice(1)) stage.live(20 * second, one);
    for (const one of sites.slice(1, 3)) stage.lost(one);
    stage.pass(2 * second);
    expect(verdict(stage, 'la/a/1')).toBe('undetermined 0.5');
  });
});

describe('a start of flows', () => {
  it('finds in a ledger of an older version who is away, and goes on with what it knows of the others', () => {
    const stage = online();
    stage.setPath(holdFirst);
    stage.lost();
    stage.pass(2 * minute);
    const contents = contentsAfter(stage.ops);
    const [{ absence, bye: _, gasp: __, ...old } = { absence: null }] = contents.pcs;
    const again = createStage({ contents: { ...contents, pcs: [old as (typeof contents.pcs)[number]] }, at: stage.now() });
    again.subscribe();
    expect(of(again)).toMatchObject({ from: stage.engine.memory.pcs.get(pc)?.heardAt, to: null, cause: 'undetermined' });
    const same = createStage({ contents, at: stage.now() });
    same.subscribe();
    expect(of(same)).toEqual(absence);
  });

  it('with a clock that fell back holds nothing that lies ahead', () => {
    const stage = online({ at: 10_000_000 });
    stage.apply({ type: 'gasp', pc, boot: 'b1', session: 1, runtimeMs: null });
    stage.bye();
    const at = 1_000_000;
    const again = createStage({ contents: contentsAfter(stage.ops), at });
    expect(again.engine.memory.pcs.get(pc)).toMatchObject({ gasp: { at }, bye: { at }, absence: { from: at, goneBy: at, to: null } });
  });
});
