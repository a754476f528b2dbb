// @module-tag long
/**
 * Tests R26 (outbox delivery): delivered messages are edited to show who acknowledged, with every kind of acknowledgement and despite
 * kills.
 */
import { expect, test } from 'vitest';
import { rowsOf } from './rows.ts';
import { atRest, killedAt, microphone, order } from './scene.ts';
import type { World } from './world.ts';

/** Starts a simulation whose channels can edit delivered messages. */
async function broken(): Promise<World> {
  const world = await atRest();
  world.centre.post.keeps = true;
  return world;
}

/** Returns the lines added below each message of the room. */
function copies({ centre }: World): string[][] {
  const texts = [...centre.post.copies.values()].filter((text) => text.includes('Critical: Microphone'));
  return texts.map((text) => text.split('\n').filter((line) => line.startsWith('✔')));
}

for (const point of ['before a send', 'after a send', 'before a commit of the ledger', 'after a commit of the ledger']) {
  test(`R26 flows killed at any pass of "${point}" loses at most one edit, and the last message shows a later acknowledgement`, async () => {
    for (let pass = 1; pass <= 10; pass += 1) {
      const world = await broken();
      await killedAt(world, { point, pass }, () => microphone(world, 'microphone.missing'));
      await order(world, (view) => view.act(rowsOf(world).incidents[0]?.id ?? 0, 'Tashi', { type: 'acknowledge' }));
      const said = copies(world);
      expect(said.at(-1), `pass ${pass}`).toEqual(['✔ Tashi: I am on it']);
      expect(said.filter((lines) => lines.length === 0).length, `pass ${pass}`).toBeLessThanOrEqual(1);
    }
  });
}
