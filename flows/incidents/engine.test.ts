import { describe, expect, it } from 'vitest';
import { contentsAfter, createStage, fault, holdFirst, ok, pc, type Stage, tellTechnician, unknown } from './stage.test-helper.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

function online(options: Parameters<typeof createStage>[0] = {}): Stage {
  const stage = createStage(options);
  stage.subscribe();
  stage.birth();
  stage.state([ok('microphone'), ok('camera')]);
  return stage;
}

describe('R10 only state and silence raise and clear', () => {
  it('raises at once what the state says, and clears it after its clear time, told once each', () => {
    const stage = online();
    stage.state([fault('microphone.missing'), ok('camera')]);
    expect(stage.told()).toEqual(['raised to technician']);
    stage.state([ok('microphone'), ok('camera')]);
    stage.pass(4 * second);
    expect(stage.incident()?.over).toBeNull();
    stage.pass(2 * second);
    expect(stage.incident()?.over).toBe('cleared');
    expect(stage.told()).toEqual(['raised to technician', 'cleared to technician']);
    expect(stage.outbox()[1]?.notice.faults[0]?.fault).toBe('microphone.missing');
  });

  it('makes one incident of a room, with its faults as children', () => {
    const stage = online();
    stage.state([fault('microphone.missing'), fault('camera.missing')]);
    expect(stage.engine.book.incidents.size).toBe(1);
    expect(stage.incident()?.faults.map((one) => one.fault)).toEqual(['microphone.missing', 'camera.missing']);
    expect(stage.kinds()).toEqual(['raised']);
  });

  it('takes no notice of a PC that the site table does not know', () => {
    const stage = online();
    stage.birth('la/leh/stranger');
    stage.state([fault('microphone.missing')], 'la/leh/stranger');
    expect(stage.engine.book.incidents.size).toBe(0);
    expect(stage.engine.touch('la/leh/stranger', 5)).toBe(false);
  });
});

describe('R11, R12, R13 the state converges', () => {
  it('R13 asks for a state that it does not hold, at most once in 10 s', () => {
    const stage = createStage();
    stage.subscribe();
    stage.birth(pc, { digest: '0000000000000000' });
    expect(stage.asks).toEqual([{ do: 'ask', pc, want: ['state'] }]);
    stage.pass(9 * second);
    expect(stage.asks).toHaveLength(1);
    stage.pass(2 * second);
    expect(stage.asks).toHaveLength(2);
    stage.state([ok('camera')]);
    stage.pass(minute);
    expect(stage.asks).toHaveLength(2);
  });

  it('R13 after three answers that it could not read it asks once an hour, and that is a finding', () => {
    const stage = online();
    const broken = { type: 'state', pc, digest: 'ffffffffffffffff', session: 1, base: undefined, checks: [], gone: [] } as const;
    for (const rev of [11, 12, 13]) stage.apply({ ...broken, rev });
    expect(stage.incident()?.faults[0]?.fault).toBe('agent.unreadable');
    const before = stage.asks.length;
    stage.live(30 * minute);
    expect(stage.asks.length).toBe(before);
    stage.live(40 * minute);
    expect(stage.asks.length).toBe(before + 1);
    stage.apply({ type: 'unreadable', pc, leaf: 'state' });
    stage.apply({ type: 'unreadable', pc, leaf: 'inventory' });
    stage.birth(pc, { session: 2 });
    stage.state([ok('microphone')]);
    expect(stage.incident()?.over).toBe('cleared');
  });

  it('R12 ignores an older revision and an older session', () => {
    const stage = online();
    const old = { type: 'state', pc, digest: '0', base: undefined, checks: [fault('camera.missing')], gone: [] } as const;
    stage.apply({ ...old, session: 1, rev: 1 });
    stage.birth(pc, { session: 5 });
    stage.apply({ ...old, session: 4, rev: 99 });
    stage.apply({ type: 'beat', pc, session: 4, digest: '0' });
    stage.apply({ type: 'bye', pc, boot: 'b1', session: 4 });
    stage.apply({ type: 'birth', pc, boot: 'b1', session: 4, digest: '0', rev: 0, spool: 's1', config: 1, inventory: '', agent: '' });
    expect(stage.engine.book.incidents.size).toBe(0);
    expect(stage.engine.book.pcs.get(pc)).toMatchObject({ presence: 'online', session: 5 });
  });

  it('R12 a difference builds on the digest held; one that does not is asked for', () => {
    const stage = online();
    const held = stage.engine.book.pcs.get(pc)?.digest ?? '';
    const after = createStage();
    after.subscribe();
    after.birth();
    after.state([fault('microphone.muted')]);
    const digest = after.engine.book.pcs.get(pc)?.digest ?? '';
    const change = { type: 'state', pc, digest, session: 1, checks: [fault('microphone.muted')], gone: ['camera/expected-1'] } as const;
    stage.pass(11 * second);
    const before = stage.asks.length;
    stage.apply({ ...change, rev: 2, base: 'aaaaaaaaaaaaaaaa' });
    expect(stage.asks).toHaveLength(before + 1);
    stage.apply({ ...change, rev: 2, base: held });
    expect(stage.incident()?.faults.map((one) => one.fault)).toEqual(['microphone.muted']);
  });

  it('asks for an inventory that it does not hold', () => {
    const stage = createStage();
    stage.subscribe();
    stage.birth(pc, { inventory: 'abc' });
    expect(stage.asks).toContainEqual({ do: 'ask', pc, want: ['inventory'] });
    stage.apply({ type: 'inventory', pc, hash: 'abc' });
    stage.birth(pc, { inventory: 'abc', session: 2 });
    expect(stage.asks.filter((one) => one.want.includes('inventory'))).toHaveLength(1);
  });

  it('R16 a new spool begins a new order of sessions', () => {
    const stage = online();
    stage.birth(pc, { session: 900 });
    stage.birth(pc, { session: 3, spool: 's2' });
    stage.state([fault('camera.missing')]);
    expect(stage.incident()?.faults).toHaveLength(1);
  });
});

