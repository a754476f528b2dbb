import { describe, expect, it } from 'vitest';
import type { KnownPc } from '../records/incidents.ts';
import { contentsAfter, createStage, fault, minute, ok, online, pc, second } from './stage.test-helper.ts';

const other = 'la/leh/room-2';

const known = (alerts: boolean, ...pcs: string[]): KnownPc[] =>
  pcs.map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 0, alerts }));

describe('PCs of a site that is not live', () => {
  it('a site that is not live keeps state and presence of its PCs, and opens no incident for a fault or silence', () => {
    const stage = online({ known: known(false, pc) });
    stage.state([fault('microphone.missing')]);
    expect(stage.engine.memory.pcs.get(pc)).toMatchObject({ presence: 'online', checks: [{ fault: 'microphone.missing' }] });
    stage.lost();
    stage.pass(3 * minute);
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('silent');
    expect(stage.engine.memory.incidents.size).toBe(0);
  });

  it('R19 a site that is not live adds no PC to `centre.unheard`, and the presence of a PC that never reported stays *never*', () => {
    const stage = createStage({ known: [...known(false, pc), ...known(true, other)] });
    stage.subscribe();
    stage.pass(5 * minute);
    expect(stage.incident('centre/unheard')?.faults.map((one) => one.device)).toEqual([other]);
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('never');
  });

  it('a site that becomes live raises its present faults, and from then on the silence of its PCs is judged', () => {
    const stage = online({ known: known(false, pc, other) });
    stage.state([fault('microphone.missing')]);
    stage.live(10 * minute);
    stage.setKnown(known(true, pc, other));
    expect(stage.told()).toEqual(['raised to technician']);
    stage.live(2 * minute);
    expect(stage.incident('centre/unheard')).toBeUndefined();
    stage.live(minute);
    expect(stage.incident('centre/unheard')?.faults.map(({ device }) => device)).toEqual([other]);
  });
});

describe('R15 closing the incident of a room that is no longer monitored', () => {
  it.each([
    ['a site that is closed', { [pc]: 'site closed' }, 'site closed'],
    ['a PC that was moved', { [pc]: 'moved to goa/panaji/vc-1' }, 'moved to goa/panaji/vc-1'],
    ['a PC that was removed without a reason', {}, 'no longer in the site table'],
  ])('%s: the incident of the PC closes with the reason, and its recipients are notified', (_, because, reason) => {
    const stage = online();
    stage.state([fault('microphone.missing')]);
    stage.setKnown([], { because });
    expect(stage.incident()).toMatchObject({ over: 'closed', closedBecause: reason });
    expect(stage.told()).toEqual(['raised to technician', 'closed to technician']);
    expect(stage.outbox()[1]?.notice.lines).toEqual([reason]);
    stage.state([fault('camera.missing')]);
    stage.pass(10 * minute);
    expect(stage.engine.memory.incidents.size).toBe(1);
  });
});

it('a PC that returns to the site table is neither silent nor faulty until it sends a message', () => {
  const stage = online();
  stage.state([fault('microphone.missing')]);
  stage.pass(3 * minute);
  stage.setKnown([]);
  stage.pass(60 * minute);
  stage.setKnown(known(true, pc));
  expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('never');
  stage.pass(2 * minute);
  expect([...stage.engine.memory.incidents.values()].filter(({ over }) => over === null)).toEqual([]);
  stage.beat();
  expect(stage.incident()).toMatchObject({ over: null, faults: [{ fault: 'microphone.missing' }] });
});

describe('R15 replacing the machine of a PC', () => {
  it('R15 the replacement of a PC closes its incident, deletes spool, session and checks, and starts anew with the next machine', () => {
    const stage = online();
    stage.birth(pc, { session: 9 });
    stage.state([fault('microphone.missing')]);
    stage.setKnown(known(true, pc), { replaced: [pc] });
    expect(stage.incident()).toMatchObject({ over: 'closed', closedBecause: 'replaced' });
    expect(stage.engine.memory.pcs.get(pc)).toMatchObject({ presence: 'never', spool: null, session: 0, checks: [], digest: null });
    stage.successor({ spool: 's2' });
    stage.state([fault('camera.missing')]);
    expect(stage.incident()).toMatchObject({ over: null, faults: [{ fault: 'camera.missing' }] });
  });

  it('R15 a replaced PC is silent, in a new incident, if the new machine does not connect', () => {
    const stage = online();
    stage.pass(second);
    stage.setKnown(known(true, pc), { replaced: [pc] });
    stage.pass(149 * second);
    expect(stage.engine.memory.incidents.size).toBe(0);
    stage.pass(2 * second);
    expect(stage.incident()?.faults.map((one) => one.fault)).toEqual(['pc.silent']);
  });
});

