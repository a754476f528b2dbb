/** Tests rows of the table of failures (F codes) under virtual time, with the figures of the table. */
import { expect, test } from 'vitest';
import { findMissing } from '../../flows/storage/backup/watch.ts';
import { openInThread } from '../../flows/storage/ledger/ledger.ts';
import { ofTier, reportFigure } from '../figures.ts';
import { noFalseSilence } from './audit-silence.ts';
import { rowsOf } from './rows.ts';
import {
  atRest,
  auditOf,
  camera,
  checksAt,
  complaints,
  listen,
  mailTo,
  microphone,
  minute,
  order,
  presenceAt,
  second,
  transitionsOf,
} from './scene.ts';
import type { World } from './world.ts';

const hour = 60 * minute;
const year = 365 * 24 * hour;

const clocks: Record<string, (world: World, pc: number, n: number) => void> = {
  'ten years ahead': (world, pc, n) => n === 0 && world.pc(pc).machine.jump(10 * year),
  'ten years back': (world, pc, n) => n === 0 && world.pc(pc).machine.jump(-10 * year),
  'an hour ahead and back': (world, pc, n) => n % 60 === 0 && world.pc(pc).machine.jump(n % 120 === 0 ? hour : -hour),
  'stepping each 10 s': (world, pc, n) => world.pc(pc).machine.jump(n % 2 === 0 ? 7 * second : -7 * second),
  'at 1970 after each boot': (world, pc, n) => {
    if (n % 90 !== 0) return;
    world.pc(pc).kill();
    world.pc(pc).machine.setWall(0);
    world.pc(pc).start({ reboot: true });
  },
};

test('F7 wrong or jumping clocks of PCs lose or repeat no event, cause no false silence, and leave incident times right', {
  tags: ['long'],
}, async () => {
  const kinds = Object.values(clocks);
  const world = await atRest({ pcs: kinds.length + 1 });
  const steps = 360;
  for (let n = 0; n < steps; n += 1) {
    for (const [pc, step] of kinds.entries()) step(world, pc, n);
    if (n === 180) for (const [pc] of world.pcs.entries()) microphone(world, 'microphone.missing', pc);
    if (n === 270) for (const [pc] of world.pcs.entries()) microphone(world, null, pc);
    await world.pass(10 * second);
  }
  await world.pass(10 * minute);
  const { gaps, twice } = await auditOf(world);
  expect([gaps, twice]).toEqual([0, 0]);
  expect(await complaints(world)).toEqual([]);
  expect(noFalseSilence(world, rowsOf(world))).toEqual([]);
  expect(world.pcs.map((_, pc) => presenceAt(world, pc))).toEqual(world.pcs.map(() => 'online'));
  const lasted = rowsOf(world)
    .incidents.filter(({ faults }) => faults.some(({ fault }) => fault === 'microphone.missing'))
    .map(({ scope, faults, overAt }) => ({ scope, ms: (overAt ?? 0) - (faults[0]?.since ?? 0) }));
  expect(lasted.map(({ scope }) => scope).toSorted()).toEqual(world.pcs.map(({ path }) => path).toSorted());
  // The last PC has a correct clock.
  const right = lasted.find(({ scope }) => scope === world.pcs.at(-1)?.path)?.ms ?? 0;
  const apart = lasted.map(({ ms }) => Math.abs(ms - right));
  expect(Math.max(...apart)).toBeLessThanOrEqual(second);
  reportFigure(
    'F7',
    `${kinds.length} wrong clocks for an hour: 0 lost, 0 twice, 0 called silent; durations apart from a right clock’s by ${Math.max(...apart)} ms at most`,
  );
});

test('F9 a link that drops every 30 s, 500 times, loses no event and causes no false silence, but one alert with its end', {
  tags: ['long'],
}, async () => {
  const world = await atRest({ pcs: 2 });
  const rounds = ofTier(40, 100, 500);
  for (let n = 0; n < rounds; n += 1) {
    world.pc(0).cut('reset');
    await world.pass(10 * second);
    world.pc(0).heal();
    await world.pass(20 * second);
  }
  await world.pass(15 * minute);
  const { gaps, twice } = await auditOf(world);
  const told = mostTold(world);
  expect([gaps, twice]).toEqual([0, 0]);
  expect(await complaints(world)).toEqual([]);
  expect(noFalseSilence(world, rowsOf(world))).toEqual([]);
  expect(told).toBeLessThanOrEqual(2);
  reportFigure(
    'F9',
    `${rounds} times 20 s up and 10 s down: ${gaps} lost, ${twice} twice, at most ${told} messages to one person in ${((rounds * 30 * second) / hour).toFixed(1)} h, ${transitionsOf(world, world.pc(0).path).length} transitions`,
  );
});