describe('R14 unknown freezes', () => {
  it('neither clears nor escalates while nobody can say, and shows its age', () => {
    const stage = online();
    stage.setPath(({ message }) => ({
      acts: [
        { do: 'deliver', channel: 'email', to: ['technician'], severity: message.severity },
        {
          do: 'wait',
          node: 'n',
          dueAt: stage.now() + 15 * minute,
          unlessAcknowledged: true,
          message: { severity: 'critical', holdMs: 0, to: [] },
        },
      ],
    }));
    stage.state([fault('microphone.missing')]);
    stage.state([unknown('microphone', 'no audio server')]);
    stage.live(30 * minute);
    expect(stage.incident()?.faults[0]?.unknownSince).toBe(1_000_000);
    expect(stage.offers).toHaveLength(1);
    stage.state([fault('microphone.missing')]);
    stage.live(2 * minute);
    expect(stage.offers.map((one) => one.node)).toEqual([null, 'n']);
  });

  it('names to central what has been unknown for a day, once a day', () => {
    const stage = online();
    stage.state([fault('microphone.missing')]);
    stage.state([unknown('microphone', 'no audio server')]);
    for (let hours = 0; hours < 26; hours += 1) stage.live(hour);
    expect(
      stage
        .outbox()
        .filter((row) => row.person === 'central')
        .map((row) => row.notice.kind),
    ).toEqual(['direct']);
  });

  it('a component that is unknown as a whole freezes its devices', () => {
    const stage = online();
    stage.state([fault('microphone.missing')]);
    stage.state([unknown('microphone', 'no audio server', '')]);
    stage.pass(minute);
    expect(stage.incident()?.over).toBeNull();
  });
});

describe('R15 close', () => {
  it('closes with the reason when a check is gone, and tells whoever was told', () => {
    const stage = online();
    stage.state([fault('microphone.missing'), ok('camera')]);
    stage.state([ok('camera')]);
    expect(stage.incident()).toMatchObject({ over: 'closed', closedBecause: 'no longer checked' });
    expect(stage.told()).toEqual(['raised to technician', 'closed to technician']);
    expect(stage.outbox()[1]?.notice.lines).toEqual(['no longer checked']);
  });

  it('closes when the PC leaves the site table, and begins anew when it returns with another link', () => {
    const stage = online();
    stage.state([fault('microphone.missing')]);
    stage.apply({ type: 'known', pcs: [] });
    expect(stage.incident()?.over).toBe('closed');
    stage.apply({ type: 'known', pcs: [{ pc, link: 'geo', elevationM: 0 }] });
    expect(stage.engine.book.pcs.get(pc)?.link).toBe('geo');
  });
});

