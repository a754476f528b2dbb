import { expect, test } from 'vitest';
import { type Random, randomFrom } from '../../../test/random.ts';
import type { Member } from '../../engine/records/sites.ts';
import { smallTree } from '../../sites/sites.test-helper.ts';
import { createSiteTable } from '../../sites/table.ts';
import { attendanceAt } from './book.ts';
import { planRoster, rosterCsv } from './import.ts';
import { member, planOf } from './roster.test-helper.ts';

const header = 'id,name,roles,scopes,groups,language,channels,phone,email,duty,leave,deputy';
const asha =
  'asha,Asha Devi,technician,ladakh/leh,block-7,hi,email|sms,+91 98765 43210,asha@office.test,Mon-Fri 09:30-18:00; Sat 20:00-06:00,,bina';
const bina = 'bina,Bina,technician|state,ladakh,,en,email,,bina@office.test,,2027-01-10..2027-01-20; 2027-03-01,asha';
const file = (...lines: string[]) => [header, ...lines, ''].join('\n');

function wrong(csv: string, changes: Parameters<typeof planOf>[1] = {}): string[] {
  const planned = planRoster(planOf(csv, changes));
  expect(planned.change).toBeNull();
  return planned.import.problems.map(({ line, column, what }) => `${line} ${column}: ${what}`);
}

test('a roster file is imported, and its export reads back as the same persons', () => {
  const { import: said, change } = planRoster(planOf(file(asha, bina)));
  expect(said).toMatchObject({ problems: [], difference: { added: ['asha', 'bina'], changed: [], same: 0, missing: [] } });
  expect(change?.put[0]).toMatchObject({
    role: 'technician',
    channels: ['email', 'sms'],
    addresses: { phone: '+919876543210', sms: '+919876543210' },
    duty: [
      { days: [1, 2, 3, 4, 5], from: 570, to: 1080 },
      { days: [6], from: 1200, to: 1800 },
    ],
    zone: 'Asia/Kolkata',
  });
  const held = new Map(change?.put.map((one) => [one.id, one]));
  const again = planRoster(planOf(rosterCsv([...held.values()]), { held }));
  expect(again).toMatchObject({ import: { problems: [], difference: { same: 2 } }, change: null });
});

test('the import refuses a Telegram @name, because a bot cannot write to a name', () => {
  const row = (telegram: string) => `${header},telegram\n${asha},"${telegram}"\n${bina},\n`;
  expect(wrong(row('@asha_devi'))).toEqual([expect.stringMatching(/^2 telegram: .*a @name cannot be written to/)]);
  expect(planRoster(planOf(row("'-1004711"))).import.problems).toEqual([]);
});

test('the import accepts a group of sites as a scope if the group contains a site', () => {
  const tree = smallTree().map((one) =>
    one.path === 'ladakh/leh' && one.site ? { ...one, site: { ...one.site, groups: ['magadh'] } } : one,
  );
  const table = createSiteTable(tree);
  const inGroup = asha.replace('ladakh/leh', 'group:magadh|ladakh/kargil');
  const { import: said, change } = planRoster(planOf(file(inGroup, bina), { table }));
  expect([said.problems, change?.put[0]?.scopes, change?.put[0]?.zone]).toEqual([[], ['group:magadh', 'ladakh/kargil'], 'Asia/Kolkata']);
  expect(rosterCsv(change?.put ?? [])).toContain('group:magadh|ladakh/kargil');
  expect(wrong(file(inGroup, bina))).toEqual(['2 scopes: no site is in the group magadh']);
  expect(wrong(file(inGroup.replace('magadh', 'Magadh'), bina), { table })).toHaveLength(1);
});

test('the import lists each changed cell, and removes a person who is not in the file only with `replace`', () => {
  const held = new Map([member('asha'), member('gone')].map((one) => [one.id, one]));
  const left = planRoster(planOf(file(asha, bina), { held }));
  expect(left.import.difference).toMatchObject({ added: ['bina'], missing: ['gone'], removed: [] });
  expect(left.import.difference.changed).toContainEqual({ person: 'asha', column: 'name', from: 'asha', to: 'Asha Devi' });
  const replaced = planRoster(planOf(file(asha, bina), { held, replace: true }));
  expect([replaced.import.difference.removed, replaced.change?.gone]).toEqual([['gone'], ['gone']]);
});

test('the import reports every faulty line with its number, and imports nothing', () => {
  const lines = [
    asha,
    'Bad Id,=cmd|calc,boss,nowhere/x,,xx,pigeon,12,no-mail,Mon 25:00-26:00,2027-02-30,asha',
    'asha,Asha again,technician,ladakh/leh,,,,,,,,',
    'chand,,technician,,,,,,,,,',
    'dev,Dev,technician,ladakh/leh,,,email,,,,,dev',
    'ekta,Ekta,central,ladakh,asha,,pigeon,,,,,nobody',
    'central-desk,Desk,technician,ladakh/leh,technician,,,,,,,',
    'watchdog,Dog,technician,ladakh/leh,central-desk,,,,,,,',
    'short,row',
  ];
  const cells = wrong(file(...lines)).map((line) => line.split(':')[0]);
  const first = '2 id, 2 deputy, 3 id, 3 name, 3 roles, 3 language, 3 phone, 3 email, 3 duty, 3 leave, 4 id, 4 id, 5 name, 5 scopes, ';
  const rest = '6 channels, 6 deputy, 7 scopes, 7 channels, 7 groups, 7 deputy, 8 id, 8 id, 8 groups, 9 id, 9 groups, 10 ';
  expect(cells.join(', ')).toBe(first + rest);
});

