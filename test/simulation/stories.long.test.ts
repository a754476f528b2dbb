// @module-tag long
/** Streams through the tabs themselves that take hours of a day, or many sites: exact messages, persons and times. */
import { expect, test } from 'vitest';
import { cutAll, dark, healAll, judged, pcsAt, sites, toldIn } from './causes-scene.ts';
import { importMeetings, mails, office, setHours, until } from './office-day.ts';
import { atRest, minute, second } from './scene.ts';
import type { World } from './world.ts';

const firstEvening = '2026-03-03T18:20';
const state = (kind: string) => expect.stringMatching(new RegExp(`${kind}: Many sites of the state do not answer`));

/** Five offices of one state, of whose PCs all are switched off at the wall within three minutes, a little before closing time. */
async function closeTogether(...meetings: string[]): Promise<World> {
  const world = await atRest({ further: sites('bihar', 5) });
  await setHours(world, office);
  if (meetings.length > 0) await importMeetings(world, ...meetings);
  await until(world, firstEvening);
  for (const [at, pc] of pcsAt(world, 'bihar').entries()) world.time.later(at * 15 * second, () => pc.kill({ power: true }));
  await until(world, '2026-03-04T08:50');
  return world;
}

test('five offices that close within three minutes were told as a state that is gone: nobody hears of it, and in the morning only of who is missing', async () => {
  const world = await closeTogether();
  expect(toldIn(world)).toEqual([]);
  for (const pc of pcsAt(world, 'bihar').slice(1)) world.time.later(world.random.next() * 30 * minute, () => pc.start({ reboot: true }));
  await until(world, '2026-03-04T10:00');
  expect(mails(world, 'meera')).toEqual([expect.stringMatching(/^03-04T09:4[56] .*bihar\/site-1/)]);
});

test('five offices that do not open again are one message, when they should be open', async () => {
  const world = await closeTogether();
  await until(world, '2026-03-04T09:55');
  expect(mails(world, 'meera')).toEqual([expect.stringMatching(/^03-04T09:4\d .*Many sites of the state do not answer/)]);
});

test('a meeting in one of the offices that closed together brings their absence forward, and its own room is notified too', async () => {
  const world = await closeTogether('call,Call,bihar/site-3,2026-03-04 07:00,30,,');
  expect(mails(world, 'meera').toSorted()).toEqual([
    expect.stringMatching(/^03-04T06:30 .*Critical: Many sites of the state do not answer/),
    '03-04T06:30 bihar/site-3: Critical: PC does not answer, bihar/site-3/pc-1',
  ]);
});

test('a state that goes at two in the morning is told at once: that is no closing time', async () => {
  const world = await atRest({ further: sites('bihar', 8) });
  await setHours(world, office);
  await until(world, '2026-03-04T02:00');
  cutAll(pcsAt(world, 'bihar').slice(0, 6));
  await world.pass(10 * minute);
  expect(toldIn(world)).toEqual([state('Critical')]);
});

test('F19 40 of 42 sites lost and 38 back are one message, then one all-clear and two', async () => {
  const world = await atRest({ pcs: 2, sites: 2, further: sites('bihar', 40) });
  const lost = pcsAt(world, 'bihar');
  cutAll(lost);
  await world.pass(8 * minute);
  healAll(lost.slice(2));
  await world.pass(20 * minute);
  const told = toldIn(world);
  expect(told[0]).toMatch(/^meera: .*PCs of many sites went silent within a minute|^meera: .*Many sites of the state/);
  expect(told.slice(1).toSorted()).toEqual([
    expect.stringMatching(/^meera: .*Cleared: /),
    ...[1, 2].map((at) => expect.stringMatching(new RegExp(`^meera: .*Critical: PC does not answer, bihar/site-${at}/`))),
  ]);
  healAll(lost);
  await world.pass(20 * minute);
  expect(await judged(world)).toEqual([]);
});

test('a line that comes and goes for two hours is two messages', async () => {
  const world = await atRest({ further: [...sites('ladakh', 1, { pcs: 2 }), ...sites('bihar', 2)] });
  const pcs = pcsAt(world, 'ladakh/site-1');
  for (let turn = 0; turn < 24; turn += 1) {
    for (const pc of pcs) pc.cut('hole');
    await world.pass(3 * minute);
    for (const pc of pcs) pc.heal();
    await world.pass(2 * minute);
  }
  await world.pass(50 * minute);
  expect(toldIn(world).filter((mail) => mail.startsWith('asha'))).toEqual([
    expect.stringMatching(/Critical: No PC of the site answers/),
    expect.stringMatching(/Cleared: No PC of the site answers/),
  ]);
});

