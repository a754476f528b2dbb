// @module-tag long
/** Tests S6 in the whole simulation: a command runs at most once and gets a result, wherever the agent or `flows` is killed. */
import { describe, expect, test } from 'vitest';
import { answersIn, issue, issuedIn } from './orders.ts';
import { atRest, complaints, minute, second } from './scene.ts';

const passes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

describe('an agent killed at a step and restarted runs a command at most once', () => {
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
  '`flows` killed %s: a command in its ledger runs once with one result, and a command that is not in the ledger never runs',
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
      const isIssued = await issuedIn(world);
      kept += isIssued;
      expect([world.pc(0).acts.length, await answersIn(world)], `pass ${pass}`).toEqual(isIssued === 1 ? [1, ['done']] : [0, []]);
    }
    expect(kept).toBeGreaterThan(5);
  },
);