describe('R30 messages of the machine that was replaced', () => {
  it('R30 the replaced machine is ignored until a birth with another spool arrives, and does not count as seen', () => {
    const stage = online();
    stage.birth(pc, { session: 9 });
    stage.setKnown(known(true, pc), { replaced: [pc] });
    const before = stage.engine.memory.pcs.get(pc);
    stage.birth(pc, { session: 9 });
    stage.state([fault('microphone.missing')]);
    stage.beat();
    stage.lost();
    stage.birth(pc, { session: 10 });
    expect(stage.engine.memory.pcs.get(pc)).toEqual(before);
    expect(stage.engine.acceptsMachine({ type: 'heard', pc })).toBe(false);
    expect([...stage.engine.memory.incidents.values()]).toEqual([]);
    stage.successor({ spool: 's2' });
    stage.state([fault('camera.missing')]);
    expect(stage.incident()).toMatchObject({ over: null, faults: [{ fault: 'camera.missing' }] });
  });

  it('R30 the replaced machine is ignored after the births of two successors: later session, last will, old event, same digest', () => {
    const stage = online();
    stage.birth(pc, { session: 9 });
    stage.setKnown(known(true, pc), { replaced: [pc] });
    stage.successor({ spool: 's2', boot: 'b2' });
    stage.setKnown(known(true, pc), { replaced: [pc] });
    stage.successor({ spool: 's3', boot: 'b3' });
    stage.state([ok('microphone')]);
    const session = stage.engine.memory.pcs.get(pc)?.session ?? 0;
    const before = stage.engine.memory.pcs.get(pc);
    stage.pass(second);
    for (const spool of ['s1', 's2']) {
      stage.birth(pc, { session: 10, spool });
      expect(stage.engine.acceptsMachine({ type: 'heard', pc, spools: ['s3', spool] })).toBe(false);
    }
    stage.state([fault('microphone.missing')]);
    stage.beat();
    stage.lost(pc, 1);
    expect(stage.engine.applyUnchangedBeat(pc, stage.now())).toBe(false);
    expect(stage.engine.memory.pcs.get(pc)).toEqual(before);
    expect(stage.engine.acceptsMachine({ type: 'heard', pc, spools: ['s3'] })).toBe(true);
    stage.birth(pc, { session: session + 1, spool: 's3', boot: 'b3' });
    stage.state([fault('camera.missing')]);
    expect(stage.incident()).toMatchObject({ over: null, faults: [{ fault: 'camera.missing' }] });
  });
});

describe('changes of status that the wall shows as strips', () => {
  it('a change is stored only if the status or the faults of a component change, a component disappears, or the presence changes', () => {
    const stage = createStage();
    stage.subscribe();
    stage.birth();
    stage.state([ok('microphone'), ok('camera'), ok('camera', 'expected-2')]);
    stage.state([fault('microphone.muted'), ok('camera'), { ...ok('camera', 'expected-2'), reason: 'busy' }]);
    stage.beat();
    stage.state([fault('microphone.muted'), fault('microphone.missing', 'expected-2'), ok('camera')]);
    stage.state([ok('camera')]);
    stage.lost();
    expect(stage.changes()).toEqual([
      'presence: online',
      'microphone: ok',
      'camera: ok',
      'microphone: fault microphone.muted',
      'microphone: fault microphone.missing microphone.muted',
      'microphone: gone',
      'presence: lost',
    ]);
  });
});

it('the time of the last response to a roll call outlives later births and restarts', () => {
  const stage = online();
  expect(stage.engine.memory.pcs.get(pc)?.calledAt).toBeNull();
  stage.pass(minute);
  stage.birth(pc, { session: 2, fresh: true });
  const calledAt = stage.now();
  stage.pass(second);
  stage.birth(pc, { session: 2 });
  expect(stage.engine.memory.pcs.get(pc)?.calledAt).toBe(calledAt);
  const next = createStage({ contents: contentsAfter(stage.ops), at: stage.now() });
  expect(next.engine.memory.pcs.get(pc)?.calledAt).toBe(calledAt);
});
