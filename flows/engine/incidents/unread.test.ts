import { describe, expect, it } from 'vitest';
import { contentsAfter, createStage, fault, holdFirst, minute, ok, online, pc, second } from './stage.test-helper.ts';

describe('R18a what waited in the socket while we stood still', () => {
  const held = () => {
    const stage = online();
    stage.setPath(holdFirst);
    stage.state([fault('camera.missing'), ok('microphone')]);
    stage.pass(5 * second);
    return stage;
  };

  it('a hold that ended meanwhile is not notified where the PC says that all is well', () => {
    const stage = held();
    stage.standStill(5 * minute);
    stage.pass(500, 500, stage.now());
    stage.state([ok('camera'), ok('microphone')]);
    stage.live(2 * minute);
    expect(stage.told()).toEqual([]);
    expect(stage.incident()?.over).toBe('cleared');
  });

  it('what still stands is told as soon as its PC has spoken and a word of ours is back, and of one that says nothing after a minute', () => {
    const heard = held();
    heard.standStill(5 * minute);
    heard.beat();
    expect(heard.told()).toEqual([]);
    heard.pass(second);
    expect(heard.told()).toEqual(['raised to technician']);

    const mute = held();
    mute.standStill(5 * minute);
    mute.pass(59 * second);
    expect(mute.told()).toEqual([]);
    mute.pass(2 * second);
    expect(mute.told()).toEqual(['raised to technician']);
  });

  it('a centre that stands still again and again tells what is due all the same', () => {
    const stage = held();
    for (let times = 0; times < 12; times += 1) {
      stage.standStill(10 * second);
      stage.pass(second, second, stage.now() - second);
    }
    expect(stage.outbox().filter(({ notice }) => notice.scope === pc)).toHaveLength(1);
  });

  it('R24 an offer that was on the wires when flows stood still is not counted as lost', () => {
    const stage = online();
    stage.setPath(() => 'nothing');
    stage.state([fault('microphone.missing'), ok('camera')]);
    stage.standStill(5 * minute);
    expect(stage.offers).toHaveLength(1);
    stage.pass(11 * second);
    expect(stage.offers).toHaveLength(2);
  });
});

describe('R18a what PCs said while flows was down', () => {
  /** A centre that is there again after five minutes, with what was open before. */
  const again = (before: ReturnType<typeof online>) => {
    const stage = createStage({ contents: contentsAfter(before.ops), at: before.now() + 5 * minute });
    stage.setPath(holdFirst);
    stage.apply({ type: 'started' });
    stage.pass(second);
    stage.subscribe();
    stage.pass(second);
    return stage;
  };

  it('a start notifies no hold that had become due before its PC is heard', () => {
    const before = online();
    before.setPath(holdFirst);
    before.state([fault('camera.missing'), ok('microphone')]);
    before.pass(5 * second);
    const stage = again(before);
    stage.birth(pc, { session: 2 });
    stage.state([ok('camera'), ok('microphone')]);
    stage.live(2 * minute);
    expect(stage.told()).toEqual([]);
    expect(stage.incident()?.over).toBe('cleared');
  });
});
