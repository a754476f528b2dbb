import { expect, test } from 'vitest';
import { operator } from './operator.test-helper.ts';

const { state, sabha } = operator();

test('maintenance is planned, and listed by the clock of its place', async () => {
  const next = { from: Date.UTC(2027, 0, 15, 16, 30), to: Date.UTC(2027, 0, 15, 20, 30) };
  const one = {
    id: 'm-1',
    scope: 'ladakh/leh',
    title: 'New UPS',
    start: '2027-01-15T22:00:00',
    zone: null,
    minutes: 240,
    rule: null,
  };
  state().scripted['POST /api/maintenance'] = { ...one, by: 'Anil', at: 1, next };
  const words = ['maintenance', 'add', 'ladakh/leh', '--from', '2027-01-15T22:00', '--minutes', '240', '--for', 'New UPS'];
  const added = await sabha(words);
  expect(added).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^ {2}id +m-1\n[\s\S]* {2}minutes +240\n[\s\S]* {2}next +2027-01-15 22:00 Asia\/Kolkata\n$/),
  });
  const body = { by: 'tester', scope: 'ladakh/leh', title: 'New UPS', from: '2027-01-15T22:00', minutes: 240 };
  expect(state().asked.at(-1)?.body).toEqual(body);
  state().scripted['GET /api/maintenance?scope=ladakh'] = [{ ...one, by: 'Anil', at: 1, next: null, rule: 'FREQ=WEEKLY' }];
  expect((await sabha(['maintenance', 'list', '--at', 'ladakh'])).out).toMatch(
    /m-1 +ladakh\/leh +- +2027-01-15T22:00:00 +240 +FREQ=WEEKLY +Anil +New UPS\n$/,
  );
});
