// @module-tag long
/** R18a, R29: a gap of the centre's own (a process or a machine that stood still, a clock that was put right) is never an outage of the PCs. */
import { describe, expect, test } from 'vitest';
import { tellFigure } from '../figures.ts';
import { noFalseSilence } from './audit-silence.ts';
import { rowsOf } from './rows.ts';
import { atRest, complaints, mailTo, microphone, minute, presenceAt, second } from './scene.ts';
import type { World } from './world.ts';

/** What stands still, for how long. */
const stills: [what: string, forMs: number, stop: (world: World, forMs: number) => void, go: (world: World) => void][] = [
  ['flows, for 30 s', 30 * second, (world, forMs) => world.centre.stop(forMs), (world) => world.centre.go()],
  ['flows, for 200 s', 200 * second, (world, forMs) => world.centre.stop(forMs), (world) => world.centre.go()],
  ['flows, for 5 min', 5 * minute, (world, forMs) => world.centre.stop(forMs), (world) => world.centre.go()],
  ['the broker, for 30 s', 30 * second, (world, forMs) => world.broker.stop(forMs), (world) => world.broker.go()],
  ['the broker, for 200 s', 200 * second, (world, forMs) => world.broker.stop(forMs), (world) => world.broker.go()],
  [
    'all of the centre, for 5 min',
    5 * minute,
    (world, forMs) => {
      world.broker.stop(forMs);
      world.centre.stop(forMs);
    },
    (world) => {
      world.broker.go();
      world.centre.go();
    },
  ],
];

describe('what stands still at the centre', () => {
  test.for(stills)(
    'F32, R18a %s: no PC is accused, at most one message, and all are judged right 90 s after',
    async ([what, forMs, stop, go], { task }) => {
      const world = await atRest({ pcs: 20 });
      stop(world, forMs);
      await world.pass(forMs);
      go(world);
      if (forMs > 20 * second) world.centre.gapOver();
      await world.pass(90 * second);
      expect(accused(world)).toEqual([]);
      expect(toldTo(world)).toBeLessThanOrEqual(1);
      expect(world.pcs.map((_, pc) => presenceAt(world, pc))).toEqual(world.pcs.map(() => 'online'));
      await world.pass(15 * minute);
      expect(accused(world)).toEqual([]);
      expect(noFalseSilence(world, rowsOf(world))).toEqual([]);
      expect(await complaints(world)).toEqual([]);
      tellFigure(task, 'F32', `${what}: 0 of ${world.pcs.length} PCs accused, ${toldTo(world)} messages to one person at most`);
    },
  );

  test('F32, R18a flows that has a second in ten for 5 min accuses nobody, and says what is wrong with itself', async () => {
    const world = await atRest({ pcs: 20 });
    for (let turn = 0; turn < 30; turn += 1) {
      world.centre.stop(9 * second);
      await world.pass(9 * second);
      world.centre.go();
      await world.pass(second);
    }
    await world.pass(15 * minute);
    expect(accused(world)).toEqual([]);
    expect(noFalseSilence(world, rowsOf(world))).toEqual([]);
    expect(await complaints(world)).toEqual([]);
  });

  test('F32, R18a a real outage that begins in the gap is told once its limit has passed after it', async () => {
    const world = await atRest({ pcs: 5 });
    world.centre.stop(3 * minute);
    await world.pass(minute);
    world.pc(0).kill({ power: true });
    await world.pass(2 * minute);
    world.centre.go();
    await world.pass(10 * minute);
    expect(accused(world)).toEqual([world.pc(0).path]);
    expect(noFalseSilence(world, rowsOf(world))).toEqual([]);
  });

  test('F32 a PC that stood still and goes on loses nothing, and is silent only while it is', async () => {
    const world = await atRest({ pcs: 2 });
    world.pc(0).pause(10 * minute);
    await world.pass(10 * minute);
    expect(accused(world)).toEqual([world.pc(0).path]);
    world.pc(0).process()?.go();
    await world.pass(12 * minute);
    expect(rowsOf(world).incidents.filter(({ over }) => over === null)).toEqual([]);
    expect(await complaints(world)).toEqual([]);
  });
});

describe('the clock of the centre', () => {
  test.for([
    ['2 h ahead', 2 * 60 * minute],
    ['2 h back', -2 * 60 * minute],
    ['a second ahead', second],
  ] as const)('F33, R29 is put %s: nobody is accused, and what is told a minute later has the right time', async ([, byMs], { task }) => {
    const world = await atRest({ pcs: 5 });
    world.centre.machine.jump(byMs);
    await world.pass(2 * minute);
    const wall = world.centre.process()?.clock.now() ?? 0;
    microphone(world, 'microphone.missing');
    await world.pass(minute);
    const { incidents } = rowsOf(world);
    const told = incidents.find(({ scope }) => scope === world.pc(0).path);
    expect(Math.abs(wall - (told?.openedAt ?? 0))).toBeLessThanOrEqual(minute);
    await world.pass(2 * 60 * minute);
    expect(accused(world)).toEqual([]);
    expect(incidents.map(({ scope }) => scope)).toEqual([world.pc(0).path]);
    expect(await complaints(world)).toEqual([]);
    tellFigure(
      task,
      'F33',
      `a step of ${byMs / second} s: 0 of ${world.pcs.length} PCs accused, the time of what is told right within a minute`,
    );
  });
});

/** The PCs that were ever called silent or unheard, each once. */
function accused(world: World): string[] {
  const { incidents, transitions } = rowsOf(world);
  const scopes = new Map(incidents.map(({ id, scope }) => [id, scope]));
  const called = transitions.flatMap(({ incident, about }) =>
    about.flatMap(({ fault, device }) =>
      fault === 'pc.silent' ? [scopes.get(incident) ?? ''] : fault === 'centre.unheard' ? [device] : [],
    ),
  );
  return [...new Set(called)].toSorted();
}

/** How many mails the person had who had most. */
function toldTo(world: World): number {
  return Math.max(
    ...['asha', 'tashi', 'meera'].map((person) => mailTo(world, person).filter((subject) => !/: (Cleared|ठीक)/.test(subject)).length),
  );
}
