import { describe, expect, it } from 'vitest';
import { contentsAfter, createStage, fault, holdFirst, ok, online, pc } from './stage.test-helper.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

describe('R16, R18 silence', () => {
  it('a will and nothing newer within 90 s is silence; a newer session is none', () => {
    const stage = online();
    stage.lost();
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('lost');
    stage.pass(89 * second);
    expect(stage.engine.memory.incidents.size).toBe(0);
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
    expect(stage.engine.memory.incidents.size).toBe(0);
    stage.lost(pc, 2);
    stage.apply({ type: 'beat', pc, session: 2, digest: 'x' });
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('lost');
    stage.apply({ type: 'beat', pc, session: 3, digest: 'x' });
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('online');
  });

  it('a clean goodbye is no silence, and a will after it neither', () => {
    const stage = online();
    stage.bye();
    stage.lost();
    stage.apply({ type: 'beat', pc, session: 1, digest: 'x' });
    stage.pass(hour);
    expect(stage.engine.memory.incidents.size).toBe(0);
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('stopped');
  });

  it('nothing heard for the limit of the class is silence, whatever was heard counts as hearing', () => {
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

  it('R22 the silence of a PC that was back hid what stood in its room for ten minutes, when it had been silent before', () => {
    const stage = online();
    for (const session of [2, 3]) {
      stage.lost();
      stage.pass(95 * second);
      stage.birth(pc, { session });
      stage.state(session === 2 ? [ok('camera')] : [fault('camera.missing')]);
      stage.live(minute);
    }
    expect(stage.incident()?.faults).toMatchObject([
      { fault: 'pc.silent', goneAt: expect.any(Number) },
      { fault: 'camera.missing', hidden: false, told: 'critical' },
    ]);
  });

  it('while flows is not subscribed no silence is judged, and after it the count begins anew', () => {
    const stage = online();
    stage.apply({ type: 'unsubscribed' });
    stage.lost();
    stage.pass(50 * second);
    stage.pass(hour);
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('lost');
    stage.subscribe();
    stage.pass(80 * second);
    expect(stage.incident(pc)).toBeUndefined();
    stage.pass(20 * second);
    expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('silent');
  });
});

describe('R19 a gap of our own', () => {
  const known = ['la/leh/a', 'la/leh/b', 'la/leh/c'].map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 0, alerts: true }));

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
    stage.pass(second);
    expect(stage.incident('centre/unheard')?.over).toBe('cleared');
    expect(stage.engine.memory.incidents.size).toBe(1);
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

  it('what stood only in the memory of an earlier start clears with the first tick of the next', () => {
    const stage = online();
    stage.apply({ type: 'unsubscribed' });
    stage.pass(61 * second);
    const next = createStage({ contents: contentsAfter(stage.ops), at: stage.now() });
    expect(next.incident('centre')?.over).toBeNull();
    next.subscribe();
    expect(next.incident('centre')?.over).toBe('cleared');
  });

  it('three starts in 30 min are an incident of the centre, until they are long ago', () => {
    const stage = createStage({ starts: [900_000, 950_000, 1_000_000] });
    stage.subscribe();
    expect(stage.incident('centre')?.faults[0]?.fault).toBe('centre.restarts');
    stage.pass(30 * minute, 10 * second);
    expect(stage.incident('centre')?.over).toBe('cleared');
  });

  it('what ingest says of the centre is raised and cleared like any fault', () => {
    const stage = online();
    stage.apply({ type: 'centre', fault: 'centre.channel_failing', device: 'email', standing: true });
    stage.apply({ type: 'centre', fault: 'centre.channel_failing', device: 'email', standing: true });
    stage.apply({ type: 'centre', fault: 'centre.channel_failing', device: 'email', standing: false });
    expect(stage.kinds()).toEqual(['raised', 'cleared']);
  });
});

