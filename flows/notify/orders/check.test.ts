import { expect, test } from 'vitest';
import { createBook } from '../roster/book.ts';
import { channelsNamed, day, hoursLater, member, night, wednesday } from '../roster/roster.test-helper.ts';
import { checkRoster, proofValidMs, unprovenChannels } from './check.ts';

/** Midnight in India at the start of Wednesday, 13 January 2027. */
const midnight = Date.UTC(2027, 0, 12, 18, 30);
const place = { scope: 'ladakh/leh/vc-1', tells: [{ to: ['technician'], afterMs: 20_000 }] };

function checked(members: Parameters<typeof createBook>[0], places = [place], hours = 24) {
  return checkRoster({ book: createBook(members), channels: channelsNamed('email'), places, from: midnight, hours });
}
const at = (hour: number) => hoursLater(hour, midnight);
const email = 'somebody@office.test';

test('the roster check joins hours with the same recipients into one span', async () => {
  const { places, gaps } = await checked([member('asha', { duty: day, email }), member('bina', { duty: night, email })]);
  expect(places[0]?.spans).toEqual([
    { from: at(0), to: at(9), by: 'duty', persons: ['bina'], reached: true },
    { from: at(9), to: at(18), by: 'duty', persons: ['asha'], reached: true },
    { from: at(18), to: at(24), by: 'duty', persons: ['bina'], reached: true },
  ]);
  expect(gaps).toEqual([]);
});

test('the roster check reports hours without anyone on duty, or with only unreachable persons, as gaps', async () => {
  const state = member('chand', { roles: ['state'], scopes: ['ladakh'], duty: [{ days: [3], from: 18 * 60, to: 20 * 60 }] });
  const { gaps } = await checked([member('asha', { duty: day, email }), state]);
  expect(gaps).toEqual([
    { scope: place.scope, from: at(0), to: at(9), by: 'nobody', persons: [], reached: false },
    { scope: place.scope, from: at(18), to: at(20), by: 'state', persons: ['chand'], reached: false },
    { scope: place.scope, from: at(20), to: at(24), by: 'nobody', persons: [], reached: false },
  ]);
});

test('the roster check counts only the first recipients, and lists a place for which the tabs notify no one', async () => {
  const tells = [
    { to: ['central'], afterMs: 3_600_000 },
    { to: ['technician'], afterMs: 0 },
    { to: ['asha'], afterMs: 0 },
  ];
  const { places, untold } = await checked(
    [member('asha', { email }), member('devi', { roles: ['central'], scopes: [''] })],
    [
      { scope: 'ladakh/leh/vc-1', tells },
      { scope: 'goa/panaji/vc-1', tells: [] },
    ],
  );
  expect(places.map(({ scope, spans }) => [scope, spans.map(({ persons }) => persons)])).toEqual([['ladakh/leh/vc-1', [['asha']]]]);
  expect(untold).toEqual(['goa/panaji/vc-1']);
});

test('the roster check reports hours in which the channel of the person on duty carries no alert as gaps', async () => {
  const asha = member('asha', { channels: ['voice'], addresses: { voice: '1' } });
  const carries = (_: unknown, time: number) => time < at(7) || time >= at(21);
  const channels = channelsNamed('voice');
  Object.assign(channels.get('voice') ?? {}, { carries });
  const { gaps, places } = await checkRoster({
    book: createBook([asha]),
    channels,
    places: [place],
    from: midnight,
    hours: 24,
  });
  expect(gaps).toEqual([{ scope: place.scope, from: at(7), to: at(21), by: 'duty', persons: ['asha'], reached: false }]);
  expect(places[0]?.spans.map(({ to, reached }) => [to, reached])).toEqual([
    [at(7), true],
    [at(21), false],
    [at(24), true],
  ]);
});

test('the roster check lists persons without a channel, and for others the channel with the oldest proof if it is too old', () => {
  const both = { email, addresses: { sms: '12345678' }, channels: ['email', 'sms'] };
  const members = [member('asha', both), member('bina', { email }), member('chand'), member('devi', { email }), member('esha', both)];
  const proofs = new Map([
    ['asha/email', wednesday],
    ['asha/sms', wednesday - proofValidMs - 1],
    ['bina/email', wednesday - proofValidMs],
    ['esha/sms', wednesday],
  ]);
  expect(unprovenChannels(members, { channels: channelsNamed('email', 'sms'), proofs, now: wednesday })).toEqual({
    unreached: ['chand'],
    unproven: [
      { person: 'asha', channel: 'sms', at: wednesday - proofValidMs - 1 },
      { person: 'devi', channel: 'email', at: null },
      { person: 'esha', channel: 'email', at: null },
    ],
  });
});
