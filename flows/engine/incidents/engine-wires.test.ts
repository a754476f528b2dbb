import { describe, expect, it } from 'vitest';
import { fault, holdFirst, minute, ok, online, pc, second, tellTechnician } from './stage.test-helper.ts';

describe('R21 transitions of an incident', () => {
  it('a fault that joins an incident worsens it, and revokes an acknowledgement if the new fault is more severe', () => {
    const stage = online();
    stage.state([fault('microphone.muted'), ok('camera')]);
    stage.apply({ type: 'acknowledge', incident: 1, by: 'Tsering' });
    stage.apply({ type: 'note', incident: 1, by: 'Tsering', text: 'going' });
    stage.state([fault('microphone.muted'), ok('camera'), fault('pc.disk_full', 'disk')]);
    expect(stage.incident()?.acknowledged).toMatchObject({ by: 'Tsering' });
    stage.state([fault('microphone.muted'), fault('camera.missing'), fault('pc.disk_full', 'disk')]);
    expect(stage.incident()).toMatchObject({ acknowledged: null, severity: 'critical', notes: [{ text: 'going' }] });
    expect(stage.kinds()).toEqual(['raised', 'worsened', 'worsened']);
    stage.state([ok('microphone'), fault('camera.missing'), fault('pc.disk_full', 'disk')]);
    stage.pass(6 * second);
    expect(stage.kinds()).toEqual(['raised', 'worsened', 'worsened']);
    stage.apply({ type: 'acknowledge', incident: 99, by: 'nobody' });
  });

  it('a child fault is hidden by its parent, and people are notified of it when the parent ends', () => {
    const stage = online();
    stage.state([fault('microphone.missing', 'expected-1'), fault('microphone.muted', 'expected-2')]);
    expect(stage.outbox()[0]?.notice.faults.map((one) => one.fault)).toEqual(['microphone.missing']);
    stage.state([ok('microphone', 'expected-1'), fault('microphone.muted', 'expected-2')]);
    stage.pass(6 * second);
    expect(stage.kinds()).toEqual(['raised', 'eased', 'worsened']);
  });

  it('an incident has one open transition at a time; the next is offered when the first is concluded', () => {
    const stage = online();
    stage.setPath(() => 'nothing');
    stage.state([fault('microphone.missing'), ok('camera')]);
    stage.state([fault('microphone.missing'), fault('camera.missing')]);
    expect(stage.kinds()).toEqual(['raised']);
    stage.setPath(tellTechnician);
    stage.apply({ type: 'conclude', transition: 1, acts: [], severity: 'critical', how: 'nothing to do' });
    expect(stage.kinds()).toEqual(['raised', 'worsened']);
  });

  it('F20 a room that flaps has one open incident and at most four messages, and clears after ten minutes without a break', () => {
    const stage = online();
    stage.setPath(holdFirst);
    for (let cycle = 0; cycle < 24 * 60; cycle += 1) {
      stage.state([fault('camera.missing'), ok('microphone')]);
      stage.pass(30 * second, 5 * second);
      stage.state([ok('camera'), ok('microphone')]);
      stage.pass(30 * second, 5 * second);
    }
    expect(stage.told().length).toBeLessThanOrEqual(4);
    expect(stage.incident()).toMatchObject({ over: null, flapping: true });
    stage.live(9 * minute);
    expect(stage.incident()?.over).toBeNull();
    stage.live(2 * minute);
    expect(stage.incident()?.over).toBe('cleared');
    expect(stage.told().length).toBeLessThanOrEqual(4);
  });
});

describe('R22 hold of a transition', () => {
  it('a clear within the hold ends the transition without a notification', () => {
    const stage = online();
    stage.setPath(holdFirst);
    stage.state([fault('microphone.missing')]);
    stage.pass(10 * second);
    stage.state([ok('microphone')]);
    stage.pass(minute);
    expect(stage.told()).toEqual([]);
    expect([...stage.engine.memory.transitions.values()].map((one) => one.conclusion)).toEqual([
      'told; over before anybody was told',
      'nobody had been told',
    ]);
    expect(stage.engine.memory.timers.size).toBe(0);
  });
});

