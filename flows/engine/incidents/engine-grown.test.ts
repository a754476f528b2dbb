/** What is told of a cause of many sites to which more go than people were told of. */
import { describe, expect, it } from 'vitest';
import { live, nation, restarted } from './nation.test-helper.ts';
import { contentsAfter, createStage, type Path, type Stage, tellTechnician } from './stage.test-helper.ts';

const minute = 60_000;
const wide = (sites: number, from = 0) => Array.from({ length: sites }, (_, at) => at + from);
/** What went into the outbox, with how many are away. */
const told = (stage: Stage) => stage.outbox().map(({ notice }) => `${notice.kind} ${notice.scope} ${notice.many?.down}`);
const idOf = (stage: Stage) => stage.incident('state:bihar')?.id ?? 0;

/** A state of so many sites of one PC; `go`: they are lost, and the others live on for so long. */
function bihar(sites = 20) {
  const { stage, of, known } = nation({ sites, pcs: 1 });
  const away = new Set<number>();
  const others = () =>
    wide(sites)
      .filter((site) => !away.has(site))
      .flatMap(of);
  return {
    stage,
    known,
    others,
    go(gone: readonly number[], ms: number, session?: number): void {
      for (const site of gone) away.add(site);
      for (const pc of gone.flatMap(of)) stage.lost(pc, session);
      live(stage, ms, others());
    },
    back(come: readonly number[], ms: number, session = 2): void {
      for (const site of come) away.delete(site);
      for (const pc of come.flatMap(of)) stage.birth(pc, { session, apartMs: minute });
      live(stage, ms, others());
    },
  };
}

/** Whatever is news waits ten minutes. */
const tenMinutes: Path = (offer) => {
  const { message, node } = offer;
  const { kind, at } = message.transition;
  if (node !== null || (kind !== 'raised' && kind !== 'worsened')) return tellTechnician(offer);
  const { severity, to } = message;
  return { acts: [{ do: 'wait', node: 'hold', dueAt: at + 10 * minute, unlessAcknowledged: false, message: { severity, holdMs: 0, to } }] };
};