describe('R16, R18 silence', () => {
  it('a will and nothing newer within 90 s is silence; a newer session is none', () => {
    const stage = online();
    stage.lost();
    expect(stage.engine.book.pcs.get(pc)?.presence).toBe('lost');
    stage.pass(89 * second);
    expect(stage.engine.book.incidents.size).toBe(0);
    stage.pass(2 * second);
    expect(stage.incident()?.faults[0]?.fault).toBe('pc.silent');
    stage.birth(pc, { session: 2 });
    stage.state([ok('microphone')]);
    expect(stage.incident()?.over).toBe('cleared');
    expect(stage.told()).toEqual(['raised to technician', 'cleared to technician']);
  });

  it('R16 an older will is ignored, and so is a will after a newer word', () => {
    const stage = online();
    stage.birth(pc, { session: 2 });
    stage.lost(pc, 1);
    stage.live(5 * minute);
    expect(stage.engine.book.incidents.size).toBe(0);
    stage.lost(pc, 2);
    stage.apply({ type: 'beat', pc, session: 2, digest: 'x' });
    expect(stage.engine.book.pcs.get(pc)?.presence).toBe('lost');
    stage.apply({ type: 'beat', pc, session: 3, digest: 'x' });
    expect(stage.engine.book.pcs.get(pc)?.presence).toBe('online');
  });

  it('a clean goodbye is no silence, and a will after it neither', () => {
    const stage = online();
    stage.bye();
    stage.lost();
    stage.apply({ type: 'beat', pc, session: 1, digest: 'x' });
    stage.pass(hour);
    expect(stage.engine.book.incidents.size).toBe(0);
    expect(stage.engine.book.pcs.get(pc)?.presence).toBe('stopped');
  });

  it('nothing heard for the limit of the class is silence, whatever was heard counts as hearing', () => {
    const stage = online();
    stage.pass(149 * second);
    stage.apply({ type: 'heard', pc });
    stage.pass(149 * second);
    stage.apply({ type: 'unreadable', pc, leaf: 'beat' });
    stage.pass(149 * second);
    expect(stage.engine.book.incidents.size).toBe(0);
    stage.pass(2 * second);
    expect(stage.engine.book.pcs.get(pc)?.presence).toBe('silent');
    stage.apply({ type: 'heard', pc });
    expect(stage.engine.book.pcs.get(pc)?.presence).toBe('online');
  });

  it('a silent PC hides and freezes its other faults; they are told when it is back, if nobody was', () => {
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

  it('while flows is not subscribed no silence is judged, and after it the count begins anew', () => {
    const stage = online();
    stage.apply({ type: 'unsubscribed' });
    stage.lost();
    stage.pass(50 * second);
    stage.pass(hour);
    expect(stage.engine.book.pcs.get(pc)?.presence).toBe('lost');
    stage.subscribe();
    stage.pass(80 * second);
    expect(stage.incident(pc)).toBeUndefined();
    stage.pass(20 * second);
    expect(stage.engine.book.pcs.get(pc)?.presence).toBe('silent');
  });
});

describe('R19 a gap of our own', () => {
  const known = ['la/leh/a', 'la/leh/b', 'la/leh/c'].map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 0 }));

  it('PCs still unheard after it are one incident with a list, which clears when the last is heard', () => {
    const stage = createStage({ known });
    stage.subscribe();
    stage.birth('la/leh/a');
    stage.live(3 * minute, 'la/leh/a');
    const list = stage.incident('centre/unheard');
    expect(list?.faults.map((one) => one.device)).toEqual(['la/leh/b', 'la/leh/c']);
    expect(stage.kinds()).toEqual(['raised']);
    stage.birth('la/leh/b');
    stage.birth('la/leh/c');
    expect(stage.incident('centre/unheard')?.over).toBe('cleared');
    expect(stage.engine.book.incidents.size).toBe(1);
  });

  it('losing the broker for 60 s is an incident of the centre, cleared by the next SUBACK', () => {
    const stage = online();
    stage.apply({ type: 'unsubscribed' });
    stage.pass(59 * second);
    expect(stage.incident('centre')).toBeUndefined();
    stage.pass(2 * second);
    expect(stage.incident('centre')?.faults[0]?.fault).toBe('centre.broker_lost');
    stage.subscribe();
    expect(stage.incident('centre')?.over).toBe('cleared');
    expect(stage.engine.isSubscribed()).toBe(true);
  });

  it('three starts in 30 min are an incident of the centre, until they are long ago', () => {
    const stage = createStage({ starts: [900_000, 950_000, 1_000_000] });
    stage.subscribe();
    expect(stage.incident('centre')?.faults[0]?.fault).toBe('centre.restarts');
    stage.pass(30 * minute, 10 * second);
    expect(stage.incident('centre')?.over).toBe('cleared');
  });

  it('what the desk says of the centre is raised and cleared like any fault', () => {
    const stage = online();
    stage.apply({ type: 'centre', fault: 'centre.channel_failing', device: 'email', standing: true });
    stage.apply({ type: 'centre', fault: 'centre.channel_failing', device: 'email', standing: true });
    stage.apply({ type: 'centre', fault: 'centre.channel_failing', device: 'email', standing: false });
    expect(stage.kinds()).toEqual(['raised', 'cleared']);
  });
});

