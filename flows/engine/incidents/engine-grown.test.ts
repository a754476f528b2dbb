/** Messages about a group incident that grows. */
import { describe, expect, it } from 'vitest';
import { live, nation } from './nation.test-helper.ts';
import type { EngineStage } from './stage.test-helper.ts';

const minute = 60_000;
const wide = (sites: number, from = 0) => Array.from({ length: sites }, (_, at) => at + from);
/** Returns the outbox rows as text: kind, scope and number of offline sites. */
const told = (stage: EngineStage) => stage.outbox().map(({ notice }) => `${notice.kind} ${notice.scope} ${notice.many?.down}`);
const idOf = (stage: EngineStage) => stage.incident('state:bihar')?.id ?? 0;

/**
 * A state with sites of one PC each. `go`: the sites in `gone` are lost. `back`: the sites in `come` return. The other PCs then send beats
 * for `ms`.
 */
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

describe('a group incident of a state that grows', () => {
  it('six further sites that are lost and return ten times cause one message', () => {
    const { stage, go, back } = bihar();
    go(wide(8), 20 * minute);
    for (let turn = 1; turn <= 10; turn += 1) {
      go(wide(6, 8), 4 * minute, turn);
      back(wide(6, 8), 8 * minute, turn + 1);
    }
    back(wide(8), 90 * minute);
    expect(told(stage)).toEqual(['raised state:bihar 8', 'worsened state:bihar 14', 'cleared state:bihar 0']);
  });

  it('further lost sites do not revoke the acknowledgement; sites lost during a snooze are reported in one message at its end', () => {
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

  it('sites lost one by one are reported again when their number has doubled, at least ten minutes after the last message', () => {
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

  it('R27 five groups of sites lost one after another cause three messages in an hour, and then one with all later sites', () => {
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
});
