// @module-tag long
/** Tests one fault that spreads to many rooms: who is notified, how often, and what follows in the morning and after its end. */
import { expect, test } from 'vitest';
import { memberOf } from '../../flows/notify/roster/book.ts';
import { judged, sites } from './causes-scene.ts';
import { allMails, hour, lastText, mails, until } from './office-day.ts';
import { atRest, camera, minute } from './scene.ts';
import type { World } from './world.ts';

const member = (id: string, role: 'technician' | 'state', scope: string) =>
  memberOf({ id, name: id, role, scope, language: 'en', email: `${id}@office.test`, webhook: false, addresses: {} });
const counts = { bihar: 7, goa: 4, kerala: 5 };
const states = Object.keys(counts);

async function scene(): Promise<World> {
  const world = await atRest({ further: Object.entries(counts).flatMap(([state, count]) => sites(state, count)) });
  world.centre.roster.use(
    states.flatMap((state) => [member(`tech-${state}`, 'technician', state), member(`state-${state}`, 'state', state)]),
  );
  for (const index of world.pcs.keys()) world.pc(index).room.model('camera', 'Logi Rally');
  return world;
}

function setIn(world: World, path: string, fault: string | null): void {
  for (const [index, pc] of world.pcs.entries()) if (pc.path.startsWith(path)) camera(world, fault, index);
}

const spread = 'The same fault in many rooms: Camera not found';

test("a fault that spreads from one state to three notifies each state's engineers and central at most twice, and technicians in the morning", async () => {
  const world = await scene();
  for (const at of [1, 2, 3, 4, 5]) setIn(world, `bihar/site-${at}/`, 'camera.missing');
  await world.pass(20 * minute);
  expect(allMails(world)).toEqual([`03-03T14:07 state-bihar: All offices: Major: ${spread}`]);
  for (const state of states) setIn(world, state, 'camera.missing');
  await world.pass(5 * minute);
  expect(lastText(world, 'meera')[0]).toBe(`Major: ${spread}: Logi Rally`);
  await world.pass(2 * hour);
  expect(mails(world, 'meera').length).toBeLessThanOrEqual(2);
  for (const state of states) {
    const own = mails(world, `state-${state}`);
    expect([own.length > 0, own.length <= 2], state).toEqual([true, true]);
    expect(mails(world, `tech-${state}`), state).toEqual([]);
  }
  const told = allMails(world).length;
  await until(world, '2026-03-04T11:00');
  const morning = allMails(world).slice(told);
  expect(morning.filter((line) => !/^03-04T08:00 tech-/.test(line))).toEqual([]);
  for (const [state, count] of Object.entries(counts)) expect(mails(world, `tech-${state}`), state).toHaveLength(count);
  for (const state of states) setIn(world, state, null);
  await world.pass(minute);
  setIn(world, 'goa/site-3', 'camera.missing');
  await world.pass(minute);
  expect(mails(world, 'tech-goa').at(-1)).toBe('03-04T11:01 goa/site-3: Critical: Camera not found, goa/site-3/pc-1');
  expect(await judged(world)).toEqual([]);
}, 300_000);
