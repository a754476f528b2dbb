import { beforeEach, expect, test } from 'vitest';
import type { Op } from '../engine/records/ops.ts';
import { createRosterOrders, testsAndTakesPerHour } from '../notify/orders/roster-orders.ts';
import { createPendingTests } from '../notify/people/direct/direct.ts';
import { testClock } from '../notify/people/people.test-helper.ts';
import { createRoster } from '../notify/people/roster.ts';
import { memberOf } from '../notify/roster/book.ts';
import { channelsNamed, hoursLater, planOf, wednesday } from '../notify/roster/roster.test-helper.ts';
import type { Viewer } from '../pki/http-auth/http-auth.ts';
import { routesOf, viewerOf } from './routes.test-helper.ts';

const central = { id: 'devi', name: 'Devi', role: 'central', scope: '', language: 'en', webhook: false, addresses: {} } as const;
let written: Op[];
let takes: boolean;
let onTabs: string[];
let tabsRun: boolean;
let now = wednesday;
let roster: ReturnType<typeof createRoster>;
let routes: ReturnType<typeof routesOf>;
let viewer: Viewer;

beforeEach(() => {
  written = [];
  takes = true;
  onTabs = [];
  tabsRun = true;
  now = wednesday;
  roster = createRoster([central]);
  const { table } = planOf('');
  const channels = channelsNamed('email', 'sms', 'push');
  Object.assign(channels.get('push') ?? {}, { joined: true });
  const away = async () => ({ result: 'retry', reason: 'the gateway is away' });
  Object.assign(channels.get('sms')?.channel ?? {}, { send: away });
  const clock = testClock(wednesday);
  const orders = createRosterOrders({
    clock,
    channels,
    roster,
    heard: createPendingTests(clock),
    listed: { members: [], proofs: [{ person: 'asha', channel: 'email', at: wednesday }] },
    fixed: [memberOf(central)],
    table: () => table,
    onTabs: () => onTabs,
    tells: async (scope) =>
      tabsRun ? [{ scope: `${scope || 'ladakh/leh'}/vc-1`, tells: [{ to: ['technician'], afterMs: 0 }] }] : undefined,
    now: () => now,
    record: async (ops) => {
      if (takes) written.push(...ops);
      return takes;
    },
  });
  viewer = viewerOf('central', '', null);
  routes = routesOf({ roster: orders }, () => viewer);
});

const post = (url: string, payload: object) => routes.post(`/api/roster/${url}`, { by: 'Anil', ...payload });
const get = async (url = '') => (await routes.get(`/api/roster${url}`)).body;
const csv =
  'id,name,roles,scopes,groups,channels,email,duty,deputy\nasha,Asha,technician,ladakh/leh,block-7,email,asha@office.test,Mon-Fri 09:00-18:00,bina\nbina,Bina,technician,ladakh,,,,Sat 09:00-18:00,\n';
const load = (more: object = {}) => post('import', { csv, apply: true, ...more });
const told = (words: string[]) => roster.resolve(words, 'ladakh/leh/vc-1', { now: wednesday }).persons.map(({ id }) => id);

test('a roster import previews its difference, then applies it at once with one audit row', async () => {
  expect(await load({ apply: false })).toMatchObject({
    status: 200,
    body: { applied: false, difference: { added: ['asha', 'bina'] } },
  });
  expect([told(['technician']), written]).toEqual([['devi'], []]);
  expect(await load()).toMatchObject({ status: 200, body: { applied: true } });
  expect(written.map((op) => op.op)).toEqual(['member', 'member', 'audit']);
  expect(written.at(-1)).toMatchObject({ who: 'Anil', what: 'roster imported', about: '2 added, 0 changed, 0 removed, 0 the same' });
  expect(told(['technician'])).toEqual(['asha']);
  expect(await load()).toMatchObject({ body: { applied: true, difference: { same: 2 } } });
  expect(written).toHaveLength(3);
});

test('a faulty roster file returns 422 with each faulty line and changes nothing', async () => {
  const { status, body } = await load({ csv: `${csv}x,X,boss,nowhere,,,,,\n` });
  expect([status, body.problems.map(({ line, column }: { line: number; column: string }) => `${line} ${column}`)]).toEqual([
    422,
    ['4 roles'],
  ]);
  expect([told(['technician']), written]).toEqual([['devi'], []]);
});

test('if the ledger refuses the commit, the roster stays unchanged', async () => {
  takes = false;
  expect(await load()).toMatchObject({ status: 500 });
  expect([told(['technician']), await get()]).toMatchObject([['devi'], [{ id: 'devi' }]]);
});

test('the roster list shows duty, channels and when each channel was last proven to reach the person, also for persons in sabha.json', async () => {
  await load();
  expect(await get()).toMatchObject([
    { id: 'devi', from: 'sabha.json', now: 'here', tel: null, reached: [] },
    { id: 'asha', from: 'roster', now: 'here', reached: ['email'], proofs: { email: wednesday }, cells: { duty: 'Mon-Fri 09:00-18:00' } },
    { id: 'bina', now: 'off', reached: [], proofs: {} },
  ]);
  expect((await get('?scope=ladakh/leh')).map(({ id }: { id: string }) => id)).toEqual(['asha']);
});

