/** Group incidents across a restart of `flows`. */
import { expect, it } from 'vitest';
import { live, nation, restarted, told } from './nation.test-helper.ts';
import { type EngineStage, fault, holdFirst, minute, ok } from './stage.test-helper.ts';

it('R20 a fault that many rooms get after the same update stays one incident across a restart of flows', () => {
  const spread = 'spread:camera.missing agent 2';
  const { stage, known } = nation({ sites: 60, pcs: 1, state: (site) => `state-${site % 7}` });
  const pcs = known.map(({ pc }) => pc);
  /** Updates all PCs and breaks a camera in each, so that the faults have only the update in common. */
  const breakAll = (of: EngineStage) => {
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
