import { expect, test } from 'vitest';
import { operator } from './operator.test-helper.ts';

const { state, file, sabha } = operator();

test('meetings import names every faulty line, what is left out and what changes', async () => {
  const name = file('meetings.csv', 'title');
  const none = { added: [], changed: [], removed: [], same: 0 };
  const problem = { line: 3, column: 'rooms', what: 'there is no site or room bihar/gaya' };
  state().scripted['POST /api/meetings/import'] = { problems: [problem], notes: [], difference: none, applied: false };
  expect(await sabha(['meetings', 'import', name])).toMatchObject({
    code: 1,
    out: 'meetings.csv:3 rooms: there is no site or room bihar/gaya\nnothing is changed: 1 problem\n',
  });
  const difference = { added: [{ id: 'a', title: 'Review' }], changed: [], removed: [{ id: 'b', title: 'Old' }], same: 4 };
  const notes = [{ line: 0, column: '', what: '"Past" is over: left out' }];
  state().scripted['POST /api/meetings/import'] = { problems: [], notes, difference, applied: true };
  expect(await sabha(['meetings', 'import', name, '--rooms', 'ladakh', '--replace', '--yes'])).toMatchObject({
    code: 0,
    out: '+ a Review\n- b Old\n1 added, 0 changed, 1 removed, 4 the same\nmeetings.csv "Past" is over: left out\ndone\n',
  });
  expect(state().asked.at(-1)?.body).toEqual({ text: 'title', rooms: 'ladakh', replace: true, apply: true, by: 'tester' });
  const next = { from: Date.UTC(2027, 0, 15, 5, 30), to: Date.UTC(2027, 0, 15, 6, 30) };
  state().scripted['GET /api/meetings?scope=ladakh'] = [
    { id: 'a', title: 'Review', scopes: [''], start: '2027-01-15T11:00:00', zone: null, minutes: 60, repeats: true, next },
  ];
  const shown = await sabha(['meetings', 'list', '--at', 'ladakh']);
  expect(shown.out).toBe(
    'ID  TITLE   SCOPES  NEXT                           MINUTES  REPEATS\na   Review  all     2027-01-15 11:00 Asia/Kolkata  60       yes\n',
  );
});

test('meetings list names the time zone of each next date', async () => {
  const meeting = { title: 'Review', scopes: [''], start: '', minutes: 45, repeats: false };
  const next = { from: Date.UTC(2027, 2, 3, 4, 15), to: Date.UTC(2027, 2, 3, 5, 0) };
  const zoned = [null, 'UTC', 'America/New_York'].map((zone, nth) => ({ ...meeting, id: `m-${nth}`, zone, next }));
  state().scripted['GET /api/meetings'] = [...zoned, { ...meeting, id: 'm-3', zone: 'UTC', next: null }];
  const { out } = await sabha(['meetings', 'list']);
  expect(out.split('\n').map((line) => line.slice(20, 56).trim())).toEqual([
    'NEXT',
    '2027-03-03 09:45 Asia/Kolkata',
    '2027-03-03 04:15 UTC',
    '2027-03-02 23:15 America/New_York',
    '-',
    '',
  ]);
});