test('F20 a camera flapping for 24 h has one open incident, at most four messages to a person, and clears when calm', {
  tags: ['long'],
}, async () => {
  const world = await atRest();
  const hours = ofTier(4, 4, 24);
  for (let n = 0; n < hours * 60; n += 1) {
    camera(world, n % 2 === 0 ? 'camera.missing' : null);
    await world.pass(minute);
  }
  const open = () => rowsOf(world).incidents.filter(({ over }) => over === null);
  camera(world, null);
  expect(open()).toHaveLength(1);
  // The first incident ends before the server can recognise that the camera flaps.
  expect(rowsOf(world).incidents.length).toBeLessThanOrEqual(2);
  await world.pass(12 * minute);
  expect(open()).toEqual([]);
  expect(mostTold(world)).toBeLessThanOrEqual(4);
  expect(await complaints(world)).toEqual([]);
  reportFigure(
    'F20',
    `${hours * 60} changes in ${hours} h: ${rowsOf(world).incidents.length} incidents, at most ${mostTold(world)} messages to one person, over 12 min after the last`,
  );
});

test('F12 after an hour without broker all backlogs arrive within ten minutes, and a new fault is notified in the same time', {
  tags: ['long'],
  timeout: 1_800_000,
}, async () => {
  const pcs = ofTier(8, 24, 736);
  const each = ofTier(25, 50, 100);
  const world = await atRest({ pcs });
  world.broker.kill({ flush: false });
  for (let n = 0; n < each; n += 1) {
    for (const pc of world.pcs) pc.room.set('pc', 'load', n % 2 === 0 ? 'pc.load_high' : null);
    await world.pass(hour / each);
  }
  world.broker.start();
  const waiting = () => world.pcs.reduce((sum, pc) => sum + (pc.agent()?.spool.figures().waiting ?? 0), 0);
  const backlog = waiting();
  expect(backlog).toBeGreaterThan((pcs * each) / 2);
  microphone(world, 'microphone.missing');
  // The hold of a fault is 20 s, so the backlog may be empty first.
  const [drained, told] = await whenEach(world, [
    () => waiting() === 0,
    () => mailTo(world, 'asha').some((subject) => /Microphone not found/.test(subject)),
  ]);
  expect(drained).toBeLessThanOrEqual(10 * minute);
  expect(told).toBeLessThanOrEqual(10 * minute);
  await world.pass(5 * minute);
  const { gaps, twice } = await auditOf(world);
  expect([gaps, twice]).toEqual([0, 0]);
  reportFigure(
    'F12',
    `${pcs} PCs, ${backlog} events held back for an hour: drained ${drained / second} s after the broker’s return (virtual time), a fault of then told after ${told / second} s, 0 lost`,
  );
});

test('F10 a PC on a thin link that was cut for days sends its current state first, and its backlog within ten minutes', {
  tags: ['long'],
}, async () => {
  const hours = ofTier(6, 12, 72);
  const world = await atRest({ link: 'geo' });
  world.pc(0).cut('hole');
  for (let n = 0; n < hours * 6; n += 1) {
    microphone(world, n % 2 === 0 ? 'microphone.missing' : null);
    await world.pass(10 * minute);
  }
  camera(world, 'camera.missing');
  await world.pass(10 * minute);
  const { waiting = 0 } = world.pc(0).agent()?.spool.figures() ?? {};
  expect(waiting).toBeGreaterThan(hours * 6);
  const births = listen(world, 'presence');
  world.pc(0).heal();
  await whenEach(world, [() => births.length > 0]);
  const [known, drained] = await whenEach(world, [
    () => checksAt(world).some(({ component, fault }) => component === 'camera' && fault === 'camera.missing'),
    () => world.pc(0).agent()?.spool.figures().waiting === 0,
  ]);
  expect(known).toBeLessThanOrEqual(30 * second);
  expect(drained).toBeLessThanOrEqual(10 * minute);
  expect(await complaints(world)).toEqual([]);
  reportFigure(
    'F10',
    `${waiting} events of ${hours} h: the state is known ${known / second} s after the first word, all of it drained after ${drained / second} s (virtual time)`,
  );
});