describe('R23 conclusion of a transition', () => {
  it('R23 the actions of the tabs and the conclusion of a transition are written together once; a second conclusion changes nothing', () => {
    const stage = online();
    stage.state([fault('microphone.missing')]);
    const rows = stage.outbox().length;
    stage.apply({
      type: 'conclude',
      transition: 1,
      acts: [{ do: 'deliver', channel: 'email', to: ['x'], severity: 'info' }],
      severity: 'info',
      how: 'late',
    });
    stage.apply({ type: 'conclude', transition: 77, acts: [], severity: 'info', how: 'never was' });
    expect(stage.outbox()).toHaveLength(rows);
    expect(stage.outbox()[0]).toMatchObject({ key: '1/email/technician', state: 'waiting', tries: 0 });
  });

  it('a higher severity from a tab applies to the incident, and revokes an acknowledgement', () => {
    const stage = online();
    stage.setPath(() => 'nothing');
    stage.state([fault('microphone.muted')]);
    stage.apply({ type: 'acknowledge', incident: 1, by: 'Tsering' });
    stage.apply({
      type: 'conclude',
      transition: 1,
      acts: [{ do: 'deliver', channel: 'email', to: ['a', 'b'], severity: 'critical' }],
      severity: 'critical',
      how: 'told',
    });
    expect(stage.incident()).toMatchObject({ severity: 'critical', acknowledged: null, told: [{ person: 'a' }, { person: 'b' }] });
  });
});

describe('R24 repeated offers and the default route', () => {
  it('a transition without a conclusion is offered again after 10 s; after two offers central operations are notified, and the server has a fault', () => {
    const stage = online();
    stage.setPath(() => 'nothing');
    stage.state([fault('microphone.missing')]);
    stage.pass(10 * second);
    expect(stage.offers.map((one) => one.message.transition.offer)).toEqual([1, 2]);
    stage.pass(10 * second);
    expect(stage.told()[0]).toBe('unfinished to central');
    expect(stage.outbox()[0]?.notice.lines).toEqual([`${pc}, Room: Microphone not found (raised)`]);
    expect(stage.incident('centre')?.faults[0]?.fault).toBe('centre.flow_unfinished');
    expect(stage.incident()?.told[0]?.person).toBe('central');
    stage.state([ok('microphone')]);
    stage.live(3 * minute);
    const told = stage.told();
    expect(told.every((one) => one === 'unfinished to central')).toBe(true);
    expect(told.length).toBeLessThanOrEqual(4);
  });

  it('an offer of a transition is counted in the ledger before the offer is made', () => {
    const stage = online();
    stage.setPath(({ message }) => {
      const written = stage.ops.flatMap((op) =>
        op.op === 'transition' && op.transition.id === message.transition.id ? [op.transition.offers] : [],
      );
      expect(written.at(-1)).toBe(message.transition.offer);
      return 'nothing';
    });
    stage.state([fault('microphone.missing')]);
    stage.pass(10 * second);
    expect(stage.offers).toHaveLength(2);
  });
});

describe('R25 timers of a transition', () => {
  it('an acknowledgement before the timer fires ends the escalation', () => {
    const stage = online();
    stage.setPath(({ message, node }) =>
      node === null && message.transition.kind === 'raised'
        ? {
            acts: [
              { do: 'deliver', channel: 'email', to: ['technician'], severity: message.severity },
              {
                do: 'wait',
                node: 'up',
                dueAt: stage.now() + minute,
                unlessAcknowledged: true,
                message: { severity: 'critical', holdMs: 0, to: ['state'] },
              },
            ],
          }
        : { acts: [{ do: 'deliver', channel: 'email', to: message.to, severity: message.severity }] },
    );
    stage.state([fault('microphone.missing')]);
    stage.apply({ type: 'acknowledge', incident: 1, by: 'Tsering' });
    stage.pass(2 * minute);
    expect(stage.told()).toEqual(['raised to technician']);
    expect(stage.engine.memory.transitions.get(1)?.conclusion).toBe('told; acknowledged by Tsering');
  });
});
