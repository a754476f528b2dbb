/** Causes of many over a start of `flows`, and over the time by which one belongs to them. */
import { describe, expect, it } from 'vitest';
import { live, nation, restarted, told } from './nation.test-helper.ts';
import { fault, holdFirst, ok, type Stage } from './stage.test-helper.ts';

const minute = 60_000;
const wide = (sites: number, from = 0) => Array.from({ length: sites }, (_, at) => at + from);

describe('R20 one fault in many rooms after an update', () => {
  const spread = 'spread:camera.missing agent 2';
  const updated = (stage: Stage, pcs: readonly string[]) => {
    for (const pc of pcs) stage.birth(pc, { session: 2, agent: '2' });
  };
  /** Of a model of its own each: only the update is what they have in common. */
  const broken = (stage: Stage, pcs: readonly string[]) => {
    for (const pc of pcs) stage.state([{ ...fault('camera.missing'), name: `Camera of ${pc}` }], pc);
  };
  const begun = (sites: number) => {
    const { stage, known } = nation({ sites, pcs: 1, state: (site) => `state-${site % 7}` });
    stage.setPath(holdFirst);
    const pcs = known.map(({ pc }) => pc);
    live(stage, minute, pcs);
    updated(stage, pcs);
    return { stage, known, pcs };
  };
  /** The next `flows`: its PCs are there, and say again what they said. */
  const next = ({ stage, known, pcs }: ReturnType<typeof begun>, bad = pcs) => {
    const again = restarted(stage, known);
    again.setPath(holdFirst);
    updated(again, pcs);
    broken(again, bad);
    return again;
  };

  it('was one message, until flows started: the all-clear of all and 60 messages of the rooms came after it', () => {
    const first = begun(60);
    broken(first.stage, first.pcs);
    live(first.stage, 10 * minute, first.pcs);
    expect(told(first.stage)).toEqual([`raised ${spread}`]);
    const again = next(first);
    live(again, 20 * minute, first.pcs);
    expect(told(again)).toEqual([]);
    for (const pc of first.pcs) again.state([ok('camera')], pc);
    live(again, 10 * minute, first.pcs);
    expect(told(again)).toEqual([`cleared ${spread}`]);
  });
});

describe('R20 the sites of a provider that go one after the other', () => {
  const provider = 'raised provider:jio';
  /** Four were told, and ten are away: that is told once more, ten minutes after the first word. */
  const grown = 'worsened provider:jio';
  const plan = { sites: 40, pcs: 1, state: (site: number) => `state-${site % 4}`, isp: (site: number) => (site < 12 ? 'jio' : 'bsnl') };
  const lost = (stage: Stage, pcs: readonly string[], session = 1) => {
    for (const pc of pcs) stage.lost(pc, session);
  };
  /** Seven sites are gone, in two rows four minutes apart; then `flows` starts, on what `edit` makes of its ledger. */
  const started = (edit?: (stage: Stage) => void) => {
    const { stage, known, of } = nation(plan);
    stage.setPath(holdFirst);
    live(stage, minute, wide(40).flatMap(of));
    lost(stage, wide(4).flatMap(of));
    live(stage, 4 * minute, wide(36, 4).flatMap(of));
    lost(stage, wide(3, 4).flatMap(of));
    live(stage, 3 * minute, wide(33, 7).flatMap(of));
    expect(told(stage)).toEqual([provider]);
    edit?.(stage);
    const next = restarted(stage, known);
    next.setPath(holdFirst);
    for (const pc of wide(33, 7).flatMap(of)) {
      next.birth(pc, { session: 2 });
      next.state([ok('camera')], pc);
    }
    live(next, minute, wide(33, 7).flatMap(of));
    lost(next, wide(3, 7).flatMap(of), 2);
    live(next, 15 * minute, wide(30, 10).flatMap(of));
    return next;
  };

  it('were told one by one after a start: they went minutes after the last one, which it had forgotten', () => {
    const next = started();
    expect(told(next)).toEqual([grown]);
    expect(next.incident('provider:jio')?.spread?.members).toHaveLength(10);
  });
});
