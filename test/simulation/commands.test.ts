/**
 * Tests S6 in the whole simulation: a command runs at most once and gets a result, across restarts. `commands-killed.long.test.ts` covers
 * kills.
 */
import { expect, test } from 'vitest';
import { answersIn, issue } from './orders.ts';
import { atRest, minute, second } from './scene.ts';

test('an offline PC runs a command when it returns before the expiry, and not afterwards', async () => {
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

test('a reboot command and a restart command run once each, and the new process of the agent reports the result', async () => {
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
