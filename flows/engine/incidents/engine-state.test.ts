import { describe, expect, it } from 'vitest';
import { createStage, fault, hour, minute, ok, online, pc, second, unknown } from './stage.test-helper.ts';

describe('R10 only state and silence raise and clear faults', () => {
  it('a fault is raised at once and cleared after its clear time, with one notification each', () => {
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

  it('a PC that is not in the site table is ignored', () => {
    const stage = online();
    stage.birth('la/leh/stranger');
    stage.state([fault('microphone.missing')], 'la/leh/stranger');
    expect(stage.engine.memory.incidents.size).toBe(0);
    expect(stage.engine.applyUnchangedBeat('la/leh/stranger', 5)).toBe(false);
  });
});

describe('F8 two machines with one identity (cloned disk)', () => {
  it('F8 two machines with one identity are an incident when an earlier boot id returns, until only new boots came for an hour', () => {
    const stage = online();
    stage.birth(pc, { boot: 'b2', session: 2 });
    expect(stage.incident()).toBeUndefined();
    for (const [at, boot] of ['b1', 'b2', 'b1', 'b2'].entries()) stage.birth(pc, { boot, session: 3 + at });
    expect(stage.incident()?.faults.map(({ fault }) => fault)).toEqual(['pc.cloned']);
    expect(stage.engine.memory.incidents.size).toBe(1);
    stage.live(50 * minute);
    stage.birth(pc, { boot: 'b3', session: 10 });
    expect(stage.incident()?.over).toBeNull();
    stage.live(20 * minute);
    stage.birth(pc, { boot: 'b4', session: 11 });
    expect(stage.incident()?.over).toBe('cleared');
  });
});

describe('R11, R12, R13 the state in the server converges to that of the PC', () => {
  it('R13 after three unreadable states the server requests the state only once an hour, and raises a fault of the room', () => {
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

  it('R12 an older revision and an older session are ignored', () => {
    const stage = online();
    const old = { type: 'state', pc, digest: '0', base: undefined, checks: [fault('camera.missing')], gone: [] } as const;
    stage.apply({ ...old, session: 1, rev: 1 });
    stage.birth(pc, { session: 5 });
    stage.apply({ ...old, session: 4, rev: 99 });
    stage.apply({ type: 'beat', pc, session: 4, digest: '0' });
    stage.apply({ type: 'bye', pc, boot: 'b1', session: 4 });
    stage.apply({ type: 'birth', pc, boot: 'b1', session: 4, digest: '0', rev: 0, spool: 's1', config: 1, inventory: '', agent: '' });
    expect(stage.engine.memory.incidents.size).toBe(0);
    expect(stage.engine.memory.pcs.get(pc)).toMatchObject({ presence: 'online', session: 5 });
  });

  it('R12 a difference is applied to the state with the stored digest; a difference that does not fit makes the server request the state', () => {
    const stage = online();
    const held = stage.engine.memory.pcs.get(pc)?.digest ?? '';
    const after = createStage();
    after.subscribe();
    after.birth();
    after.state([fault('microphone.muted')]);
    const digest = after.engine.memory.pcs.get(pc)?.digest ?? '';
    const change = { type: 'state', pc, digest, session: 1, checks: [fault('microphone.muted')], gone: ['camera/expected-1'] } as const;
    stage.pass(11 * second);
    const before = stage.asks.length;
    stage.apply({ ...change, rev: 2, base: 'aaaaaaaaaaaaaaaa' });
    expect(stage.asks).toHaveLength(before + 1);
    stage.apply({ ...change, rev: 2, base: held });
    expect(stage.incident()?.faults.map((one) => one.fault)).toEqual(['microphone.muted']);
  });

  it('R16 a birth with a new spool is accepted although its session number is lower', () => {
    const stage = online();
    stage.birth(pc, { session: 900 });
    stage.birth(pc, { session: 3, spool: 's2' });
    stage.state([fault('camera.missing')]);
    expect(stage.incident()?.faults).toHaveLength(1);
  });
});

describe('R14 unknown freezes an incident', () => {
  it('a fault whose check becomes unknown neither clears nor escalates, and the start of that time is stored', () => {
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

  it('central operations are notified once a day of incidents whose check is unknown for a day', { tags: ['long'] }, () => {
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
});

describe('R15 closing an incident', () => {
  it('an incident closes with the reason if its check is gone, and its recipients are notified', () => {
    const stage = online();
    stage.state([fault('microphone.missing'), ok('camera')]);
    stage.state([ok('camera')]);
    expect(stage.incident()).toMatchObject({ over: 'closed', closedBecause: 'no longer checked' });
    expect(stage.told()).toEqual(['raised to technician', 'closed to technician']);
    expect(stage.outbox()[1]?.notice.lines).toEqual(['no longer checked']);
  });
});

it('an incident is removed from memory a day after its end', { tags: ['long'] }, () => {
  const stage = online();
  stage.state([fault('microphone.missing')]);
  stage.state([ok('microphone')]);
  stage.live(25 * hour);
  expect(stage.engine.memory.incidents.size).toBe(0);
  expect(stage.engine.memory.transitions.size).toBe(0);
});

it('a beat that changes nothing writes no row', () => {
  const stage = online();
  const before = stage.ops.length;
  expect(stage.engine.applyUnchangedBeat(pc, stage.now())).toBe(true);
  stage.beat();
  expect(stage.ops.length).toBe(before);
});
