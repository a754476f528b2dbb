import type { Check } from '@sabha/contracts';
import { describe, expect, it } from 'vitest';
import { fault, holdFirst, minute, ok, online, second } from './stage.test-helper.ts';

describe('R21 merging the messages about faults that begin together', () => {
  it('faults of one severity that begin within two seconds are one message; later or less severe ones are a separate message', () => {
    const [camera, microphone, speaker] = [fault('camera.missing'), fault('microphone.missing'), fault('speaker.missing')];
    const told = (...steps: [Check[], number][]) => {
      const stage = online();
      stage.setPath(holdFirst);
      for (const [checks, seconds] of steps) {
        stage.state(checks);
        stage.pass(seconds * second);
      }
      stage.pass(minute);
      const at = stage.outbox().map(({ createdAt, notice }) => [createdAt - stage.now(), notice.faults.map((one) => one.fault)] as const);
      return { at: at.map(([ms]) => (ms - (at[0]?.[0] ?? 0)) / second), faults: at.map(([, faults]) => faults) };
    };
    const ids = (...all: string[]) => all.map((one) => `${one}.missing`);
    expect(
      told([[camera, ok('microphone'), ok('speaker')], 1], [[camera, microphone, ok('speaker')], 1], [[camera, microphone, speaker], 0]),
    ).toEqual({
      at: [0],
      faults: [ids('camera', 'microphone', 'speaker')],
    });
    expect(told([[camera, ok('microphone')], 3], [[camera, microphone], 0])).toEqual({
      at: [0, 3],
      faults: [ids('camera'), ids('microphone')],
    });
    expect(told([[camera, ok('speaker')], 1], [[camera, fault('speaker.muted')], 0]).faults).toEqual([ids('camera'), ['speaker.muted']]);
  });

  it('a fault that ends within its hold, or has other recipients, is not merged with a fault that began at the same moment', () => {
    const stage = online();
    stage.setPath(holdFirst);
    stage.state([fault('camera.missing'), ok('microphone')]);
    stage.pass(second);
    stage.state([fault('camera.missing'), fault('microphone.missing')]);
    stage.pass(10 * second);
    stage.state([fault('camera.missing'), ok('microphone')]);
    stage.pass(minute);
    expect(stage.outbox().map(({ notice }) => notice.faults.map((one) => one.fault))).toEqual([['camera.missing']]);
    const other = online();
    other.setPath((offer) => holdFirst({ ...offer, message: { ...offer.message, to: [offer.message.fault] } }));
    other.state([fault('camera.missing'), ok('microphone')]);
    other.pass(second);
    other.state([fault('camera.missing'), fault('microphone.missing')]);
    other.pass(minute);
    expect(other.outbox()).toHaveLength(2);
  });

  it('two faults that end within two seconds are one all-clear; if one of them returns, the other is reported as eased', () => {
    const both = [fault('camera.missing'), fault('microphone.missing')];
    const stage = online();
    stage.state(both);
    stage.state([ok('camera'), fault('microphone.missing')]);
    stage.pass(2 * second);
    stage.state([ok('camera'), ok('microphone')]);
    stage.pass(minute);
    expect(stage.kinds()).toEqual(['raised', 'cleared']);
    const back = online();
    back.state(both);
    back.state([ok('camera'), fault('microphone.missing')]);
    back.pass(2 * second);
    back.state([ok('camera'), ok('microphone')]);
    back.pass(4 * second);
    expect(back.kinds()).toEqual(['raised']);
    back.state([ok('camera'), fault('microphone.missing')]);
    back.pass(second);
    expect(back.kinds()).toEqual(['raised', 'eased']);
  });
});
