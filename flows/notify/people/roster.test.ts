import { type Person, realClock } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { type ChannelSettings, openChannels } from './channels/channels.ts';
import { createOffers } from './channels/offered.ts';
import { channelsOf, createRoster, namesOf, namesOfPerson, personNamed, routeTo, wrongScope } from './roster.ts';

const person = (id: string, role: Person['role'], scope: string, email?: string): Person => ({
  id,
  name: id,
  role,
  scope,
  language: 'en',
  webhook: false,
  addresses: {},
  ...(email === undefined ? {} : { email }),
});
const open = (settings: ChannelSettings) => openChannels({ settings, offers: createOffers(), log: () => {}, clock: realClock() });
const asha = person('asha', 'technician', 'ladakh/leh', 'asha@office.test');
const bina = person('bina', 'technician', 'ladakh/leh-2');
const chand = person('chand', 'state', 'ladakh');
const devi = person('devi', 'central', '');
const scope = 'ladakh/leh/pc-1';
const now = Date.UTC(2027, 0, 13, 6);

function ids(people: Person[], to: string[], of = scope): string[] {
  return createRoster(people)
    .resolve(to, of, { now })
    .persons.map(({ id }) => id);
}

test('the roster resolves a role to the persons whose scope equals or contains the scope of the incident', () => {
  expect(ids([asha, bina, chand, devi], ['technician'])).toEqual(['asha']);
  expect(ids([asha, bina, chand, devi], ['technician', 'state', 'central'])).toEqual(['asha', 'chand', 'devi']);
  expect(ids([person('room', 'technician', scope), asha], ['technician'])).toEqual(['room', 'asha']);
  expect(ids([asha, devi], ['technician', 'central'], 'ladakh')).toEqual(['devi']);
});

test('an id, a name or an e-mail address resolves to the name in the roster', () => {
  const roster = createRoster([{ ...asha, name: 'Asha Devi', email: 'A.Devi@office.test' }, bina]);
  expect(['asha', ' asha devi', 'a.devi@office.test', 'Asha Devi'].map((said) => namesOfPerson(roster, said))).toEqual([
    ['Asha Devi', 'asha'],
    ['Asha Devi', 'asha', ' asha devi'],
    ['Asha Devi', 'asha', 'a.devi@office.test'],
    ['Asha Devi', 'asha'],
  ]);
  expect(namesOfPerson(roster, 'admin')).toEqual(['admin']);
  expect([' ASHA DEVI', 'Bina', 'Ash', ''].map((said) => personNamed(roster, said))).toEqual(['asha', 'bina', undefined, undefined]);
});

test('an ambiguous name or address matches no person; an account of a shared name is stored by its id', () => {
  const mail = 'desk@office.test';
  const roster = createRoster([
    { ...asha, name: 'Asha Devi', email: mail },
    { ...bina, name: 'ASHA DEVI', email: mail },
  ]);
  expect(['asha', 'Asha Devi', mail].map((said) => namesOfPerson(roster, said))).toEqual([['asha'], ['Asha Devi'], [mail]]);
  expect([personNamed(roster, 'Asha Devi'), personNamed(roster, mail), personNamed(roster, 'bina')]).toEqual([
    undefined,
    undefined,
    'bina',
  ]);
});

test('a group resolves to its members who are responsible for the place, and is offered once beside roles and persons', () => {
  const vendors = [asha, bina, chand].map((one) => ({ ...one, groups: ['vendors'] }));
  expect(ids([...vendors, devi], ['vendors'])).toEqual(['asha', 'chand']);
  expect(ids([...vendors, devi], ['vendors'], 'goa/panaji')).toEqual(['devi']);
  const roster = createRoster([...vendors, devi]);
  expect(roster.people()).toMatchObject({ roles: ['technician', 'state', 'central'], groups: ['vendors'] });
  expect(namesOf(roster)).toEqual(['technician', 'state', 'central', 'vendors', 'asha', 'bina', 'chand', 'devi', 'central-desk']);
});

test('the roster returns unknown recipients separately, and resolves the known ones', () => {
  expect(createRoster([asha, devi]).resolve(['technicians', 'asha'], scope, { now })).toMatchObject({
    persons: [asha],
    unknown: ['technicians'],
  });
});

test('the roster returns central if no recipient matches, and without central the central desk on the console', () => {
  expect(ids([bina, devi, person('east', 'central', 'assam')], ['technician'])).toEqual(['devi', 'east']);
  const { persons, unknown } = createRoster([bina]).resolve(['nobody-like-this'], scope, { now });
  expect(persons).toMatchObject([{ id: 'central-desk', language: 'en' }]);
  expect(persons[0]?.email).toBeUndefined();
  expect(unknown).toEqual(['nobody-like-this']);
  expect(createRoster([]).central(now)).toMatchObject([{ id: 'central-desk' }]);
});

test('a person notified of the start is notified of the end off duty too, and new recipients only on duty', () => {
  const roster = createRoster([devi]);
  const duty = [{ days: [7], from: 0, to: 60 }];
  const away = {
    roles: ['technician' as const],
    scopes: ['ladakh/leh'],
    groups: [],
    channels: [],
    zone: 'Asia/Kolkata',
    leave: [],
    deputy: null,
  };
  roster.use([
    { ...asha, ...away, duty },
    { ...bina, ...away, scopes: ['ladakh/leh'], duty },
  ]);
  const told = (to: string[], knew: string[]) => roster.resolve(to, scope, { now, knew }).persons.map(({ id }) => id);
  expect(told(['asha'], ['asha'])).toEqual(['asha']);
  expect(told(['asha'], [])).toEqual(['devi']);
  expect(told(['asha', 'technician'], ['asha'])).toEqual(['asha', 'devi']);
  expect(told(['gone'], ['gone'])).toEqual(['devi']);
});

test('if no central person is on duty, all of central are notified; the roster overrides the settings for a person in both', () => {
  const roster = createRoster([devi, asha]);
  expect(roster.central(now).map(({ id }) => id)).toEqual(['devi']);
  const own = { roles: ['central' as const], scopes: [''], groups: [], channels: [], zone: 'Asia/Kolkata', leave: [], deputy: null };
  const sunday = [{ days: [7], from: 0, to: 60 }];
  roster.use([{ ...devi, ...own, name: 'Devi of the roster', duty: sunday }]);
  expect([roster.central(now).map(({ name }) => name), roster.book().members.length]).toEqual([['Devi of the roster'], 2]);
  expect(roster.person('asha').name).toBe('asha');
});

const mail = { host: '127.0.0.1', port: 25, from: 'sabha@office.test', secure: false };

test('the requested channel is used if it reaches the person, otherwise the console', () => {
  const lines = open({ email: mail });
  expect(routeTo(asha, 'email', lines)).toEqual({ channel: 'email' });
  expect(routeTo(bina, 'email', lines)).toEqual({ channel: 'console' });
  expect(routeTo(asha, 'pigeon', lines)).toEqual({ channel: 'console' });
  expect(routeTo(asha, 'email', open({}))).toEqual({ channel: 'console' });
  expect(channelsOf(asha, lines)).toEqual(['console', 'email']);
  expect(channelsOf(bina, lines)).toEqual(['console']);
});

test('wrongScope reports in one line a person whose scope contains no PC', () => {
  const pcs = [scope, 'ladakh/leh-2/pc-1'];
  expect(wrongScope([asha, bina, chand, devi, person('room', 'technician', scope)], pcs)).toBeUndefined();
  expect(wrongScope([devi, person('typo', 'state', 'ladak')], pcs)).toBe(
    'people: the scope "ladak" of typo is not a state, site or PC of this network',
  );
});