test('F11 PCs reconnect one after another when the broker returns, and every PC comes online', { timeout: 1_800_000 }, async () => {
  const pcs = ofTier(36, 60, 736);
  const world = await atRest({ pcs });
  world.broker.kill({ flush: false });
  await world.pass(10 * minute);
  const from = world.time.now();
  const bornAt = new Map<string, number>();
  world.broker.intercept((topic) => {
    if (topic.endsWith('/presence')) bornAt.getOrInsert(topic, world.time.now() - from);
    return false;
  });
  world.broker.start();
  const [back] = await whenEach(world, [() => bornAt.size === pcs]);
  expect(back).toBeLessThanOrEqual(120 * second);
  const each = Map.groupBy(bornAt.values(), (ms) => Math.floor(ms / second));
  const most = Math.max(...Array.from(each.values(), (all) => all.length));
  expect(most).toBeLessThanOrEqual(pcs / 6);
  await world.pass(5 * minute);
  expect(world.pcs.map((_, pc) => presenceAt(world, pc))).toEqual(world.pcs.map(() => 'online'));
  expect(await complaints(world)).toEqual([]);
  reportFigure('F11', `${pcs} PCs after ten minutes without a broker: all back after ${back / second} s, at most ${most} within a second`);
});

test('F30 after a restore of an old ledger all PCs return within five minutes, no event is lost, and lost actions of people are listed', {
  tags: ['long'],
  timeout: 1_800_000,
}, async () => {
  const pcs = ofTier(8, 24, 736);
  const world = await atRest({ pcs });
  const image = world.centre.db().serialize();
  for (let n = 0; n < 6; n += 1) {
    for (const [pc] of world.pcs.entries()) microphone(world, n % 2 === 0 ? 'microphone.missing' : null, pc);
    await world.pass(10 * minute);
  }
  await order(world, (view) => view.act(rowsOf(world).incidents.at(-1)?.id ?? 0, 'meera', { type: 'note', text: 'a cable' }));
  const mark = await openInThread(world.centre.db()).progress();
  const events = (await auditOf(world)).events;
  world.centre.kill();
  world.centre.restoreLedger(image);
  const found = findMissing(await openInThread(world.centre.db()).progress(), mark, undefined);
  expect(found?.acts).toMatchObject([{ who: 'meera', what: 'note' }]);
  world.centre.start();
  const [back] = await whenEach(world, [() => world.pcs.every((_, pc) => presenceAt(world, pc) === 'online')]);
  expect(back).toBeLessThanOrEqual(5 * minute);
  await world.pass(10 * minute);
  const audit = await auditOf(world);
  expect([audit.gaps, audit.twice]).toEqual([0, 0]);
  expect(audit.events).toBeGreaterThanOrEqual(events);
  expect(await complaints(world)).toEqual([]);
  reportFigure(
    'F30',
    `${pcs} PCs and a ledger of an hour ago: all back after ${back / second} s (virtual time), ${events} events, 0 lost; ${found?.line}`,
  );
});

/** Returns the first time of each condition, in steps of 5 s; infinite if it is not met within an hour. */
async function whenEach<const T extends readonly (() => boolean)[]>(world: World, facts: T): Promise<{ [K in keyof T]: number }> {
  const from = world.time.now();
  const found = facts.map(() => Number.POSITIVE_INFINITY);
  while (found.includes(Number.POSITIVE_INFINITY) && world.time.now() - from < hour) {
    await world.pass(5 * second);
    facts.forEach((isSo, at) => {
      if (isSo()) found[at] = Math.min(found[at] ?? 0, world.time.now() - from);
    });
  }
  return found as { [K in keyof T]: number };
}

function mostTold(world: World): number {
  return Math.max(0, ...['asha', 'tashi', 'meera'].map((person) => mailTo(world, person).length));
}
