import { budgets, type Check } from '@sabha/contracts';
import { describe, expect, it } from 'vitest';
import { createStage, type EngineStage, fault, holdFirst, hour, minute, ok, online, pc, second } from './stage.test-helper.ts';

describe('R27 limits for one PC', () => {
  it('R27 a new fault outside the catalogue every second causes one fault of the room after ten minutes and one of the server', () => {
    const stage = online();
    const messages = () => stage.told().length;
    for (let n = 0; n < 60; n += 1) {
      stage.state([ok('microphone'), fault(`camera.odd-${n}`)]);
      stage.pass(second);
    }
    expect(stage.incident()).toMatchObject({ severity: 'major', faults: [{ fault: 'agent.unknown_fault', name: 'camera.odd-59' }] });
    expect(stage.offers.filter(({ message }) => message.topic === pc).map(({ message }) => message.holdMs)).toEqual([10 * minute]);
    expect(stage.incident('centre')).toMatchObject({ severity: 'minor', faults: [{ fault: 'centre.unknown_fault', name: pc }] });
    expect(messages()).toBe(2);
  });

  it('R27 the incident and the remembered faults of a PC stay within their limits if each of its states has 256 new faults', () => {
    const stage = online();
    for (let n = 0; n < 60; n += 1) stage.state(list(256, (at) => fault('microphone.missing', `${n}-${at}`)));
    const { ended = {} } = stage.engine.memory.pcs.get(pc) ?? {};
    expect(Object.keys(ended).length).toBeLessThanOrEqual(budgets.remembered.most);
    expect(stage.incident()?.faults.length ?? 0).toBeLessThanOrEqual(budgets.faults.most);
  });
});

it('R27 an incident that never ends keeps its first and its newest transitions, in memory and in the ledger', () => {
  const stage = online();
  const turn = (faults: Check[]) => {
    stage.state([fault('camera.missing'), ...faults]);
    for (let at = 0; at < 30; at += 1) {
      stage.pass(minute, minute);
      stage.beat();
    }
  };
  for (let n = 0; n < budgets.stepsKept.most; n += 1) {
    turn([fault('microphone.missing')]);
    turn([ok('microphone')]);
  }
  const incident = stage.incident()?.id ?? 0;
  const written = stage.ops.flatMap((op) => (op.op === 'transition' && op.transition.incident === incident ? [op.transition.id] : []));
  const ids = [...new Set(written)].sort((a, b) => a - b);
  expect(ids.length).toBeGreaterThan(1.5 * budgets.stepsKept.most);
  const kept = stage.engine.memory.stepsOf(incident).map(({ id }) => id);
  expect(kept).toEqual([ids[0], ...ids.slice(1 - budgets.stepsKept.most)]);
  const gone = stage.ops.flatMap((op) => (op.op === 'transition-gone' ? [op.id] : []));
  expect(gone).toEqual(ids.slice(1, 1 - budgets.stepsKept.most));
  expect(stage.incident()?.over).toBeNull();
});

