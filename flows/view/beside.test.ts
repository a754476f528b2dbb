import { expect, test } from 'vitest';
import { setUp } from './live.test-helper.ts';
import type { PcChoice } from './live-state.ts';

const second = 1_000;
const minute = 60 * second;

/** A site whose two PCs were lost together, and of which nobody knows why. */
function lostSite() {
  const nation = setUp({ count: 2, each: 2 });
  const { stage, pcs, show, does, clock } = nation;
  const [back = '', away = '', ...others] = pcs;
  does(() => {
    stage.lost(back);
    stage.lost(away);
    passOf(2 * minute);
  });
  const shown = () => show.view.pcs('all').find(({ pc }) => pc === away)?.outage;
  const told = () => show.view.incidents().find(({ scope }) => scope === away)?.outage;
  /** Time goes by, in which those that are there are heard. */
  function passOf(ms: number, there: readonly string[] = others): void {
    for (let left = ms; left > 0; left -= minute) {
      for (const pc of there) stage.beat(pc);
      stage.pass(Math.min(left, minute));
    }
  }
  return { ...nation, clock, back, away, others, shown, told, passOf };
}

test('a PC stays away and another one of its site is back: the wall said on that the site cannot be reached', async () => {
  const { does, stage, back, away, others, shown, told, listen, clock, passOf, show } = lostSite();
  expect(shown()).toMatchObject({ cause: 'undetermined' });
  expect(shown()).not.toHaveProperty('beside');
  const { frames } = listen('kerala/kozhikode-1' as PcChoice);
  does(() => stage.birth(back, { session: 2, apartMs: minute }));
  expect(shown()).toMatchObject({ cause: 'undetermined', beside: true });
  await clock.pass(250);
  const isOf = ({ pc }: { pc: string }) => pc === away;
  expect(frames.at(-1)?.pcs?.find(isOf)?.outage).toMatchObject({ beside: true });
  // The other one tells of itself when the site is well again.
  does(() => passOf(20 * minute, [back, ...others]));
  expect(told()).toMatchObject({ cause: 'undetermined', beside: true, to: null });
  await clock.pass(250);
  expect(frames.flatMap(({ incidents = [] }) => incidents).findLast(({ scope }) => scope === away)?.outage).toMatchObject({ beside: true });
  does(() => stage.lost(back, 2));
  expect(shown()).not.toHaveProperty('beside');
  does(() => stage.birth(away, { session: 2 }));
  expect(shown()).toBeNull();
  show.close();
});

test('that another one answers was seen by its next beat, which is no news of its own: it is followed', async () => {
  const { stage, pcs, show, does, clock, listen } = setUp({ count: 2, each: 2 });
  const [back = '', away = ''] = pcs;
  does(() => {
    stage.lost(back);
    stage.pass(20 * second);
    stage.birth(back, { session: 2 });
    stage.pass(second);
    stage.lost(away);
  });
  const { frames } = listen('all');
  const outage = () => show.view.pcs('all').find(({ pc }) => pc === away)?.outage;
  expect(outage()).toMatchObject({ cause: 'undetermined' });
  expect(outage()).not.toHaveProperty('beside');
  stage.pass(second);
  stage.beat(back);
  await clock.pass(15_250);
  expect(frames.flatMap((frame) => frame.pcs ?? []).map((one) => [one.pc, one.outage?.beside])).toEqual([[away, true]]);
  show.close();
});
