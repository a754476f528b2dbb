import { describe, expect, it } from 'vitest';
import { live, nation, restarted, told } from './nation.test-helper.ts';
import { type EngineStage, fault, holdFirst, minute, ok } from './stage.test-helper.ts';

const back = (stage: EngineStage, pcs: readonly string[]) => {
  for (const pc of pcs) stage.birth(pc, { session: 2, apartMs: minute });
};
const wide = (sites: number, from = 0) => Array.from({ length: sites }, (_, at) => at + from);

describe('group incident of one site', () => {
  it('a site whose three PCs go offline causes one notification and one all-clear', () => {
    const { stage, of } = nation({ sites: 4 });
    const others = [of(1), of(2), of(3)].flat();
    for (const pc of of(0)) stage.lost(pc);
    live(stage, 10 * minute, others);
    expect(told(stage)).toEqual(['raised site:bihar/site-0']);
    expect(stage.outbox()[0]?.notice).toMatchObject({ many: { kind: 'site', down: 3, of: 3 } });
    const parent = stage.incident('site:bihar/site-0')?.id;
    expect(of(0).map((pc) => stage.incident(pc)?.parent)).toEqual([parent, parent, parent]);
    back(stage, of(0));
    live(stage, 10 * minute, [...of(0), ...others]);
    expect(told(stage)).toEqual(['raised site:bihar/site-0', 'cleared site:bihar/site-0']);
  });

  it('a PC that is still offline five minutes after its site is back causes its own notification, with the true start of its silence', () => {
    const { stage, of } = nation({ sites: 2 });
    const [a = '', ...others] = of(0);
    for (const pc of of(0)) stage.lost(pc);
    live(stage, 4 * minute, of(1));
    const since = stage.incident(a)?.openedAt;
    back(stage, others);
    live(stage, 4 * minute, [...others, ...of(1)]);
    expect(told(stage)).toEqual(['raised site:bihar/site-0']);
    live(stage, 2 * minute, [...others, ...of(1)]);
    expect(told(stage).toSorted()).toEqual(['cleared site:bihar/site-0', `raised ${a}`, 'raised site:bihar/site-0'].toSorted());
    expect(stage.outbox().find(({ notice }) => notice.scope === a)?.notice.faults[0]?.since).toBe(since);
  });
});

describe('messages about a power cut', () => {
  const battery = [ok('camera'), fault('power.on_battery', 'mains')];
  const low = [ok('camera'), fault('power.on_battery', 'mains'), fault('power.battery_low', 'ups')];

  /** Simulates a power cut of site 0: its PCs run on battery, send a last gasp, go offline, and return twenty minutes later. */
  function cut({ stage, of }: ReturnType<typeof nation>): void {
    const [site, other] = [of(0), of(1)];
    for (const pc of site) stage.state(battery, pc);
    live(stage, 4 * minute, [...site, ...other]);
    for (const pc of site) stage.state(low, pc);
    for (const pc of site) stage.apply({ type: 'gasp', pc, boot: 'b1', session: 1, runtimeMs: minute });
    live(stage, minute, [...site, ...other]);
    for (const pc of site) stage.lost(pc);
    live(stage, 20 * minute, other);
    for (const pc of site) {
      stage.birth(pc, { session: 2, boot: 'b2', at: stage.now() });
      stage.state([ok('camera'), ok('power', 'mains'), ok('power', 'ups')], pc);
    }
    live(stage, 40 * minute, [...site, ...other]);
  }

  it('a power cut causes three messages at a site: on battery, all PCs offline, all-clear', () => {
    const world = nation({ sites: 2, pcs: 3 });
    world.stage.setPath(holdFirst);
    cut(world);
    expect(told(world.stage)).toEqual(['raised site:bihar/site-0', 'worsened site:bihar/site-0', 'cleared site:bihar/site-0']);
    expect(world.stage.outbox()[1]?.notice).toMatchObject({ severity: 'critical', faults: [{ fault: 'outage.site' }] });
  });

  it('a power cut causes three messages at a site with one PC: on battery, PC offline, all-clear', () => {
    const world = nation({ sites: 2, pcs: 1 });
    world.stage.setPath(holdFirst);
    cut(world);
    const [pc] = world.of(0);
    expect(told(world.stage)).toEqual([`raised ${pc}`, `worsened ${pc}`, `cleared ${pc}`]);
    expect(world.stage.outbox().map(({ notice }) => notice.faults.map((one) => one.fault))).toEqual([
      ['power.on_battery'],
      ['pc.silent'],
      ['pc.silent', 'power.on_battery'],
    ]);
  });

  it('people are notified of a power cut at a site with one silent and one online PC, and of the silent PC separately', () => {
    const { stage, of } = nation({ sites: 2, pcs: 2 });
    stage.setPath(holdFirst);
    const [[living = '', dead = ''], others] = [of(0), of(1)];
    for (const pc of [living, dead]) stage.state(battery, pc);
    live(stage, 3 * minute, [living, dead, ...others]);
    stage.lost(dead);
    live(stage, 30 * minute, [living, ...others]);
    expect(told(stage)).toEqual(['raised site:bihar/site-0', `raised ${dead}`]);
    expect(stage.incident(dead)?.faults.map(({ fault, told: to }) => [fault, to])).toContainEqual(['pc.silent', 'critical']);
  });
});

