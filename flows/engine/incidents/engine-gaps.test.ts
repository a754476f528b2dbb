import { links } from '@sabha/contracts';
import { describe, expect, it } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import { createStage, hour, minute, online, pc, second } from './stage.test-helper.ts';

describe('R19 a receive gap of the server', () => {
  const known = ['la/leh/a', 'la/leh/b', 'la/leh/c'].map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 0, alerts: true }));

  it('R19 PCs not seen since a receive gap are one incident that lists them, and it clears when the last of them is seen', () => {
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

  it.each(ofTier([20], [10.5, 15, 20, 29]))(
    'the incident of a broker that is lost every %d minutes ends half an hour after the last loss, and is raised only twice',
    (every) => {
      const stage = online();
      const lose = () => {
        stage.apply({ type: 'unsubscribed' });
        stage.pass(65 * second, 5 * second);
        stage.subscribe();
      };
      for (let minutes = 0; minutes < 360; minutes += every) {
        lose();
        stage.live(every * minute - 65 * second);
      }
      const told = () => stage.offers.filter(({ message }) => message.topic === 'centre' && message.fault === 'centre.broker_lost');
      expect(told().map(({ message }) => message.transition.kind)).toEqual(['raised', 'cleared', 'raised']);
      expect(stage.incident('centre')).toMatchObject({ over: null });
      lose();
      stage.live(29 * minute);
      expect(stage.incident('centre')?.over).toBeNull();
      stage.live(2 * minute);
      expect(stage.incident('centre')?.over).toBe('cleared');
    },
  );

  it('three starts of the server in 30 min are an incident of the server until the 30 min have passed', () => {
    const stage = createStage({ starts: [900_000, 950_000, 1_000_000] });
    stage.subscribe();
    expect(stage.incident('centre')?.faults[0]?.fault).toBe('centre.restarts');
    stage.pass(30 * minute, 10 * second);
    expect(stage.incident('centre')?.over).toBe('cleared');
  });
});

describe('R18a a receive gap of the server does not count as silence of the PCs', () => {
  const known = Array.from({ length: 20 }, (_, at) => ({ pc: `la/leh/p${at}`, link: 'fibre' as const, elevationM: 0, alerts: true }));
  const there = () => {
    const stage = createStage({ known });
    stage.subscribe();
    for (const one of known) stage.birth(one.pc);
    return stage;
  };

  it('last wills that a frozen broker delivers late, before the births of the same PCs, make no PC silent', () => {
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
    // The only PC that has not sent a birth since the receive gap is listed in the incident of the gap.
    expect(stage.incident('centre/unheard')?.faults.map((one) => one.device)).toEqual(['la/leh/p0']);
    expect(stage.incident('la/leh/p0')).toBeUndefined();
  });

  it('three receive gaps in ten minutes are an incident of the server until the ten minutes have passed; two gaps are none', () => {
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

describe('R18a receive gaps that leave no time to judge silence', () => {
  for (const everyMs of [80 * second, 301 * second]) {
    it(`losing its session every ${everyMs / second} s raises an incident of the server, and a dead PC becomes silent only after these gaps end`, () => {
      const stage = createStage({ known: [{ pc, link: 'floor', elevationM: 0, alerts: true }] });
      stage.subscribe();
      stage.birth();
      for (let passed = 0; passed < 40 * minute; passed += everyMs) {
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

  for (const [link, everyMs] of [
    ['fibre', 80 * second],
    ['fibre', 149 * second],
    ['floor', 301 * second],
    ['floor', 900 * second],
  ] as const) {
    it(`R19 with gaps every ${everyMs / second} s, a dead PC on ${link} is listed when the server has received for three silence limits in total`, () => {
      const known = ['la/leh/a', 'la/leh/b'].map((one) => ({ pc: one, link, elevationM: 0, alerts: true }));
      const stage = createStage({ known });
      stage.subscribe();
      for (const one of known) stage.birth(one.pc);
      let heardMs = 0;
      while (stage.incident('centre/unheard') === undefined && heardMs < 4 * hour) {
        stage.pass(50 * second, 5 * second);
        stage.beat('la/leh/b');
        stage.pass(everyMs - 50 * second, second);
        heardMs += everyMs - minute;
        stage.apply({ type: 'unsubscribed' });
        stage.pass(20 * second, 5 * second);
        stage.subscribe();
      }
      const limitMs = 3 * links[link].silentMs;
      expect(heardMs).toBeGreaterThanOrEqual(limitMs);
      expect(heardMs).toBeLessThan(limitMs + everyMs);
      expect(stage.incident('centre/unheard')?.faults.map(({ device }) => device)).toEqual(['la/leh/a']);
      expect(stage.engine.memory.pcs.get('la/leh/b')?.presence).toBe('online');
      stage.beat('la/leh/a');
      stage.pass(second);
      expect(stage.incident('centre/unheard')?.over).toBe('cleared');
      stage.pass(everyMs - 10 * second, second);
      expect(stage.incident('centre/unheard')?.over).toBe('cleared');
    });
  }
});