describe('R21 transitions', () => {
  it('a fault that joins is worsened and takes back an acknowledgement when it is more severe', () => {
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
    expect(stage.kinds()).toEqual(['raised', 'worsened', 'worsened', 'eased']);
    stage.apply({ type: 'acknowledge', incident: 99, by: 'nobody' });
  });

  it('a parent hides its child: the child is told only when it stands alone', () => {
    const stage = online();
    stage.state([fault('microphone.missing', 'expected-1'), fault('microphone.muted', 'expected-2')]);
    expect(stage.outbox()[0]?.notice.faults.map((one) => one.fault)).toEqual(['microphone.missing']);
    stage.state([ok('microphone', 'expected-1'), fault('microphone.muted', 'expected-2')]);
    stage.pass(6 * second);
    expect(stage.kinds()).toEqual(['raised', 'eased', 'worsened']);
  });

  it('only one transition of an incident is open at a time, in order', () => {
    const stage = online();
    stage.setPath(() => 'nothing');
    stage.state([fault('microphone.missing'), ok('camera')]);
    stage.state([fault('microphone.missing'), fault('camera.missing')]);
    expect(stage.kinds()).toEqual(['raised']);
    stage.setPath(tellTechnician);
    stage.apply({ type: 'conclude', transition: 1, acts: [], severity: 'critical', how: 'nothing to do' });
    expect(stage.kinds()).toEqual(['raised', 'worsened']);
  });

  it('a room that flaps has one open incident and at most four messages, and clears once it is calm for 10 min', () => {
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

describe('R22 hold', () => {
  it('a clear in that time ends it untold', () => {
    const stage = online();
    stage.setPath(holdFirst);
    stage.state([fault('microphone.missing')]);
    stage.pass(10 * second);
    stage.state([ok('microphone')]);
    stage.pass(minute);
    expect(stage.told()).toEqual([]);
    expect([...stage.engine.book.transitions.values()].map((one) => one.conclusion)).toEqual([
      'told; over before anybody was told',
      'nobody had been told',
    ]);
    expect(stage.engine.book.timers.size).toBe(0);
  });

  it('the hold survives a kill: the next start goes on where the wait stood', () => {
    const stage = online();
    stage.setPath(holdFirst);
    stage.state([fault('microphone.missing')]);
    const next = createStage({ contents: contentsAfter(stage.ops), at: stage.now() + 5 * second });
    next.subscribe();
    next.apply({ type: 'started' });
    next.pass(14 * second);
    expect(next.offers).toEqual([]);
    next.pass(2 * second);
    expect(next.offers.map((one) => one.node)).toEqual(['hold']);
    expect(next.told()).toEqual(['raised to technician']);
  });

  it('a fault that is just gone when its hold ends waits for its clear time', () => {
    const stage = online();
    stage.setPath(holdFirst);
    stage.state([fault('microphone.missing')]);
    stage.pass(18 * second);
    stage.state([ok('microphone')]);
    stage.pass(3 * second);
    stage.state([fault('microphone.missing')]);
    stage.pass(8 * second);
    expect(stage.told()).toEqual(['raised to technician']);
  });
});

describe('R23 conclude', () => {
  it('writes acts and conclusion together, once; a second conclusion changes nothing', () => {
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

  it('a rule that makes it more urgent holds for the incident, and takes an acknowledgement back', () => {
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

  it('a path that tells nobody is a conclusion too', () => {
    const stage = online();
    stage.setPath(() => ({ acts: [{ do: 'deliver', channel: 'email', to: [], severity: 'info' }], how: 'not told: info only' }));
    stage.state([fault('microphone.missing')]);
    stage.state([ok('microphone')]);
    stage.pass(6 * second);
    expect(stage.kinds()).toEqual(['raised']);
    expect(stage.told()).toEqual([]);
  });
});

describe('R24 offered again, then the default route', () => {
  it('without a conclusion in 10 s it is offered again; after two offers central is told and the flow is named', () => {
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

  it('the offer is counted in the ledger before it is made', () => {
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

  it('on start what is open is offered again, to the head, unless it is over by now', () => {
    const stage = online();
    stage.setPath(() => 'nothing');
    stage.state([fault('microphone.missing')]);
    const next = createStage({ contents: contentsAfter(stage.ops), at: stage.now() + second });
    next.apply({ type: 'started' });
    expect(next.told()).toEqual(['raised to technician']);
    stage.state([ok('microphone')]);
    stage.pass(6 * second);
    const later = createStage({ contents: contentsAfter(stage.ops), at: stage.now() });
    later.apply({ type: 'started' });
    expect(later.told()).toEqual([]);
    expect([...later.engine.book.transitions.values()].map((one) => one.state)).toEqual(['concluded', 'concluded']);
  });

  it('the default route bundles: one message a minute', () => {
    const known = ['la/leh/a', 'la/leh/b', 'la/leh/c'].map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 0 }));
    const stage = createStage({ known });
    stage.subscribe();
    stage.setPath(() => 'nothing');
    for (const { pc: one } of known) {
      stage.birth(one);
      stage.state([fault('microphone.missing')], one);
    }
    stage.pass(25 * second);
    expect(stage.told()).toEqual(['unfinished to central']);
    expect(stage.outbox()[0]?.notice.lines).toHaveLength(3);
  });
});

describe('R25 timers', () => {
  it('an acknowledgement in time ends an escalation', () => {
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
    expect(stage.engine.book.transitions.get(1)?.conclusion).toBe('told; acknowledged by Tsering');
  });

  it('a timer that fires hands its message to its node, with what the node held', () => {
    const stage = online();
    stage.setPath(({ message, node }) =>
      node === null
        ? {
            acts: [
              {
                do: 'wait',
                node: 'up',
                dueAt: stage.now() + minute,
                unlessAcknowledged: true,
                message: { severity: 'minor', holdMs: 5, to: ['state'] },
              },
            ],
          }
        : { acts: [{ do: 'deliver', channel: 'email', to: message.to, severity: message.severity }] },
    );
    stage.state([fault('microphone.missing')]);
    stage.pass(61 * second);
    expect(stage.offers[1]?.message).toMatchObject({ to: ['state'], severity: 'minor', holdMs: 5, transition: { offer: 1 } });
    expect(stage.told()).toEqual(['raised to state']);
  });

  it('a node that is gone when its timer fires: offered at the head after 10 s, then the default route, in 25 s', () => {
    const stage = online();
    stage.setPath(holdFirst);
    stage.state([fault('microphone.missing')]);
    stage.setPath(() => 'nothing');
    stage.pass(20 * second);
    expect(stage.offers.at(-1)?.node).toBe('hold');
    stage.pass(25 * second);
    expect(stage.offers.at(-1)?.node).toBeNull();
    expect(stage.told()).toContain('unfinished to central');
  });
});

it('forgets an incident a day after it is over', () => {
  const stage = online();
  stage.state([fault('microphone.missing')]);
  stage.state([ok('microphone')]);
  stage.live(25 * hour);
  expect(stage.engine.book.incidents.size).toBe(0);
  expect(stage.engine.book.transitions.size).toBe(0);
});

it('a beat that changes nothing costs no row', () => {
  const stage = online();
  const before = stage.ops.length;
  expect(stage.engine.touch(pc, stage.now())).toBe(true);
  stage.beat();
  expect(stage.ops.length).toBe(before);
});