test('leave applies at once and the deputy is notified, and invalid leave returns one line', async () => {
  await load();
  expect(await post('leave', { person: 'asha', days: '2027-01-13', deputy: 'devi' })).toMatchObject({ status: 204 });
  expect(told(['technician'])).toEqual(['devi']);
  expect(written.at(-1)).toMatchObject({ what: 'leave set', about: 'asha: 2027-01-13, devi stands in' });
  await post('leave', { person: 'asha', days: 'none' });
  expect(told(['technician'])).toEqual(['asha']);
  expect(await post('leave', { person: 'asha', days: 'tomorrow' })).toMatchObject({ status: 409 });
  expect(await post('leave', { person: 'asha', days: '2027-01-13', deputy: 'asha' })).toMatchObject({ status: 409 });
  expect(await post('leave', { person: 'nobody', days: '' })).toMatchObject({ status: 404 });
  expect(await post('leave', { person: 'devi', days: '' })).toMatchObject({
    status: 409,
    body: { message: 'devi is in sabha.json: change it there' },
  });
});

test('a person whom a tab names cannot be removed, because the tab would become invalid', async () => {
  await load();
  onTabs = ['bina', 'technician', 'block-7'];
  const line = 'a tab notifies "bina", and the roster would no longer have that name: remove it from that tab first';
  expect(await post('remove', { person: 'bina' })).toMatchObject({ status: 409, body: { message: line } });
  const [header = '', first = ''] = csv.split('\n');
  const without = await load({ csv: `${header}\n${first.replace('block-7', '').replace('bina', '')}\n`, replace: true });
  expect([without.status, without.body.problems.map(({ what }: { what: string }) => what.split('"')[1])]).toEqual([
    422,
    ['bina', 'block-7'],
  ]);
  onTabs = [];
  expect(await post('remove', { person: 'bina' })).toMatchObject({ status: 204 });
  expect(await post('remove', { person: 'bina' })).toMatchObject({ status: 404 });
});

test('a test stores a dated proof for each channel that delivered, and none for a failed channel', async () => {
  await load({
    csv: csv
      .replace('channels,email', 'channels,email,phone')
      .replace('email,asha@office.test', 'email|sms,asha@office.test,12345678')
      .replace(',ladakh,,,,', ',ladakh,,,,,'),
  });
  const { status, body } = await post('test', { person: 'asha' });
  const at = wednesday;
  const failed = { channel: 'sms', at, result: 'retry', reason: 'the gateway is away' };
  expect([status, body]).toEqual([200, { person: 'asha', results: [{ channel: 'email', at, result: 'delivered', reason: null }, failed] }]);
  expect(written.slice(-2)).toEqual([
    { op: 'proof', person: 'asha', channel: 'email', at },
    { op: 'audit', at, who: 'Anil', what: 'channel tested', about: 'asha: email delivered, sms retry' },
  ]);
  expect((await get('?scope=ladakh/leh'))[0].proofs).toEqual({ email: wednesday, sms: null });
  expect(await post('test', { person: 'bina' })).toMatchObject({ status: 409, body: { message: 'no channel reaches bina' } });
  expect(await post('test', { person: 'asha', channel: 'pigeon' })).toMatchObject({ status: 409 });
  expect(await post('test', { person: 'nobody' })).toMatchObject({ status: 404 });
  await post('remove', { person: 'asha' });
  await load();
  expect((await get('?scope=ladakh/leh'))[0].proofs).toEqual({ email: null });
});

test('a check lists the hours in which no reachable person is on duty, and the persons without a channel', async () => {
  await load();
  const found = await get('/check?scope=ladakh/leh&days=1');
  expect(found).toMatchObject({ from: wednesday, to: hoursLater(24), untold: [], unreached: [] });
  // From 18:00 to 09:00 in India the person `central` is on duty, and this test gives that person no channel.
  const span = { from: hoursLater(7), to: hoursLater(22), by: 'central', persons: ['devi'], reached: false };
  expect(found.gaps).toEqual([{ scope: 'ladakh/leh/vc-1', ...span }]);
  expect(found.places[0].spans).toHaveLength(3);
  expect(await get('/check')).toMatchObject({ to: hoursLater(14 * 24), unreached: ['devi', 'bina'], unproven: [] });
  await load({ csv: csv.replace('email,asha@office.test', 'console,asha@office.test') });
  expect((await get('/check')).unproven).toEqual([{ person: 'asha', channel: 'console', at: null }]);
  expect(await get('/check?days=99')).toMatchObject({ statusCode: 400 });
  tabsRun = false;
  expect(await get('/check')).toMatchObject({ statusCode: 409 });
});

