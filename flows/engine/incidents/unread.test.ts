import { describe, expect, it } from 'vitest';
import { contentsAfter, createStage, fault, holdFirst, minute, ok, online, pc, second } from './stage.test-helper.ts';

describe('R18a messages that wait in the socket while flows is stopped', () => {
  const held = () => {
    const stage = online();
    stage.setPath(holdFirst);
    stage.state([fault('camera.missing'), ok('microphone')]);
    stage.pass(5 * second);
    return stage;
  };

  it('people are not notified of a fault whose hold ended while flows was stopped, if the PC then reports no fault', () => {
    const stage = held();
    stage.standStill(5 * minute);
    stage.pass(500, 500, stage.now());
    stage.state([ok('camera'), ok('microphone')]);
    stage.live(2 * minute);
    expect(stage.told()).toEqual([]);
    expect(stage.incident()?.over).toBe('cleared');
  });

  it('after flows was stopped, people are notified of a present fault when its PC and a canary are received, or after a minute', () => {
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

  it('a server that stops repeatedly still sends due notifications', () => {
    const stage = held();
    for (let times = 0; times < 12; times += 1) {
      stage.standStill(10 * second);
      stage.pass(second, second, stage.now() - second);
    }
    expect(stage.outbox().filter(({ notice }) => notice.scope === pc)).toHaveLength(1);
  });

  it('R24 an offer made before flows stopped is repeated, and its missing conclusion does not count', () => {
    const stage = online();
    stage.setPath(() => 'nothing');
    stage.state([fault('microphone.missing'), ok('camera')]);
    stage.standStill(5 * minute);
    expect(stage.offers).toHaveLength(1);
    stage.pass(11 * second);
    expect(stage.offers).toHaveLength(2);
  });
});

describe('R18a messages that PCs sent while flows was down', () => {
  /** Starts the server again five minutes later, with the open incidents of the ledger. */
  const again = (before: ReturnType<typeof online>) => {
    const stage = createStage({ contents: contentsAfter(before.ops), at: before.now() + 5 * minute });
    stage.setPath(holdFirst);
    stage.apply({ type: 'started' });
    stage.pass(second);
    stage.subscribe();
    stage.pass(second);
    return stage;
  };

  it('people are not notified of a fault whose hold ended before the start until its PC is seen', () => {
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
