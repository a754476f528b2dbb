/** Tests meetings in rooms whose outage belongs to a known shared cause: who is notified, and when. */
import { expect, test } from 'vitest';
import { memberOf } from '../../flows/notify/roster/book.ts';
import { healAll, judged, pcsAt, sites } from './causes-scene.ts';
import { allMails, importMeetings, lastText, mails, until } from './office-day.ts';
import { rowsOf } from './rows.ts';
import { atRest, camera, microphone, minute, order } from './scene.ts';
import { epochMs } from './time.ts';

const technician = (id: string, scope: string) =>
  memberOf({ id, name: id, role: 'technician', scope, language: 'en', email: `${id}@office.test`, webhook: false, addresses: {} });

test('R19a a meeting in a room of a dark state notifies the technician half an hour before each meeting, and no higher level', {
  tags: ['long'],
}, async () => {
  const world = await atRest({ further: sites('bihar', 9) });
  world.centre.roster.use([technician('ravi', 'bihar/site-2')]);
  await importMeetings(world, 'one,One,bihar/site-2,2026-03-03 15:30,16:00,,', 'two,Two,bihar/site-2/pc-1,2026-03-03 18:00,18:30,,');
  for (const pc of pcsAt(world, 'bihar')) pc.cut('hole');
  await until(world, '2026-03-03T20:00');
  const silent = 'PC does not answer, bihar/site-2/pc-1';
  expect(allMails(world)).toEqual([
    '03-03T14:08 meera: Bihar: Critical: Many sites of the state do not answer',
    `03-03T15:00 ravi: bihar/site-2: Critical: ${silent}`,
    `03-03T17:30 ravi: bihar/site-2: Critical: ${silent}`,
  ]);
  expect(lastText(world, 'ravi')).toContain('Meeting at 18:00.');
  healAll(pcsAt(world, 'bihar'));
  await world.pass(20 * minute);
  expect(allMails(world).slice(3)).toEqual([
    `03-03T20:00 ravi: bihar/site-2: Cleared: ${silent}`,
    expect.stringContaining('meera: Bihar: Cleared: Many sites of the state do not answer'),
  ]);
  expect(await judged(world)).toEqual([]);
});

test('R19a a meeting at a site whose provider is down is one message about the site, not one for each PC', { tags: ['long'] }, async () => {
  const world = await atRest({ further: [...sites('goa', 5, { pcs: 2, isp: 'Jio' }), ...sites('assam', 7, { isp: 'BSNL' })] });
  world.centre.roster.use([technician('lata', 'goa')]);
  await importMeetings(world, 'daily,Daily,goa/site-4,2026-03-03 16:15,45,,');
  for (const pc of pcsAt(world, 'goa')) pc.cut('hole');
  await until(world, '2026-03-03T17:30');
  expect(mails(world, 'lata')).toEqual([expect.stringMatching(/^03-03T15:45 .+: Critical: No PC of the site answers, goa\/site-4$/)]);
});

test('a meeting hours after the last level was notified notifies the technician once more, and no higher level', async () => {
  const world = await atRest({ pcs: 1, further: sites('goa', 3) });
  await importMeetings(world, 'one,One,ladakh/leh/pc-1,2026-03-03 18:00,18:30,,');
  for (const pc of pcsAt(world, 'ladakh/leh')) pc.cut('hole');
  await until(world, '2026-03-03T19:00');
  expect(allMails(world).map((line) => line.slice(6, 17))).toEqual(['14:09 asha:', '14:24 tashi', '14:54 meera', '17:30 asha:']);
});

test.each([
  ['microphone', '14:47', '15:15', 'Critical: Microphone not found'],
  ['camera', '14:33', '15:01', 'Critical: Camera not found'],
] as const)(
  'a %s that breaks for the third time within an hour, at %s, is notified before the meeting at %s',
  async (device, at, start, what) => {
    const world = await atRest();
    await importMeetings(world, `one,One,ladakh/leh/pc-1,2026-03-03 ${start},45,,`);
    const set = device === 'camera' ? camera : microphone;
    for (const state of [`${device}.missing`, null, `${device}.missing`, null]) {
      set(world, state);
      await world.pass(5 * minute);
    }
    await until(world, `2026-03-03T${at}`);
    set(world, `${device}.missing`);
    await world.pass(minute);
    expect(mails(world).at(-1)).toContain(`T${at} `);
    await until(world, '2026-03-03T15:45');
    expect(mails(world).at(-1)).toContain(what);
    set(world, null);
    await world.pass(30 * minute);
    expect(mails(world).at(-1)).toContain(what.replace('Critical', 'Cleared'));
    expect(await judged(world)).toEqual([]);
  },
);

