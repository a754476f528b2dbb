import { describe, expect, it } from 'vitest';
import { fault, holdFirst, minute, ok, online, pc, second } from './stage.test-helper.ts';

describe('R16, R18 silence of a PC', () => {
  it('F9 a link that comes and goes is one flapping incident, which ends ten minutes after the last loss', () => {
    const stage = online();
    const drop = (session: number, awayMs: number) => {
      stage.lost(pc, session - 1);
      stage.pass(awayMs);
      stage.birth(pc, { session });
      stage.state([ok('microphone')]);
      stage.live(minute);
    };
    for (const session of [2, 3, 4]) drop(session, second);
    drop(5, 100 * second);
    expect(stage.incident()).toMatchObject({ over: null, flapping: true });
    for (let session = 6; session < 60; session += 1) drop(session, session % 10 === 0 ? 100 * second : second);
    stage.live(8 * minute);
    expect(stage.told()).toEqual(['raised to technician']);
    stage.live(2 * minute);
    expect(stage.told()).toEqual(['raised to technician', 'cleared to technician']);
    expect(stage.engine.memory.incidents.size).toBe(1);
  });

  it('R16 late messages of a session that ended with a last will do not make its PC online; a response to a newer hello does', () => {
    const stage = online();
    stage.lost();
    stage.pass(10 * second);
    stage.birth(pc, { session: 1 });
    stage.birth(pc, { session: 1, askedMs: 10 * second });
    stage.state([ok('microphone')]);
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('lost');
    stage.birth(pc, { session: 1, askedMs: 9 * second });
    expect(stage.engine.memory.pcs.get(pc)).toMatchObject({ presence: 'online', lostAt: null });
  });

  it('a PC is silent after the limit of its link class; any message restarts the limit', () => {
    const stage = online();
    stage.pass(149 * second);
    stage.apply({ type: 'heard', pc });
    stage.pass(149 * second);
    stage.apply({ type: 'unreadable', pc, leaf: 'beat' });
    stage.pass(149 * second);
    expect(stage.engine.memory.incidents.size).toBe(0);
    stage.pass(2 * second);
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('silent');
    stage.apply({ type: 'heard', pc });
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('online');
  });

  it('other faults of a silent PC are hidden and frozen; when the PC is back, people are notified of those that they do not know', () => {
    const stage = online();
    stage.setPath(holdFirst);
    stage.state([fault('microphone.missing')]);
    stage.lost();
    stage.pass(15 * second);
    stage.pass(80 * second);
    const silent = stage.incident();
    expect(silent?.faults.map((one) => [one.fault, one.hidden])).toEqual([
      ['microphone.missing', true],
      ['pc.silent', false],
    ]);
    stage.birth(pc, { session: 2 });
    stage.state([fault('microphone.missing')]);
    stage.live(minute);
    expect(stage.incident()?.faults.map((one) => one.fault)).toEqual(['microphone.missing']);
    expect(stage.incident()?.over).toBeNull();
  });
});
