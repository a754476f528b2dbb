/** Tests R5 (the ack always advances) and R15 (close) for PCs that move, and sites that close and reopen. */
import { expect, test } from 'vitest';
import type { SiteChange } from '../../flows/engine/records/sites.ts';
import { movePc } from '../../flows/sites/life.ts';
import { eventsArrived } from './audit.ts';
import { rowsOf } from './rows.ts';
import { atRest, auditOf, eventsOf, mailTo, microphone, minute } from './scene.ts';
import { sitePaths, type World } from './world.ts';

async function changed(world: World, plan: { ok: boolean; change?: SiteChange }): Promise<void> {
  if (plan.change === undefined) throw new Error('refused');
  const done = world.centre.centre()?.sites.apply(plan.change);
  await world.pass(1_000);
  await done;
}

test('R5 R15 a PC moved with its disk delivers its unacknowledged events under the new path, without a gap', async () => {
  const world = await atRest({ pcs: 2, sites: 2 });
  microphone(world, 'microphone.missing');
  await world.pass(minute);
  const before = world.pc(0);
  before.cut('reset');
  microphone(world, null);
  microphone(world, 'microphone.muted');
  await world.pass(minute);
  const table = world.centre.centre()?.sites.table();
  if (table === undefined) throw new Error('flows is down');
  const acknowledged = eventsOf(world).length;
  await changed(world, movePc(table, { pc: before.path, to: sitePaths[1], newToken: () => 'token' }, 'meera'));
  world.renew(0, `${sitePaths[1]}/pc-1`, { disk: 'kept' });
  await world.pass(5 * minute);
  const spool = world.pc(0).agent()?.spool;
  expect(spool?.acked()).toBe(spool?.range().last);
  const kept = before.record.kept.map((one, at) => ({ ...one, excused: at < acknowledged ? 'acknowledged before' : null }));
  expect(kept.length).toBeGreaterThan(acknowledged + 1);
  expect(eventsArrived(world, world.pc(0).path, kept)).toEqual([]);
  expect(await auditOf(world)).toMatchObject({ gaps: 0, twice: 0, forks: 0 });
  const [old] = rowsOf(world).incidents;
  expect(old).toMatchObject({ scope: before.path, over: 'closed', closedBecause: `moved to ${world.pc(0).path}` });
  expect(mailTo(world, 'asha').at(-1)).toMatch(/: Closed: /);
});