test('a meeting in a room of a provider that lost most of the nation at once notifies its technician', { tags: ['long'] }, async () => {
  const world = await atRest({ further: [...sites('kerala', 12, { isp: 'BSNL' }), ...sites('punjab', 8, { isp: 'Jio' })] });
  world.centre.roster.use([technician('nair', 'kerala/site-5')]);
  await importMeetings(world, 'one,One,kerala/site-5/pc-1,2026-03-03 16:00,30,,');
  for (const pc of pcsAt(world, 'kerala')) pc.cut('hole');
  await until(world, '2026-03-03T16:30');
  expect(allMails(world)).toEqual([
    '03-03T14:08 meera: All offices: Critical: PCs of many sites stopped answering within a minute, many sites',
    '03-03T15:30 nair: kerala/site-5: Critical: PC does not answer, kerala/site-5/pc-1',
  ]);
});

test('a meeting in a room whose PC died while the server was down notifies its technician half an hour before', async () => {
  const world = await atRest({ pcs: 3 });
  await importMeetings(world, 'one,One,ladakh/leh/pc-1,2026-03-03 16:00,16:30,,');
  world.centre.kill();
  world.pc(0).kill();
  await world.pass(10 * minute);
  world.centre.start();
  await until(world, '2026-03-03T16:30');
  expect(mails(world)).toEqual(['03-03T15:30 This office, Ladakh: Critical: PC does not answer, Room pc-1']);
});

test.each([
  ['a site', 3, 'Ladakh: Critical: No PC of the site answers, This office'],
  ['a PC', 1, 'This office, Ladakh: Critical: PC does not answer, Room pc-1'],
])(
  'a meeting in a room of %s whose outage somebody acknowledged notifies the technician once more, and no higher level',
  async (_, pcs, subject) => {
    const world = await atRest({ pcs, further: sites('bihar', 3) });
    await importMeetings(world, 'one,One,ladakh/leh/pc-1,2026-03-03 15:10,15:50,,');
    for (const pc of pcsAt(world, 'ladakh/leh')) pc.cut('hole');
    await world.pass(10 * minute);
    const id = rowsOf(world).incidents.find(({ over, faults }) => over === null && faults.some(({ told }) => told !== null))?.id ?? 0;
    await order(world, (view) => view.act(id, 'Asha', { type: 'acknowledge' }));
    await until(world, '2026-03-03T17:00');
    expect(allMails(world).map((line) => line.slice(12))).toEqual([`asha: ${subject}`, `asha: ${subject}`]);
    expect(mails(world)[1]).toMatch(/^03-03T14:40 /);
  },
);

test('a meeting in a room with a fault of many rooms notifies its technician on the same day', { tags: ['long'] }, async () => {
  const world = await atRest({ further: sites('assam', 7) });
  world.centre.roster.use([technician('biju', 'assam/site-3')]);
  await importMeetings(world, 'board,Board,assam/site-3,2026-03-03 17:00,17:20,,');
  for (const index of world.pcs.keys()) {
    if (index === 0) continue;
    world.pc(index).room.model('camera', 'Jabra PanaCast');
    camera(world, 'camera.missing', index);
  }
  await until(world, '2026-03-03T18:30');
  expect(mails(world, 'biju')).toEqual(['03-03T16:30 assam/site-3: Critical: Camera not found, assam/site-3/pc-1']);
});

test('a meeting that is imported after a snooze has ended repeats the message for the meeting, not for the snooze', async () => {
  const world = await atRest({ further: sites('goa', 1) });
  await importMeetings(world, 'goa,Goa,goa/site-1,2026-03-03 15:00,30,,');
  microphone(world, 'microphone.muted');
  await world.pass(3 * minute);
  await order(world, (view) => view.act(1, 'Asha', { type: 'snooze', until: epochMs + world.time.now() + 10 * minute }));
  await world.pass(15 * minute);
  expect(lastText(world).join(' ')).toContain('muted this alert until now');
  await until(world, '2026-03-03T15:40');
  await importMeetings(world, 'one,One,ladakh/leh/pc-1,2026-03-03 16:00,30,,');
  await world.pass(2 * minute);
  expect(lastText(world).join(' ')).toContain('Meeting at 16:00.');
  expect(lastText(world).join(' ')).not.toContain('muted this alert until now');
});