describe('more sites of a state', () => {
  it('that go while the first word waits are told with it', () => {
    const { stage, go } = bihar();
    stage.setPath(tenMinutes);
    go(wide(8), 7 * minute);
    go(wide(6, 8), 30 * minute);
    expect(told(stage)).toEqual(['raised state:bihar 14']);
  });

  it('that were back before their hold was over made eight "worse" than eight', () => {
    const { stage, go, back } = bihar();
    go(wide(8), 20 * minute);
    stage.setPath(tenMinutes);
    go(wide(6, 8), 4 * minute);
    back(wide(6, 8), 30 * minute);
    expect(told(stage)).toEqual(['raised state:bihar 8']);
    expect([...stage.engine.memory.stepsOf(idOf(stage))].at(-1)?.conclusion).toContain('already told');
  });

  it('that come and go are told once', () => {
    const { stage, go, back } = bihar();
    go(wide(8), 20 * minute);
    for (let turn = 1; turn <= 10; turn += 1) {
      go(wide(6, 8), 4 * minute, turn);
      back(wide(6, 8), 8 * minute, turn + 1);
    }
    back(wide(8), 90 * minute);
    expect(told(stage)).toEqual(['raised state:bihar 8', 'worsened state:bihar 14', 'cleared state:bihar 0']);
  });

  it('after a start, and where the start comes before anybody was told, are told once', () => {
    const { stage, known, go, others } = bihar();
    go(wide(8), 80 * minute);
    const next = restarted(stage, known);
    live(next, 10 * minute, others());
    const second = wide(6, 8).map((site) => known[site]?.pc ?? '');
    const left = others().filter((pc) => !second.includes(pc));
    next.setPath(() => 'nothing');
    for (const pc of second) next.lost(pc, 1);
    live(next, 1.5 * minute, left);
    for (let ms = 0; next.kinds().at(-1) !== 'worsened' && ms < minute; ms += 1_000) next.pass(1_000);
    expect(next.kinds().at(-1)).toBe('worsened');
    const last = restarted(next, known);
    live(last, 15 * minute, left);
    expect(told(last).filter((one) => one.includes('bihar'))).toEqual(['worsened state:bihar 14']);
  });

  it('that went dark in maintenance of their own are told at its end, after a start of flows in it too', () => {
    const dates = wide(6, 8).map((site) => ({ id: `m-${site}`, scope: `bihar/site-${site}`, title: 'New line', from: 0, to: 0 }));
    const maintenance = () => dates;
    const { stage, known, of } = nation({ sites: 20, pcs: 1, maintenance });
    for (const pc of wide(8).flatMap(of)) stage.lost(pc);
    live(stage, 20 * minute, wide(12, 8).flatMap(of));
    for (const one of dates) Object.assign(one, { from: stage.now(), to: stage.now() + 60 * minute });
    live(stage, minute, wide(12, 8).flatMap(of));
    for (const pc of wide(6, 8).flatMap(of)) stage.lost(pc);
    live(stage, 20 * minute, wide(6, 14).flatMap(of));
    const next = createStage({ contents: contentsAfter(stage.ops), known, at: stage.now(), maintenance });
    next.subscribe();
    next.apply({ type: 'started' });
    live(next, 30 * minute, wide(6, 14).flatMap(of));
    expect([...told(stage), ...told(next)].filter((one) => one.includes('state:'))).toEqual(['raised state:bihar 8']);
    live(next, 20 * minute, wide(6, 14).flatMap(of));
    expect(told(next).filter((one) => one.includes('state:'))).toEqual(['worsened state:bihar 14']);
  });

  it('are told to who took the first, who keeps it; in the quiet only at its end, with all of it', () => {
    const { stage, go } = bihar();
    go(wide(8), 20 * minute);
    stage.apply({ type: 'acknowledge', incident: idOf(stage), by: 'asha' });
    go(wide(6, 8), 20 * minute);
    expect(told(stage).slice(1)).toEqual(['worsened state:bihar 14']);
    expect(stage.incident('state:bihar')?.acknowledged?.by).toBe('asha');
    stage.apply({ type: 'snooze', incident: idOf(stage), by: 'asha', until: stage.now() + 60 * minute });
    go(wide(6, 14), 59 * minute);
    expect(told(stage)).toHaveLength(2);
    live(stage, 20 * minute, []);
    expect(told(stage).slice(2)).toEqual(['raised state:bihar 20']);
  });

  it('of which most were away before were a message each: a third of those that were left go with them', () => {
    const { stage, go } = bihar();
    go(wide(8), 20 * minute);
    go(wide(5, 8), 20 * minute);
    expect(told(stage)).toEqual(['raised state:bihar 8', 'worsened state:bihar 13']);
    go(wide(2, 13), 20 * minute);
    expect(told(stage).slice(2)).toEqual([13, 14].map((site) => `raised bihar/site-${site}/pc-1 undefined`));
  });

  it('one by one, ever on, were told to nobody: once more when as many more are away as people know of, ten minutes later at the soonest', () => {
    const { stage, go } = bihar(40);
    go(wide(12), 2 * minute);
    const since = stage.now();
    for (const site of wide(28, 12)) go([site], 4 * minute);
    expect(told(stage)).toEqual(['raised state:bihar 12', 'worsened state:bihar 24']);
    expect(stage.incident('state:bihar')?.spread?.away).toHaveLength(40);
    expect(stage.outbox().at(-1)?.createdAt).toBeGreaterThan(since + 40 * minute);
    const { stage: fast, go: goFast } = bihar(40);
    for (const site of wide(36)) goFast([site], 5_000);
    goFast([], 4 * minute);
    const [first = ''] = told(fast);
    expect(told(fast)).toEqual([first]);
    goFast([], 10 * minute);
    expect(told(fast)).toEqual([first, 'worsened state:bihar 36']);
  });

  it('R27 wave after wave are three messages in an hour, and then one of all that went since', () => {
    const { stage, go } = bihar(40);
    let gone = 0;
    for (const wave of [12, 9, 6, 4, 3]) {
      go(wide(wave, gone), 7 * minute);
      gone += wave;
    }
    expect(told(stage)).toEqual(['raised state:bihar 12', 'worsened state:bihar 21', 'worsened state:bihar 27']);
    go([], 90 * minute);
    expect(told(stage).slice(3)).toEqual(['worsened state:bihar 34']);
    expect(
      stage
        .outbox()
        .at(-1)
        ?.notice.many?.names.slice(0, 7)
        .map(({ en }) => en),
    ).toEqual(wide(7, 27).map((site) => `bihar/site-${site}`));
  });

  it('of which a rule tells nobody are no news again with every look', () => {
    const { stage, go } = bihar(40);
    go(wide(12), 2 * minute);
    stage.setPath(() => ({ acts: [], how: 'not told: our rule' }));
    for (const site of wide(12, 12)) go([site], 2 * minute);
    go([], 30 * minute);
    expect(stage.kinds()).toEqual(['raised', 'worsened']);
  });

  it('were named last, behind those of whom people knew, and did not fit into the message', () => {
    const { stage, go } = bihar();
    go(wide(8), 20 * minute);
    go(wide(6, 8), 20 * minute);
    const [, more] = stage.outbox();
    expect(more?.notice.many?.names.slice(0, 6).map(({ en }) => en)).toEqual(wide(6, 8).map((site) => `bihar/site-${site}`));
    expect(more?.notice.many?.names).toHaveLength(14);
    // It got worse: nothing joined it, such as one more fault.
    expect(more?.notice.joins).toBeUndefined();
  });
});