test('d: a broker that starts anew is no message; one that is away for three minutes is one, to central, and one all-clear', async () => {
  const world = await atRest({ pcs: 3, further: sites('bihar', 4) });
  for (const awayMs of [5 * second, 3 * minute]) {
    world.broker.kill({ flush: false });
    await world.pass(awayMs);
    world.broker.start();
    await world.pass(20 * minute);
    if (awayMs === 5 * second) expect(toldIn(world)).toEqual([]);
  }
  expect(toldIn(world)).toEqual([
    expect.stringMatching(/^meera: .*Critical: The centre cannot reach its broker/),
    expect.stringMatching(/^meera: .*Cleared: The centre cannot reach its broker/),
  ]);
  expect(await judged(world)).toEqual([]);
});

test('e: a power cut of a site with batteries, told by its own gasp, is one message of the power, and one all-clear', async () => {
  const world = await atRest({ further: sites('ladakh', 1, { pcs: 3, battery: true }) });
  const pcs = pcsAt(world, 'ladakh/site-1');
  for (const pc of pcs) pc.power({ onMains: false, runtimeMs: 6 * minute, batteryChargeRatio: 0.5 });
  await world.pass(4 * minute);
  for (const pc of pcs) pc.power({ runtimeMs: minute, batteryChargeRatio: 0.05 });
  await world.pass(2 * minute);
  for (const pc of pcs) pc.kill({ power: true });
  await world.pass(20 * minute);
  for (const pc of pcs) pc.power({ onMains: true, runtimeMs: null, batteryChargeRatio: 0.2 });
  for (const pc of pcs) pc.start({ reboot: true });
  await world.pass(40 * minute);
  expect(toldIn(world)).toEqual([
    expect.stringMatching(/^asha: .*Major: The site runs on battery/),
    expect.stringMatching(/^asha: .*Cleared: The site runs on battery/),
  ]);
  expect(world.centre.post.deliveries.at(-1)?.text).toMatch(/[Pp]ower cut/);
});

test('g: a line that comes and goes three times in ten minutes is one message and one all-clear', async () => {
  const world = await atRest({ further: sites('ladakh', 1, { pcs: 2 }) });
  const pcs = pcsAt(world, 'ladakh/site-1');
  for (let turn = 0; turn < 3; turn += 1) {
    cutAll(pcs);
    await world.pass(2.5 * minute);
    healAll(pcs);
    await world.pass(50 * second);
  }
  await world.pass(50 * minute);
  expect(toldIn(world)).toEqual([dark('asha', 'Critical'), dark('asha', 'Cleared')]);
});

test('a site that goes dark while its state is away, and stays so, is told after its state is back', async () => {
  const world = await atRest({ further: sites('bihar', 8, { pcs: 2 }) });
  const pcs = pcsAt(world, 'bihar').slice(0, 10);
  cutAll(pcs);
  await world.pass(4 * minute);
  const late = pcsAt(world, 'bihar/site-8');
  cutAll(late);
  await world.pass(6 * minute);
  healAll(pcs);
  await world.pass(20 * minute);
  expect(toldIn(world).toSorted()).toEqual([
    dark('meera', 'Critical'),
    'meera: Bihar: Cleared: Many sites of the state do not answer',
    'meera: Bihar: Critical: Many sites of the state do not answer',
  ]);
});

test('two providers that break at one time are two messages, and each ends for itself', async () => {
  const further = [...sites('bihar', 4, { isp: 'Jio' }), ...sites('goa', 4, { isp: 'BSNL' }), ...sites('assam', 20, { isp: 'Airtel' })];
  const world = await atRest({ further });
  const [jio, bsnl] = [pcsAt(world, 'bihar'), pcsAt(world, 'goa')];
  cutAll([...jio, ...bsnl]);
  await world.pass(10 * minute);
  healAll(jio);
  await world.pass(15 * minute);
  expect(toldIn(world).toSorted()).toEqual([
    'meera: BSNL: Critical: Sites of one provider do not answer',
    'meera: Jio: Cleared: Sites of one provider do not answer',
    'meera: Jio: Critical: Sites of one provider do not answer',
  ]);
});