describe('group incident of many sites', () => {
  it('the loss of 40 of 42 sites causes one notification; the return of 38 causes an all-clear, and one message for each site still offline', () => {
    const { stage, of } = nation({ sites: 42, pcs: 2 });
    for (const pc of wide(40).flatMap(of)) stage.lost(pc);
    live(stage, 10 * minute, wide(2, 40).flatMap(of));
    expect(told(stage)).toEqual(['raised centre/plane']);
    back(stage, wide(38).flatMap(of));
    live(stage, 20 * minute, [...wide(38), 40, 41].flatMap(of));
    expect(told(stage).slice(1).toSorted()).toEqual(['cleared centre/plane', 'raised site:bihar/site-38', 'raised site:bihar/site-39']);
    const over = stage.outbox().find(({ notice }) => notice.kind === 'cleared')?.notice;
    expect(over?.many?.down).toBe(2);
  });

  it('R20 restarts of the server during an outage of many sites neither lose nor repeat a notification', () => {
    const { stage, of, known } = nation({ sites: 6, pcs: 2, state: (site) => (site < 4 ? 'bihar' : 'goa') });
    for (const pc of wide(4).flatMap(of)) stage.lost(pc);
    live(stage, 5 * minute, wide(2, 4).flatMap(of));
    expect(told(stage)).toEqual(['raised state:bihar']);
    const again = restarted(stage, known);
    live(again, 10 * minute, wide(2, 4).flatMap(of));
    expect(told(again)).toEqual([]);
    back(again, [0, 1, 2].flatMap(of));
    live(again, 2 * minute, [0, 1, 2, 4, 5].flatMap(of));
    const third = restarted(again, known);
    live(third, 10 * minute, [0, 1, 2, 4, 5].flatMap(of));
    expect(told(third).toSorted()).toEqual(['cleared state:bihar', 'raised site:bihar/site-3']);
    const fourth = restarted(third, known);
    back(fourth, of(3));
    live(fourth, 10 * minute, wide(6).flatMap(of));
    expect(told(fourth)).toEqual(['cleared site:bihar/site-3']);
  });
});

describe('group incident of one fault in many rooms', () => {
  const broken = { ...fault('camera.missing'), name: 'Logi Rally' };

  it('one fault in 60 rooms causes one notification; when 59 rooms are repaired, the last room causes its own notification', () => {
    const { stage, of } = nation({ sites: 60, pcs: 1, state: (site) => `state-${site % 7}` });
    stage.setPath(holdFirst);
    for (const pc of wide(60).flatMap(of)) stage.state([broken], pc);
    live(stage, 5 * minute, wide(60).flatMap(of));
    expect(told(stage)).toEqual(['raised spread:camera.missing Logi Rally']);
    for (const pc of wide(59).flatMap(of)) stage.state([ok('camera')], pc);
    live(stage, 10 * minute, wide(60).flatMap(of));
    expect(told(stage).slice(1).toSorted()).toEqual(['cleared spread:camera.missing Logi Rally', `raised ${of(59)[0]}`]);
  });

  it('at 08:00 people are notified once of each room that still has the fault of a group incident, with the true start of the fault', () => {
    const { stage, of } = nation({ sites: 8, pcs: 1 });
    stage.setPath(holdFirst);
    const brokeAt = stage.now();
    for (const pc of wide(8).flatMap(of)) stage.state([broken], pc);
    // The simulated clock begins at 05:46 local time, so this ends at 07:56, before 08:00.
    live(stage, 130 * minute, wide(8).flatMap(of));
    expect(told(stage)).toEqual(['raised spread:camera.missing Logi Rally']);
    for (const pc of wide(5).flatMap(of)) stage.state([ok('camera')], pc);
    live(stage, 10 * minute, wide(8).flatMap(of));
    expect(told(stage).slice(1).toSorted()).toEqual([5, 6, 7].map((site) => `raised ${of(site)[0]}`));
    expect(stage.incident(of(7)[0])?.openedAt).toBe(brokeAt);
    live(stage, 2 * 60 * minute, wide(8).flatMap(of));
    expect(told(stage)).toHaveLength(4);
  });
});