test('a current shift is taken over until its end with one notification, and a later import keeps the change', async () => {
  await load();
  const until = hoursLater(6.5);
  expect(await post('take', { person: 'bina', from: 'asha' })).toMatchObject({ status: 200, body: { person: 'asha', by: 'bina', until } });
  // bina has no duty at this hour.
  expect([told(['technician']), (await get())[1].now]).toEqual([['bina'], 'relieved']);
  expect(written.filter(({ op }) => op === 'outbox')).toMatchObject([
    { row: { channel: 'email', person: 'asha', notice: { lines: ['shift_taken', 'Bina'] } } },
  ]);
  expect(written.at(-1)).toMatchObject({ what: 'shift taken over', about: `bina for asha, until ${new Date(until).toISOString()}` });
  await load({ csv: csv.replace('Asha,', 'Asha Devi,') });
  expect(told(['technician'])).toEqual(['bina']);
  const later = (hours: number) =>
    roster.resolve(['technician'], 'ladakh/leh/vc-1', { now: hoursLater(hours) }).persons.map(({ id }) => id);
  // At 17:59 the shift runs, at 18:00 in India it ends, and the next morning asha is on duty again.
  expect([later(6.48), later(6.5), later(24)]).toEqual([['bina'], ['devi'], ['asha']]);
  const refused = async (person: string, from: string) => (await post('take', { person, from })).body.message;
  expect([
    await refused('bina', 'asha'),
    await refused('asha', 'asha'),
    await refused('asha', 'bina'),
    await refused('asha', 'devi'),
  ]).toEqual([
    'bina has this shift already',
    'a person cannot take over their own shift',
    'bina is not on duty now: there is no shift to take over',
    'devi is in sabha.json: change it there',
  ]);
  expect(written.filter(({ op }) => op === 'outbox')).toHaveLength(1);
});

test('tests are limited to 6 and takeovers to 3 per person and hour, and the refusal names the next allowed time', async () => {
  await load();
  const test = () => post('test', { person: 'asha', channel: 'email' });
  for (let n = 0; n < testsAndTakesPerHour.tests; n += 1) expect((await test()).status).toBe(200);
  const often = 'asha had 6 tests within an hour, and each is a message: the next can go at 07:00 UTC';
  expect(await test()).toMatchObject({ status: 429, body: { message: often } });
  const take = async (n: number) => post('take', { person: ['bina', 'devi'][n % 2], from: 'asha' });
  for (let n = 0; n < testsAndTakesPerHour.takes; n += 1) expect((await take(n)).status).toBe(200);
  const line = 'the shift of asha was taken over 3 times within an hour, and each time asha is notified: the next can be at 07:00 UTC';
  expect(await take(testsAndTakesPerHour.takes)).toMatchObject({ status: 429, body: { message: line } });
  expect(written.filter(({ op }) => op === 'outbox')).toHaveLength(testsAndTakesPerHour.takes);
  now = hoursLater(1);
  expect([(await test()).status, (await take(testsAndTakesPerHour.takes)).status]).toEqual([200, 200]);
});

test('the day of a person runs from midnight to midnight in their time zone, for viewers of that person only', async () => {
  await load();
  const day = await get('/day?person=asha');
  expect(day).toEqual({
    person: 'asha',
    name: 'Asha',
    timeZone: 'Asia/Kolkata',
    from: hoursLater(-11.5),
    to: hoursLater(12.5),
    shifts: [{ from: hoursLater(-2.5), to: hoursLater(6.5), for: null }],
  });
  expect((await get('/day?person=devi')).shifts).toEqual([{ from: hoursLater(-11.5), to: hoursLater(12.5), for: null }]);
  expect(await get('/day?person=nobody')).toMatchObject({ statusCode: 404 });
  viewer = { ...viewer, name: 'chand', role: 'state', scope: 'goa' };
  expect(await get('/day?person=asha')).toMatchObject({ statusCode: 404 });
});

test('a scope that does not exist is refused with 404 and one line', async () => {
  for (const scope of ['mars', 'ladakh/mars', 'group:mars'])
    for (const route of ['', '/duty', '/check'])
      expect(await get(`${route}?scope=${scope}`)).toMatchObject({ statusCode: 404, message: `there is no state, site or PC ${scope}` });
});

test('a notice with a blank text is refused with 400 and the permitted length', async () => {
  const send = async () => ({ ok: false, status: 404, line: 'the text was accepted' }) as const;
  const notices = routesOf({ announcements: { send } as never }, () => viewer);
  const message = 'text: expected 1 to 300 characters, found 0';
  expect(await notices.post('/api/announcements', { by: 'Anil', to: '', text: '  ' })).toMatchObject({ status: 400, body: { message } });
});

test('a state account sees and changes only persons of its scope, and a reader none', async () => {
  await load();
  viewer = { ...viewer, name: 'chand', role: 'state', scope: 'ladakh/leh' };
  expect((await get()).map(({ id }: { id: string }) => id)).toEqual(['asha']);
  expect(await post('leave', { person: 'asha', days: '' })).toMatchObject({ status: 204 });
  expect(await post('leave', { person: 'bina', days: '' })).toMatchObject({ status: 404 });
  expect(await load()).toMatchObject({ status: 403 });
  viewer = { ...viewer, role: 'reader' };
  expect(await get()).toMatchObject({ message: 'an account with the role "reader" may not do this' });
  expect(await get('/duty')).toMatchObject({ scope: 'ladakh/leh' });
});
