// @module-tag long
/** Tests R18a (canary) and R29 (clock of the server): a suspension or a clock step of the server is never an outage of the PCs. */
import { describe, expect, test } from 'vitest';
import { reportFigure } from '../figures.ts';
import { noFalseSilence } from './audit-silence.ts';
import { rowsOf } from './rows.ts';
import { atRest, complaints, mailTo, microphone, minute, presenceAt, second } from './scene.ts';
import type { World } from './world.ts';

/** Rows: the suspended part, the duration, and the functions that suspend and resume the part. */
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

describe('a suspended part of the server', () => {
  test.for(stills)(
    'F32, R18a %s: causes no false silence and at most one message, and every PC is online 90 s later',
    async ([what, forMs, stop, go]) => {
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
      reportFigure('F32', `${what}: 0 of ${world.pcs.length} PCs accused, ${toldTo(world)} messages to one person at most`);
    },
  );

  test('F32, R18a flows that runs only one second in ten for 5 min causes no false silence', async () => {
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

  test('F32, R18a a real outage that begins in the gap is reported after its full limit', async () => {
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

  test('F32 a PC that is suspended and resumed loses nothing, and is silent only during the suspension', async () => {
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

describe('the clock of the server', () => {
  test.for([
    ['2 h ahead', 2 * 60 * minute],
    ['2 h back', -2 * 60 * minute],
    ['a second ahead', second],
  ] as const)('F33, R29 stepped %s causes no false silence, and a message two minutes later has the right time', async ([, byMs]) => {
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
    reportFigure(
      'F33',
      `a step of ${byMs / second} s: 0 of ${world.pcs.length} PCs accused, the time of what is told right within a minute`,
    );
  });
});

/** Returns the PCs that were ever reported as silent. */
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

/** Returns the number of mails to the person who received the most, without all-clears. */
function toldTo(world: World): number {
  return Math.max(
    ...['asha', 'tashi', 'meera'].map((person) => mailTo(world, person).filter((subject) => !/: (Cleared|ठीक)/.test(subject)).length),
  );
}