describe('R18a a gap of our own is no silence of theirs', () => {
  const known = Array.from({ length: 20 }, (_, at) => ({ pc: `la/leh/p${at}`, link: 'fibre' as const, elevationM: 0, alerts: true }));
  const there = () => {
    const stage = createStage({ known });
    stage.subscribe();
    for (const one of known) stage.birth(one.pc);
    return stage;
  };

  it('what was not heard after the last proof of hearing says nothing: no PC is silent as long as nothing is proven', () => {
    const stage = there();
    const provenAt = stage.now();
    for (let n = 0; n < 600; n++) stage.pass(second, second, provenAt);
    expect(stage.engine.memory.incidents.size).toBe(0);
    expect(stage.engine.memory.pcs.get('la/leh/p0')?.presence).toBe('online');
  });

  it('and as of that proof it is judged: the limit counts to the proof, not to now', () => {
    const stage = there();
    const bornAt = stage.now();
    stage.pass(170 * second, 170 * second, bornAt + 149 * second);
    expect(stage.engine.memory.incidents.size).toBe(0);
    stage.pass(second, second, bornAt + 150 * second);
    expect(stage.engine.memory.pcs.get('la/leh/p0')?.presence).toBe('silent');
  });

  it('a will in the gap is judged as of the proof too', () => {
    const stage = there();
    stage.lost('la/leh/p0');
    const provenAt = stage.now() + 89 * second;
    stage.pass(140 * second, 140 * second, provenAt);
    expect(stage.engine.memory.pcs.get('la/leh/p0')?.presence).toBe('lost');
    stage.pass(second, second, provenAt + second);
    expect(stage.engine.memory.pcs.get('la/leh/p0')?.presence).toBe('silent');
  });

  it('227 PCs were called silent when the broker, which had stood still, told their wills before they were back', () => {
    const stage = there();
    stage.apply({ type: 'unsubscribed' });
    stage.pass(200 * second, 10 * second);
    stage.subscribe();
    stage.pass(second);
    for (const one of known) stage.lost(one.pc);
    stage.pass(140 * second);
    expect(stage.incident('la/leh/p0')).toBeUndefined();
    for (const one of known.slice(1)) stage.birth(one.pc, { session: 2 });
    stage.pass(20 * second);
    // The one that is not back is told, as of the gap.
    expect(stage.incident('centre/unheard')?.faults.map((one) => one.device)).toEqual(['la/leh/p0']);
    expect(stage.incident('la/leh/p0')).toBeUndefined();
  });

  it('centre.slow: three gaps in ten minutes are an incident of the centre, until they are long ago; two are none', () => {
    const stage = there();
    const gap = () => {
      stage.apply({ type: 'unsubscribed', slow: true });
      stage.subscribe();
      for (const one of known) stage.beat(one.pc);
      stage.pass(10 * second);
    };
    gap();
    gap();
    expect(stage.incident('centre')).toBeUndefined();
    gap();
    expect(stage.incident('centre')?.faults.map((one) => one.fault)).toEqual(['centre.slow']);
    for (const one of known) stage.bye(one.pc);
    stage.pass(11 * minute, 10 * second);
    expect(stage.incident('centre')?.over).toBe('cleared');
    expect(stage.kinds()).toEqual(['raised', 'cleared']);
  });
});

describe('R18a a deaf centre hides no dead PC without a word', () => {
  for (const everyMs of [80 * second, 301 * second, 900 * second]) {
    it(`a session that was lost each ${everyMs / second} s hid a dead PC for ever, and nobody was told: now the centre says so`, () => {
      const stage = createStage({ known: [{ pc, link: 'floor', elevationM: 0, alerts: true }] });
      stage.subscribe();
      stage.birth();
      for (let passed = 0; passed < hour; passed += everyMs) {
        stage.pass(everyMs, 5 * second);
        stage.apply({ type: 'unsubscribed' });
        stage.pass(second);
        stage.subscribe();
      }
      expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('online');
      expect(stage.incident('centre')?.faults.map((one) => one.fault)).toEqual(['centre.slow']);
      stage.pass(930 * second, 5 * second);
      expect(stage.engine.memory.pcs.get(pc)?.presence).toBe('silent');
      expect(stage.incident('centre')?.over).toBe('cleared');
      expect(stage.offers.filter(({ message }) => message.topic === 'centre').map(({ message }) => message.transition.kind)).toEqual([
        'raised',
        'cleared',
      ]);
    });
  }

  it('gaps that leave each PC its time are none of it, nor are three in twenty minutes that end', () => {
    const stage = online();
    for (const passMs of [400 * second, 400 * second, hour, 940 * second, 940 * second, 940 * second]) {
      stage.pass(passMs, 5 * second);
      stage.apply({ type: 'unsubscribed' });
      stage.pass(second);
      stage.subscribe();
    }
    expect(stage.incident('centre')).toBeUndefined();
  });

  it('one loss of the broker is one gap, however many attempts fail before it is back', () => {
    const stage = online();
    for (let attempts = 0; attempts < 10; attempts++) {
      stage.apply({ type: 'unsubscribed' });
      stage.pass(5 * second);
    }
    stage.subscribe();
    expect(stage.incident('centre')).toBeUndefined();
  });
});
