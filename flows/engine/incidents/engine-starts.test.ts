/** Causes of many over a start of `flows`. */
import { expect, it } from 'vitest';
import { live, nation, restarted, told } from './nation.test-helper.ts';
import { fault, holdFirst, ok, type Stage } from './stage.test-helper.ts';

const minute = 60_000;
const wide = (sites: number, from = 0) => Array.from({ length: sites }, (_, at) => at + from);

it('R20 one fault in many rooms after an update stays one incident over a start of flows', () => {
  const spread = 'spread:camera.missing agent 2';
  const { stage, known } = nation({ sites: 60, pcs: 1, state: (site) => `state-${site % 7}` });
  const pcs = known.map(({ pc }) => pc);
  /** All get the update, and a camera breaks in each: only the update is what they have in common. */
  const breakAll = (of: Stage) => {
    of.setPath(holdFirst);
    for (const pc of pcs) of.birth(pc, { session: 2, agent: '2' });
    for (const pc of pcs) of.state([{ ...fault('camera.missing'), name: `Camera of ${pc}` }], pc);
  };
  live(stage, minute, pcs);
  breakAll(stage);
  live(stage, 10 * minute, pcs);
  expect(told(stage)).toEqual([`raised ${spread}`]);
  const again = restarted(stage, known);
  breakAll(again);
  live(again, 20 * minute, pcs);
  expect(told(again)).toEqual([]);
  for (const pc of pcs) again.state([ok('camera')], pc);
  live(again, 10 * minute, pcs);
  expect(told(again)).toEqual([`cleared ${spread}`]);
});

it('R20 sites of a provider that go after a start of flows join the cause of those that went before it', () => {
  const plan = { sites: 40, pcs: 1, state: (site: number) => `state-${site % 4}`, isp: (site: number) => (site < 12 ? 'jio' : 'bsnl') };
  const { stage, known, of } = nation(plan);
  stage.setPath(holdFirst);
  const from = (site: number) => wide(40 - site, site).flatMap(of);
  live(stage, minute, from(0));
  for (const pc of wide(4).flatMap(of)) stage.lost(pc);
  live(stage, 4 * minute, from(4));
  for (const pc of wide(3, 4).flatMap(of)) stage.lost(pc);
  live(stage, 3 * minute, from(7));
  expect(told(stage)).toEqual(['raised provider:jio']);
  const next = restarted(stage, known);
  next.setPath(holdFirst);
  for (const pc of from(7)) {
    next.birth(pc, { session: 2 });
    next.state([ok('camera')], pc);
  }
  live(next, minute, from(7));
  for (const pc of wide(3, 7).flatMap(of)) next.lost(pc, 2);
  live(next, 15 * minute, from(10));
  expect(told(next)).toEqual(['worsened provider:jio']);
  expect(next.incident('provider:jio')?.spread?.members).toHaveLength(10);
});