describe('R27 limit of alerts for a PC whose faults change too often', () => {
  it('R27 a PC that is noisy because it sends too many messages causes at most three notifications in that hour', () => {
    const stage = online();
    stage.setPath(holdFirst);
    for (let n = 0; n < 120; n += 1) {
      if (n >= 30) stage.apply({ type: 'noisy', of: pc, what: 'words' });
      if (n < 30 || n % 60 === 0) stage.state([ok('microphone'), fault('climate.cold_start', `${n}`)]);
      stage.pass(second);
    }
    stage.live(hour - 3 * minute);
    const about = stage.outbox().filter(({ notice }) => notice.scope === pc || notice.faults.some(({ device }) => device === pc));
    expect(about.map(({ notice }) => notice.kind)).toEqual(['raised', 'eased', 'raised']);
    expect(budgets.toldOfNoisyAnHour.most).toBe(1);
  });

  it('R27 the same fault of a new device every second causes two notifications, one report as noisy, and an hour of mute', () => {
    const stage = online();
    flood(stage, 120);
    expect(toldOf(stage, pc).length).toBeLessThanOrEqual(budgets.sameAMinute.most);
    const [noisy, ...more] = toldOf(stage, 'centre');
    expect(more).toEqual([]);
    expect(noisy?.notice.faults).toMatchObject([{ fault: 'pc.noisy', device: pc, reason: expect.stringContaining('only counted') }]);
    expect(budgets.noisyMs.most).toBe(hour);
    const before = stage.ops.length;
    flood(stage, 60);
    expect(stage.ops.slice(before).filter(({ op }) => op === 'incident' || op === 'transition' || op === 'outbox')).toEqual([]);
    expect(budgets.transitionsAnHour.most).toBe(40);
  });

  it('R27 people are notified of a fault that is present after the mute, and the machine log records the number of suppressed alerts', () => {
    const stage = online();
    flood(stage, 60);
    stage.state([ok('microphone'), fault('camera.missing')]);
    stage.live(hour + minute);
    expect(stage.ops).toContainEqual(
      expect.objectContaining({
        op: 'step',
        who: pc,
        what: 'noisy no more',
        about: expect.stringMatching(/^[1-9]\d* alerts were only counted$/),
      }),
    );
    expect(stage.incident()).toMatchObject({ over: null, faults: [{ fault: 'camera.missing', told: 'critical' }] });
    expect(stage.incident('centre')?.over).toBe('cleared');
  });

  it('R27 a noisy PC does not delay the notification of another PC', () => {
    const other = 'la/leh/room-2';
    const known = [pc, other].map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 3_524, alerts: true }));
    const stage = createStage({ known });
    stage.subscribe();
    for (const one of [pc, other]) stage.birth(one);
    flood(stage, 60);
    stage.state([fault('microphone.missing')], other);
    expect(toldOf(stage, other)).toHaveLength(1);
  });

  it('R27 a replaced PC is no longer noisy', () => {
    const stage = online();
    flood(stage, 60);
    expect(stage.incident('centre')?.over).toBeNull();
    stage.setKnown([{ pc, link: 'fibre', elevationM: 3_524, alerts: true }], { because: { [pc]: 'replaced' }, replaced: [pc] });
    expect(stage.incident('centre')?.over).toBe('cleared');
    stage.successor({ spool: 's2' });
    stage.state([fault('camera.missing')]);
    expect(toldOf(stage, pc).at(-1)?.notice.faults).toMatchObject([{ fault: 'camera.missing' }]);
  });
});

describe('R19, R27 many PCs that become noisy or silent one after another', () => {
  const known = Array.from({ length: 100 }, (_, n) => ({ pc: `la/site-${n}/room-1`, link: 'fibre' as const, elevationM: 0, alerts: true }));
  const all = () => {
    const stage = createStage({ known });
    stage.subscribe();
    for (const one of known) stage.birth(one.pc);
    return stage;
  };

  it('R27 100 PCs that become noisy one after another cause at most one message in ten minutes', () => {
    const stage = all();
    for (const one of known) {
      stage.apply({ type: 'noisy', of: one.pc, what: 'words' });
      stage.pass(second);
    }
    expect(stage.incident('centre')?.faults).toHaveLength(known.length);
    beating(stage, 10);
    const named = toldOf(stage, 'centre');
    expect(named.map(({ notice }) => notice.kind)).toEqual(['raised', 'worsened', 'worsened']);
    expect(new Set(named.flatMap(({ notice }) => notice.faults.map(({ device }) => device))).size).toBe(known.length);
    beating(stage, 60);
    expect(stage.incident('centre')?.over).toBe('cleared');
    const ends = toldOf(stage, 'centre').slice(named.length);
    expect(ends.map(({ notice }) => notice.kind)).toEqual(['eased', 'cleared']);
  });

  function beating(stage: EngineStage, minutes: number): void {
    for (let left = 0; left < minutes; left += 1) {
      stage.pass(minute, 10 * second);
      for (const one of known) stage.beat(one.pc);
    }
  }
});

