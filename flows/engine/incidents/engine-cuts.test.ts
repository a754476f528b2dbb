/** Group incidents of a site whose PCs shut down in order after a power cut, and of an offline site whose PCs are revoked. */
import { describe, expect, it } from 'vitest';
import { live, nation, told } from './nation.test-helper.ts';
import { type EngineStage, fault, holdFirst, minute, ok } from './stage.test-helper.ts';

const site = 'site:bihar/site-0';

const begun = () => {
  const { stage, known, of } = nation({ sites: 4 });
  stage.setPath(holdFirst);
  const rest = [1, 2, 3].flatMap(of);
  live(stage, minute, [...of(0), ...rest]);
  return { stage, known, pcs: of(0), rest };
};
const onBattery = (stage: EngineStage, pcs: readonly string[]) => {
  for (const pc of pcs) stage.state([ok('camera'), fault('power.on_battery', 'ups')], pc);
};
/** Simulates a power cut: five minutes on battery, then the UPS software shuts down the PCs that `off` selects. */
const cut = (off = (pcs: readonly string[]) => pcs) => {
  const all = begun();
  const { stage, pcs, rest } = all;
  onBattery(stage, pcs);
  live(stage, 5 * minute, [...pcs, ...rest]);
  for (const pc of off(pcs)) stage.bye(pc, 'shutdown');
  return { ...all, left: pcs.filter((pc) => !off(pcs).includes(pc)) };
};
const back = (stage: EngineStage, pcs: readonly string[]) => {
  for (const pc of pcs) {
    stage.birth(pc, { session: 2, boot: 'b2' });
    stage.state([ok('camera'), ok('power', 'ups')], pc);
  }
};

describe('a site whose power cut lasts longer than its batteries', () => {
  it('the incident of a site whose PCs send a bye and shut down on battery stays open until the PCs are back', () => {
    const { stage, pcs, rest } = cut();
    live(stage, 60 * minute, rest);
    expect(told(stage)).toEqual([`raised ${site}`]);
    expect(stage.incident(site)?.spread).toMatchObject({ away: pcs, of: 3 });
    back(stage, pcs);
    live(stage, 15 * minute, [...pcs, ...rest]);
    expect(told(stage)).toEqual([`raised ${site}`, `cleared ${site}`]);
  });
});

describe('R15 closing the incident of an offline site', () => {
  const dark = () => {
    const all = begun();
    for (const pc of all.pcs) all.stage.lost(pc);
    live(all.stage, 6 * minute, all.rest);
    return all;
  };

  it('R15 the incident of an offline site closes with the reason when the PCs of the site are revoked', () => {
    const { stage, pcs, rest } = dark();
    stage.apply({ type: 'revoked', pcs: pcs.slice(0, 2) });
    live(stage, 15 * minute, rest);
    expect(told(stage)).toEqual([`raised ${site}`]);
    stage.apply({ type: 'revoked', pcs: pcs.slice(2) });
    live(stage, 30 * minute, rest);
    expect(told(stage)).toEqual([`raised ${site}`, `closed ${site}`]);
    expect(stage.incident(site)?.closedBecause).toBe('revoked');
  });
});
