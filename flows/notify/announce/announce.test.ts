import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { OutboxRow } from '../../engine/records/notices.ts';
import type { Op } from '../../engine/records/ops.ts';
import { node, smallTree } from '../../sites/sites.test-helper.ts';
import { createSiteTable } from '../../sites/table.ts';
import { openInThread } from '../../storage/ledger/ledger.ts';
import { testClock } from '../people/people.test-helper.ts';
import { createRoster } from '../people/roster.ts';
import { channelsNamed, member, wednesday } from '../roster/roster.test-helper.ts';
import { createAnnouncements } from './announce.ts';

const minute = 60_000;
const email = 'somebody@office.test';

/** Creates announcements with a real ledger and four people: technicians of Leh and Goa, the officer of Ladakh, and central. */
function rig() {
  const db = new DatabaseSync(':memory:');
  onTestFinished(() => db.close());
  const ledger = openInThread(db);
  let now = wednesday;
  const members = [
    member('asha', { name: 'Asha', duty: [], email }),
    member('chand', { roles: ['state'], scopes: ['ladakh'], email }),
    member('goa-1', { scopes: ['goa/panaji'], groups: ['coast'], email }),
    member('devi', { roles: ['central'], scopes: [''] }),
  ];
  const table = createSiteTable([...smallTree(), node('goa'), node('goa/panaji', {}, { groups: ['konkan'] }), node('goa/panaji/vc-1')]);
  const roster = createRoster([]);
  roster.use(members);
  const record = async (ops: readonly Op[]) => {
    await ledger.commit([...ops]);
    return true;
  };
  const announcements = createAnnouncements({
    clock: testClock(wednesday),
    channels: channelsNamed('email'),
    roster,
    table: () => table,
    ledger,
    record,
    now: () => now,
  });
  const send = (to: string, changes = {}) =>
    announcements.send({ to, text: 'The line of the state is changed on Sunday.', apply: true, by: 'Anil', within: '', ...changes });
  const pass = (ms: number) => {
    now += ms;
  };
  /** Changes the outbox row of the message to a person. */
  const became = async (person: string, changes: Partial<OutboxRow>) => {
    const [row] = (await ledger.load()).outbox.filter((one) => one.person === person);
    if (row) await ledger.commit([{ op: 'outbox-set', row: { ...row, ...changes } }]);
  };
  return { ledger, announcements, send, pass, became };
}
const personsOf = (done: Awaited<ReturnType<ReturnType<typeof rig>['send']>>) =>
  done.ok ? done.value.persons.map(({ id }) => id) : done.line;

test('an announcement goes to everyone responsible for the place, on duty or not, or to the members of a group', async () => {
  const { send } = rig();
  const to = async (where: string) => personsOf(await send(where, { apply: false }));
  expect([await to('ladakh'), await to('ladakh/leh'), await to('group:konkan'), await to('coast'), await to('')]).toEqual([
    ['asha', 'chand'],
    ['asha'],
    ['goa-1'],
    ['goa-1'],
    ['asha', 'chand', 'goa-1', 'devi'],
  ]);
  expect(await send('bihar')).toMatchObject({ ok: false, status: 404 });
});

test('an announcement without `apply` writes nothing; with `apply`, announcement, messages and audit row are one commit', async () => {
  const { send, ledger } = rig();
  expect(await send('ladakh', { apply: false })).toMatchObject({ ok: true, value: { id: null } });
  expect([await ledger.announcements(), (await ledger.progress()).commits]).toEqual([[], 0]);
  expect(await send('ladakh')).toMatchObject({ ok: true, value: { id: 1, persons: [{ state: 'waiting' }, { state: 'waiting' }] } });
  const { commits, acts } = await ledger.progress();
  expect([commits, acts[0]]).toMatchObject([1, { who: 'Anil', what: 'notice sent', about: '1 to ladakh: 2 persons' }]);
  expect((await ledger.load()).outbox.map(({ key, notice: { announcement } }) => [key, announcement?.text])).toEqual([
    ['announcement/1/asha', 'The line of the state is changed on Sunday.'],
    ['announcement/1/chand', 'The line of the state is changed on Sunday.'],
  ]);
});

test('the view shows who received and who read an announcement; a delivery on the console does not count', async () => {
  const { announcements, send, became, pass } = rig();
  await send('');
  await became('asha', { state: 'delivered' });
  await became('chand', { state: 'refused', lastError: 'the mail box is full' });
  await became('devi', { channel: 'console', state: 'delivered' });
  pass(minute);
  expect([
    (await announcements.show(1, 'asha'))?.text,
    await announcements.show(1, 'stranger'),
    await announcements.show(9, 'asha'),
  ]).toEqual(['The line of the state is changed on Sunday.', undefined, undefined]);
  await announcements.read(1, 'asha');
  pass(minute);
  await announcements.read(1, 'asha');
  expect(
    (await announcements.one(1, ''))?.persons.map(({ id, state, channel, reason, readAt }) => [id, state, channel, reason, readAt]),
  ).toEqual([
    ['asha', 'delivered', 'email', null, wednesday + minute],
    ['chand', 'unreached', 'email', 'the mail box is full', null],
    ['goa-1', 'waiting', 'email', null, null],
    ['devi', 'unreached', null, null, null],
  ]);
});

test('a state account sends only within its scope and sees only its own announcements', async () => {
  const { announcements, send } = rig();
  expect(personsOf(await send('ladakh', { within: 'ladakh' }))).toEqual(['asha', 'chand']);
  expect(await send('', { within: 'ladakh' })).toMatchObject({ status: 403 });
  for (const to of ['goa', 'group:konkan', 'coast', 'no-such-group'])
    expect(await send(to, { within: 'ladakh' })).toMatchObject({
      status: 404,
      line: `nobody of ladakh looks after ${to}, and no group of persons has that name`,
    });
  await send('coast');
  expect((await announcements.list('ladakh')).map(({ id, count }) => [id, count])).toEqual([[1, 2]]);
  expect((await announcements.list('goa')).map(({ id }) => id)).toEqual([2]);
  expect([await announcements.one(2, 'ladakh'), (await announcements.one(2, ''))?.id]).toEqual([undefined, 2]);
});

test('an announcement beyond the hourly limit, of one person or of all together, is refused with the reason', async () => {
  const { send, pass } = rig();
  for (let n = 0; n < 3; n++) expect(await send('ladakh')).toMatchObject({ ok: true });
  pass(minute);
  const line = 'Anil sent 3 notices within an hour: what comes too often is not read. The next can go at 07:00 UTC';
  expect(await send('ladakh')).toEqual({ ok: false, status: 429, line });
  for (let n = 0; n < 7; n++) expect(await send('goa', { by: `person ${n}` })).toMatchObject({ ok: true });
  expect(await send('goa', { by: 'another' })).toMatchObject({ status: 429, line: expect.stringMatching(/^All together sent 10 notices/) });
  pass(60 * minute);
  expect(await send('ladakh')).toMatchObject({ ok: true });
});
