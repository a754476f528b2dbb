import { expect, test } from 'vitest';
import { toCsv } from '../../sites/csv.ts';
import { operator } from './operator.test-helper.ts';

const { state, file, sabha } = operator();

test.each([
  ['sites', 'import'],
  ['config', 'stage'],
  ['meetings', 'import'],
  ['roster', 'import'],
])('%s %s changes nothing without --yes, or with --dry-run, and names --yes', async (...verb) => {
  const name = file('sites.csv', toCsv(state().table).replace('live,3524', 'live,3511'));
  const applied: boolean[] = [];
  const difference = { added: [], changed: [], removed: [], missing: [], same: 0 };
  for (const of of ['meetings', 'roster'])
    state().scripted[`POST /api/${of}/import`] = () => {
      applied.push(JSON.stringify(state().asked.at(-1)?.body).includes('"apply":true'));
      return { problems: [], notes: [], difference, applied: applied.at(-1) };
    };
  const isChanged = () => applied.at(-1) ?? state().table.resolve('ladakh/leh').profile.elevationM === 3_511;
  for (const options of [[], ['--dry-run'], ['--yes', '--dry-run']]) {
    const { code, out } = await sabha([...verb, name, ...options]);
    expect([options, code, out.split('\n').at(-2), isChanged()]).toEqual([options, 0, 'nothing is changed yet: --yes does it', false]);
  }
  const { code, out } = await sabha([...verb, name, '--yes']);
  expect([code, out.split('\n').at(-2), isChanged()]).toEqual([0, 'done', true]);
});

test('`sabha meetings import` lists each faulty line, each event left out, and each change', async () => {
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
    [
      'ID  TITLE   SCOPES  START                NEXT                           MINUTES  REPEATS',
      'a   Review  all     2027-01-15T11:00:00  2027-01-15 11:00 Asia/Kolkata  60       yes\n',
    ].join('\n'),
  );
});

test('`sabha sites stage` exits with 1 and the open points if a site is not ready to go live, and --force overrides the check', async () => {
  const about = [
    { pc: 'ladakh/kargil/vc-1', component: 'camera', fault: 'camera.missing' },
    { pc: 'ladakh/kargil/vc-2', component: 'clock', fault: null },
    { pc: 'ladakh/kargil/vc-2', component: null, fault: null },
  ];
  const checklist = [
    { item: 'installed', done: true, about: [] },
    { item: 'no-fault', done: false, about },
  ];
  state().scripted = { 'GET /api/sites/ladakh/kargil': { checklist, pcs: [{}] } };
  expect(await sabha(['sites', 'stage', 'ladakh/kargil', 'live'])).toMatchObject({
    code: 1,
    out: '',
    // Each open point has its own line, because a single line would be cut at 240 characters.
    err: [
      'ladakh/kargil is not ready to go live. Open points:',
      '- No fault is open',
      '    ladakh/kargil/vc-1 Camera not found',
      '    ladakh/kargil/vc-2 Clock',
      '    ladakh/kargil/vc-2',
      'With --force it goes live anyway.\n',
    ].join('\n'),
  });
  expect(await sabha(['sites', 'stage', 'ladakh/kargil', 'live', '--force'])).toMatchObject({ code: 0, out: 'ladakh/kargil is live\n' });
});
