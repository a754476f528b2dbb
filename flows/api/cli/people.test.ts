import type { AnnouncementView, DayView, RosterCheck, RosterPerson } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { operator } from './operator.test-helper.ts';

const { state, sabha } = operator();

const cells = { roles: 'technician', scopes: 'ladakh/leh', duty: 'Mon-Fri 09:00-18:00', leave: '', deputy: 'bina' };
const asha: RosterPerson = {
  id: 'asha',
  name: 'Asha',
  from: 'roster',
  now: 'here',
  cells,
  tel: null,
  reached: ['telegram', 'email'],
  proofs: { telegram: Date.UTC(2027, 0, 2), email: Date.UTC(2027, 0, 1) },
};

test('`sabha roster show` lists the channels in order with the date of the oldest proof, and marks a person without a channel', async () => {
  state().scripted['GET /api/roster?scope=ladakh'] = [
    asha,
    { ...asha, id: 'bina', now: 'leave', reached: ['email'], proofs: { email: null } },
    { ...asha, id: 'chand', now: 'off', reached: [], proofs: {}, from: 'sabha.json' },
  ];
  const { out } = await sabha(['roster', 'show', '--at', 'ladakh']);
  const lines = out.split('\n').slice(1, 4);
  expect(lines.map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
    'asha | Asha | technician | ladakh/leh | on duty | Mon-Fri 09:00-18:00 | - | bina | telegram > email | 2027-01-01 00:00:00 UTC | roster',
    'bina | Asha | technician | ladakh/leh | away | Mon-Fri 09:00-18:00 | - | bina | email | email: never | roster',
    'chand | Asha | technician | ladakh/leh | off duty | Mon-Fri 09:00-18:00 | - | bina | NO CHANNEL | - | sabha.json',
  ]);
});

test('`sabha notify test` reports the result of each channel, and exits with 1 if a channel failed', async () => {
  const at = Date.UTC(2027, 0, 2);
  const results = [
    { channel: 'email', at, result: 'delivered', reason: null },
    { channel: 'sms', at, result: 'retry', reason: 'the gateway is away' },
  ];
  state().scripted['POST /api/roster/test'] = { person: 'asha', results };
  expect(await sabha(['notify', 'test', 'asha'])).toMatchObject({
    code: 1,
    out: expect.stringMatching(/email .* delivered +-\nsms .* retry +the gateway is away\n$/),
  });
  state().scripted['POST /api/roster/test'] = { person: 'asha', results: results.slice(0, 1) };
  expect((await sabha(['notify', 'test', 'asha', '--channel', 'email'])).code).toBe(0);
  expect(state().asked.at(-1)?.body).toEqual({ person: 'asha', channel: 'email', by: 'tester' });
});

test('`sabha roster check` lists the persons who would be notified, and exits with 1 if a time or place has no reachable person', async () => {
  const [from, to] = [Date.UTC(2027, 0, 13), Date.UTC(2027, 0, 14)];
  const span = { from, to, by: 'duty' as const, persons: ['asha'], reached: true };
  const gap = { from, to, by: 'nobody' as const, persons: [], reached: false };
  const places = [
    { scope: 'ladakh/leh/vc-1', spans: [span] },
    { scope: 'goa/panaji/vc-1', spans: [gap] },
  ];
  const gaps = [{ scope: 'goa/panaji/vc-1', ...gap }];
  const unproven = [{ person: 'asha', channel: 'email', at: null }];
  const found: RosterCheck = { from, to, places, gaps, untold: ['goa/margao/vc-1'], unreached: ['bina'], unproven };
  state().scripted['GET /api/roster/check?days=1'] = found;
  const { code, out } = await sabha(['roster', 'check', '--days', '1']);
  expect([code, out]).toEqual([
    1,
    expect.stringMatching(/gaps \(1\):[\s\S]*\ngoa\/panaji\/vc-1 [\s\S]*places that notify nobody \(1\):[\s\S]*not proven for long \(1\):/),
  ]);
  // A gap is listed once.
  expect(out.split('goa/panaji/vc-1')).toHaveLength(2);
  state().scripted['GET /api/roster/check?scope=ladakh'] = { ...found, gaps: [], untold: [], unreached: [] };
  expect((await sabha(['roster', 'check', '--at', 'ladakh'])).code).toBe(0);
});

