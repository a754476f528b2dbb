import { describe, expect, it } from 'vitest';
import type { KnownPc } from '../records/incidents.ts';
import { live, restarted } from './nation.test-helper.ts';
import { type EngineStage, minute, online, pc } from './stage.test-helper.ts';

const known = (...pcs: string[]): KnownPc[] => pcs.map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 0, alerts: true }));

describe('R18 notification about PCs of live sites that were never seen', () => {
  const imported = (count: number, sites: number) => known(...Array.from({ length: count }, (_, at) => `goa/site-${at % sites}/pc-${at}`));
  const told = (stage: EngineStage) => stage.outbox().map(({ notice }) => `${notice.kind} ${notice.scope} ${notice.severity}`);

  it.each([
    [131, 40],
    [28, 1],
    [9, 9],
  ])(
    'R18 %i PCs of %i imported sites that were never seen are one major incident, and restarts of the server do not repeat its notification',
    (count, sites) => {
      const all = [...known(pc), ...imported(count, sites)];
      const stage = online({ known: known(pc) });
      stage.live(7 * minute);
      stage.setKnown(all);
      stage.live(20 * minute);
      expect(told(stage)).toEqual(['raised centre/unheard major']);
      expect(stage.incident('centre/unheard')?.faults).toHaveLength(count);
      let last = stage;
      for (let turn = 0; turn < 2; turn += 1) {
        last = restarted(last, all);
        live(last, 20 * minute, [pc]);
        expect(told(last)).toEqual([]);
      }
      const came = imported(count, sites).slice(1);
      for (const one of came) last.birth(one.pc);
      live(last, 15 * minute, [pc, ...came.map((one) => one.pc)]);
      expect(last.incident('centre/unheard')?.faults).toHaveLength(1);
    },
  );

  it('R18 before a meeting, people of the room are notified of a PC that was never seen, and the fault clears when the PC connects', () => {
    const [one, other] = imported(2, 2).map((pcKnown) => pcKnown.pc);
    let meeting: string | undefined;
    const stage = online({ known: known(pc), isMeetingNear: (scope) => scope === meeting });
    stage.setKnown([...known(pc), ...imported(2, 2)]);
    stage.live(20 * minute);
    meeting = one;
    stage.live(30 * minute);
    expect(told(stage)).toEqual(['raised centre/unheard major', `raised ${one} critical`]);
    meeting = undefined;
    stage.live(10 * minute);
    expect(told(stage)).toHaveLength(2);
    stage.birth(one);
    stage.live(2 * minute);
    expect(told(stage)).toContain(`cleared ${one} critical`);
    expect(stage.incident('centre/unheard')?.faults.map(({ device, goneAt }) => [device, goneAt === null])).toContainEqual([other, true]);
  });
});
