/** S6 in the whole world: a command is done at most once and answered, wherever agent, `flows` or broker are killed on its way. */
import { describe, expect, test } from 'vitest';
import { inThread } from '../../flows/ledger/ledger.ts';
import { atRest, complaints, minute, second } from './scene.ts';
import type { World } from './world.ts';

const by = 'meera';
const passes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

function issue(world: World, verb: string, args = {}): void {
  const { path } = world.pc(0);
  // Where `flows` dies on the way, nobody hears of the answer.
  void world.centre.centre()?.view.commands.issue({ to: path, verb, args, by });
}

async function answersIn(world: World) {
  const ledger = inThread(world.centre.db());
  const [row] = await ledger.commands();
  return (row && (await ledger.command(row.id))?.answers)?.map(({ outcome }) => outcome) ?? [];
}

describe('an agent that is killed at a step, and comes back', () => {
  const points = ['before a commit of the spool', 'after a commit of the spool', 'publish', 'an act'];
  test.each(points)('%s', async (point) => {
    const seen = new Set<string>();
    for (const pass of passes) {
      const world = await atRest();
      issue(world, 'restart-sound');
      world.pc(0).process()?.trap(point, pass);
      await world.pass(20 * second);
      world.pc(0).process()?.trap(point, 0);
      world.pc(0).start();
      await world.pass(2 * minute);
      const answers = await answersIn(world);
      const { acts } = world.pc(0);
      expect(acts.length, `pass ${pass}`).toBeLessThanOrEqual(1);
      expect(answers, `pass ${pass}`).toHaveLength(1);
      if (answers[0] === 'done') expect(acts).toHaveLength(1);
      expect(await complaints(world)).toEqual([]);
      seen.add(answers.join());
    }
    expect(seen).toContain('done');
  });
});

test.each(['before a commit of the ledger', 'after a commit of the ledger', 'publish', 'before a send', 'after a send'])(
  '`flows` that is killed %s: a command that is in its ledger is done and answered once, one that is not never was',
  async (point) => {
    let kept = 0;
    for (const pass of passes) {
      const world = await atRest();
      world.centre.process()?.trap(point, pass);
      issue(world, 'restart-sound');
      await world.pass(20 * second);
      world.centre.process()?.trap(point, 0);
      world.centre.start();
      await world.pass(3 * minute);
      const isIssued = (await inThread(world.centre.db()).commands()).length;
      kept += isIssued;
      expect([world.pc(0).acts.length, await answersIn(world)], `pass ${pass}`).toEqual(isIssued === 1 ? [1, ['done']] : [0, []]);
    }
    expect(kept).toBeGreaterThan(5);
  },
);

test('a PC that was off is told when it comes back in time, and not when it is too late', async () => {
  for (const [minutes, outcome] of [[8, ['done']] as const, [12, []] as const]) {
    const world = await atRest();
    world.pc(0).kill();
    issue(world, 'restart-sound');
    await world.pass(minutes * minute);
    world.pc(0).start();
    await world.pass(3 * minute);
    expect([world.pc(0).acts.length, await answersIn(world)]).toEqual([outcome.length, outcome]);
  }
});

test('a reboot and a restart of the agent are done once, and told by the one who comes after', async () => {
  for (const [verb, reboot] of [['reboot', true] as const, ['restart-agent', false] as const]) {
    const world = await atRest();
    issue(world, verb, verb === 'reboot' ? { confirm: world.pc(0).path } : {});
    await world.pass(10 * second);
    expect(world.pc(0).agent()).toBeUndefined();
    world.pc(0).start({ reboot });
    await world.pass(2 * minute);
    expect([world.pc(0).acts, await answersIn(world)]).toEqual([[verb], ['done']]);
    expect(world.pc(0).agent()).toBeDefined();
  }
});

test('clocks that are years off, on either side, hinder no command', async () => {
  for (const years of [-56, 10]) {
    const world = await atRest();
    world.pc(0).machine.jump(years * 365 * 24 * 60 * minute);
    // The next beat asks for the centre's time.
    await world.pass(2 * minute);
    issue(world, 'restart-sound');
    await world.pass(2 * minute);
    expect([world.pc(0).acts, await answersIn(world)]).toEqual([['restart-sound'], ['done']]);
  }
});