test('`sabha roster show PERSON` also shows the shifts of that person today', async () => {
  state().scripted['GET /api/roster'] = [asha, { ...asha, id: 'bina' }];
  const [from, to] = [Date.UTC(2027, 0, 12, 18, 30), Date.UTC(2027, 0, 13, 18, 30)];
  const shifts = [
    { from: Date.UTC(2027, 0, 13, 3, 30), to: Date.UTC(2027, 0, 13, 12, 30), for: null },
    { from: Date.UTC(2027, 0, 13, 14, 30), to, for: 'Bina' },
  ];
  const day: DayView = { person: 'asha', name: 'Asha', timeZone: 'Asia/Kolkata', from, to, shifts };
  state().scripted['GET /api/roster/day?person=asha'] = day;
  const lines = (await sabha(['roster', 'show', 'asha'])).out.split('\n');
  expect(lines).toHaveLength(7);
  expect(lines.slice(3)).toEqual(['today (Asia/Kolkata):', '09:00 - 18:00', '20:00 - 24:00 for Bina', '']);
  state().scripted['GET /api/roster/day?person=asha'] = { ...day, shifts: [] };
  expect((await sabha(['roster', 'show', 'asha'])).out).toContain('\nno duty\n');
});

test('`sabha people export` writes all data of a person; `people forget` first counts, and with --yes names the expiry of backups', async () => {
  const found = { name: 'asha', words: ['asha'], rows: [{ table: 'outbox', row: { key: '1/email/asha' } }] };
  state().scripted['POST /api/people/export'] = found;
  expect(JSON.parse((await sabha(['people', 'export', 'asha', '--also', '98765 43210', '--also', 'asha.k'])).out)).toEqual(found);
  expect(state().asked.at(-1)?.body).toEqual({ name: 'asha', also: ['98765 43210', 'asha.k'], by: 'tester' });
  expect((await sabha(['people', 'export', 'asha', 'asha.json'])).out).toContain(
    'asha.json is written: 1 rows; some rows name other people too',
  );
  state().scripted['POST /api/people/forget'] = { audit: 3, elsewhere: 9, applied: false, backupsUntil: null };
  expect((await sabha(['people', 'forget', 'asha'])).out).toMatch(
    /audit +3\n {2}elsewhere +9\n[\s\S]*nothing is changed or sent yet: --yes does it\n$/,
  );
  state().scripted['POST /api/people/forget'] = { audit: 3, elsewhere: 9, applied: true, backupsUntil: 0 };
  expect((await sabha(['people', 'forget', 'asha', '--yes'])).out).toMatch(/backups until +1970-01-01 00:00:00 UTC\n/);
  expect(state().asked.at(-1)?.body).toEqual({ name: 'asha', apply: true, by: 'tester' });
});

const at = Date.UTC(2027, 0, 13, 6);
const person = { id: 'asha', name: 'Asha', channel: 'email', state: 'delivered', reason: null, readAt: at } as const;
const view: AnnouncementView = { id: null, at, by: 'tester', to: 'ladakh', text: 'The line is changed', persons: [person] };

test('`sabha announce` lists the recipients, and sends with --yes', async () => {
  state().scripted['POST /api/announcements'] = view;
  expect(await sabha(['announce', 'ladakh', 'The line is changed'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/\nasha +Asha +email .*\nnothing is changed or sent yet: --yes does it\n$/),
  });
  state().scripted['POST /api/announcements'] = { ...view, id: 3 };
  expect((await sabha(['announce', 'all', 'The line is changed', '--yes'])).out).toMatch(
    /^ {2}id +3\n[\s\S]*\nsabha announced ID shows who received it and who read it\n$/,
  );
  expect(state().asked.at(-1)?.body).toEqual({ to: '', text: 'The line is changed', apply: true, by: 'tester' });
});

test('`sabha announced` shows who received and who read an announcement, and exits with 1 if a recipient did not receive it', async () => {
  const lost = { ...person, id: 'bina', name: 'Bina', state: 'unreached', reason: 'the mail box is full', readAt: null } as const;
  state().scripted['GET /api/announcements/3'] = { ...view, id: 3, persons: [person, lost] };
  const { code, out } = await sabha(['announced', '3']);
  expect([code, out]).toEqual([1, expect.stringMatching(/bina +Bina +email +unreached +the mail box is full +-\n$/)]);
  state().scripted['GET /api/announcements/3'] = { ...view, id: 3 };
  expect((await sabha(['announced', '3'])).code).toBe(0);
  expect(await sabha(['announced', 'x'])).toMatchObject({ code: 2 });
  state().scripted['GET /api/announcements'] = [{ id: 3, at, by: 'tester', to: '', text: 'The line is changed', count: 2 }];
  expect((await sabha(['announced'])).out).toMatch(/ all +2 +The line is changed\n$/);
});