describe('R27 notifications of a muted PC', () => {
  it('R27 people are notified of the clear of a fault that they know, even if its room is muted', () => {
    const stage = online();
    stage.state([fault('microphone.missing'), ok('camera')]);
    flicker(stage, 100);
    expect(stage.incident('centre')?.faults).toMatchObject([{ fault: 'pc.noisy' }]);
    stage.state([ok('microphone'), ok('camera')]);
    stage.live(20 * minute);
    expect(stage.incident()?.over).toBe('cleared');
    stage.live(hour);
    expect(kindsOf(stage, 'microphone.missing')).toEqual(['raised', 'cleared']);
  });

  it('R27 a fault that people know is closed with the reason if its room is muted before its end is notified', () => {
    const stage = online();
    for (const more of [ok('camera'), fault('power.battery_low', 'ups-1'), ok('camera')]) {
      stage.state([fault('microphone.missing'), more]);
      stage.live(5 * minute);
    }
    for (const microphone of [ok('microphone'), fault('microphone.missing'), ok('microphone')]) {
      stage.state([microphone, fault('camera.held')]);
      stage.live(5 * minute);
    }
    expect(kindsOf(stage, 'microphone.missing')).toEqual(['raised']);
    for (let n = 0; n < 50; n += 1) {
      stage.state([ok('microphone'), fault('camera.held', `usb-${n}`)]);
      stage.pass(second);
    }
    expect(stage.incident('centre')?.faults).toMatchObject([{ fault: 'pc.noisy' }]);
    stage.live(2 * hour);
    const closed = toldOf(stage, pc).flatMap(({ notice }) => (notice.kind === 'closed' ? notice.lines : []));
    expect(closed).toEqual(['its alerts change too often, so they are only counted']);
  });

  it('R27 during the mute people are notified once of the silence of the PC, and once of the loss of its camera after the hold', () => {
    const stage = online();
    flood(stage, 60);
    for (const device of ['usb-1', 'usb-2']) {
      stage.state([ok('microphone'), fault('camera.missing', device)]);
      stage.live(minute);
      stage.state([ok('microphone'), ok('camera')]);
      stage.live(minute);
    }
    stage.lost();
    stage.pass(10 * minute);
    expect(kindsOf(stage, 'pc.silent')).toEqual(['raised']);
    expect(stage.incident('centre')?.over).toBeNull();
    stage.pass(hour);
    expect(kindsOf(stage, 'camera.missing')).toEqual(['raised', 'closed']);
  });

  it('R27 a burst of faults causes notifications within the limit per minute until the hourly limit is reached, then its PC is noisy', () => {
    const stage = online();
    stage.setPath(holdFirst);
    const all = list(20, (at) => fault('speaker.missing', `${at}`));
    for (let n = 1; n <= all.length; n += 1) {
      stage.state(all.slice(0, n));
      stage.pass(second);
    }
    stage.live(30 * minute);
    expect(toldOf(stage, pc).length).toBeLessThanOrEqual(budgets.toldAnHour.most);
    expect(stage.incident('centre')?.faults).toMatchObject([{ fault: 'pc.noisy', device: pc }]);
  });
});

function list(length: number, of: (at: number) => Check): Check[] {
  return Array.from({ length }, (_, at) => of(at));
}

function flood(stage: EngineStage, seconds: number): void {
  for (let n = 0; n < seconds; n += 1) {
    stage.state([fault('microphone.missing', `usb-${stage.now()}`), ok('camera')]);
    stage.pass(second);
  }
}

/** Alternates every second between a camera fault, each time of a new device, and no camera fault. The microphone stays missing. */
function flicker(stage: EngineStage, seconds: number): void {
  for (let n = 0; n < seconds; n += 1) {
    stage.state([fault('microphone.missing'), n % 2 === 0 ? fault('camera.missing', `usb-${n}`) : ok('camera')]);
    stage.pass(second);
  }
}

function kindsOf(stage: EngineStage, id: string) {
  return stage.outbox().flatMap(({ notice }) => (notice.faults.some((one) => one.fault === id) ? [notice.kind] : []));
}

function toldOf(stage: EngineStage, scope: string) {
  return stage.outbox().filter(({ notice }) => notice.scope === scope);
}