test('the import describes each problem of a roster file in one line', () => {
  const one = (cells: string) => wrong(file(cells))[0];
  expect(one('dev,Dev,technician,bihar,,,,,,,,')).toBe('2 scopes: there is no state, site or PC bihar');
  expect(one('dev,Dev,technician,ladakh/leh,,,pigeon,,,,,')).toBe(
    '2 channels: there is no channel "pigeon" here; there are console, email, sms',
  );
  expect(one('dev,Dev,technician,ladakh/leh,,,sms,,,,,')).toBe('2 channels: "sms" has no address of this person');
  expect(one('dev,Dev,technician,ladakh/leh,,,,,,,,ravi')).toBe('2 deputy: there is no person "ravi" in this file or the roster');
});

test('the import notes days off without a deputy and a person who is also in sabha.json, and imports the file', () => {
  const line = (id: string, rest: string) => `${id},${id},technician,ladakh,,,,,${id}@office.test,,${rest}`;
  const off = line('d', '2027-01-10..2027-01-12,');
  const { import: said, change } = planRoster(planOf(file(off), { fixed: new Map([['d', member('d')]]) }));
  expect(change?.put).toHaveLength(1);
  expect(said.notes.map(({ line, what }) => `${line} ${what}`)).toEqual([
    '2 d is in sabha.json too: the roster counts',
    '2 d has days off and no deputy: other people on duty are notified, or the state',
  ]);
});

test('the import notes a phone number that two persons share once, however it is written', () => {
  const row = (id: string, phone: string) => `${id},${id},technician,ladakh/leh,,,,${phone},,,,`;
  const lines = [row('a', '+91 98765 43210'), row('b', '9876543210'), row('c', '+92 98765 43210'), row('d', '+91 98765 43211')];
  const { import: said, change } = planRoster(planOf(file(...lines)));
  expect(change?.put).toHaveLength(4);
  const what = 'a, b have the same number: the caller is unknown, so a missed call acknowledges nothing';
  expect(said.notes).toEqual([{ line: 3, column: 'phone', what }]);
  const held = new Map([['ravi', member('ravi', { addresses: { voice: '+919876543211' } })]]);
  const second = planRoster(planOf(file(row('d', '+91 98765 43211')), { held }));
  expect(second.import.notes).toMatchObject([{ line: 2, what: expect.stringMatching(/^(ravi, d|d, ravi) have the same number/) }]);
});

test('the import notes a person without any address', () => {
  const { import: said, change } = planRoster(planOf(file('dev,Dev,technician,ladakh/leh,,,,,,,,', asha.replace('bina', ''))));
  expect(change?.put).toHaveLength(2);
  expect(said.notes).toEqual([
    {
      line: 2,
      column: 'channels',
      what: 'dev has no address: alerts are in the log of the server, and the deputy or central is notified',
    },
  ]);
});

test('the import accepts only time zones that Node knows', () => {
  const zoned = (zone: string) => `${header},time_zone\ndev,Dev,technician,ladakh/leh,,,,,,,,,${zone}\n`;
  for (const zone of ['IST', 'SystemV/EST5'])
    expect(wrong(zoned(zone))).toEqual([`2 time_zone: expected a time zone such as Asia/Kolkata, found "${zone}"`]);
  for (const zone of ['Asia/Kolkata', 'UTC', '+05:30']) {
    const [dev] = planRoster(planOf(zoned(zone))).change?.put ?? [];
    expect(dev && attendanceAt(0)(dev), zone).toBe('here');
  }
});

const injections = ['=HYPERLINK("x")', "'; DROP TABLE roster;--", '<script>', '@SUM(1)'];
const hostile = [...injections, '\u202egnp', 'a\u0000b', 'x'.repeat(400), '"', '|||', '\r\n', 'आशा', '+91'];

/** Returns a roster file of these persons with some hostile characters in it. */
function spoilt(random: Random, people: readonly Member[]): string {
  const text = [...rosterCsv(people)];
  for (let times = random.below(4); times > 0; times--) text.splice(random.below(text.length), random.below(3), random.pick(hostile));
  return text.join('');
}

test('a file with hostile content is imported as a whole or its problems are reported, without an exception', () => {
  const people = [member('asha', { email: 'asha@office.test', channels: ['email'] }), member('bina', { deputy: 'asha' })];
  let taken = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const { import: said, change } = planRoster(planOf(spoilt(randomFrom(seed), people)));
    expect(change === null || said.problems.length === 0, `seed ${seed}`).toBe(true);
    for (const { line, what } of said.problems)
      expect(line >= 1 && what.length > 5 && !/[\r\n\u202e\0]/.test(what), `seed ${seed}: ${what}`).toBe(true);
    for (const one of change?.put ?? []) expect(one.name, `seed ${seed}`).not.toMatch(/^[=+\-@]|[\p{Cc}\u202e]/u);
    if (said.problems.length === 0) taken += 1;
  }
  expect(taken).toBeGreaterThan(20);
});
