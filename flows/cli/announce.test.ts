import { expect, test } from 'vitest';
import type { AnnouncementView } from '#contracts';
import { operator } from './operator.test-helper.ts';

const { state, sabha } = operator();
const at = Date.UTC(2027, 0, 13, 6);
const person = { id: 'asha', name: 'Asha', channel: 'email', state: 'delivered', reason: null, readAt: at } as const;
const view: AnnouncementView = { id: null, at, by: 'tester', to: 'ladakh', text: 'The line is changed', persons: [person] };

test('announce shows to whom it would go, and sends with --yes', async () => {
  state().scripted['POST /api/announcements'] = view;
  expect(await sabha(['announce', 'ladakh', 'The line is changed'])).toMatchObject({
    code: 0,
    out: '1 persons would be told:\n  Asha (asha)\nnothing is sent yet: --yes does it\n',
  });
  state().scripted['POST /api/announcements'] = { ...view, id: 3 };
  expect((await sabha(['announce', 'all', 'The line is changed', '--yes'])).out).toBe(
    '1 persons are told:\n  Asha (asha)\n"sabha announced 3" shows who got it and who read it\n',
  );
  expect(state().asked.at(-1)?.body).toEqual({ to: '', text: 'The line is changed', apply: true, by: 'tester' });
});

test('announced says who got it and who read it, and is a no where somebody did not get it', async () => {
  const lost = { ...person, id: 'bina', name: 'Bina', state: 'unreached', reason: 'the mail box is full', readAt: null } as const;
  state().scripted['GET /api/announcements/3'] = { ...view, id: 3, persons: [person, lost] };
  const { code, out } = await sabha(['announced', '3']);
  expect([code, out.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))]).toEqual([
    1,
    [
      'tester to ladakh: The line is changed',
      'NAME | ID | MESSAGE | CHANNEL | READ | WHY NOT',
      'Asha | asha | got it | email | 2027-01-13 06:00:00 UTC | -',
      'Bina | bina | DID NOT GET IT | email | not yet | the mail box is full',
      '2 persons: 1 got it, 1 read it, 1 did not get it',
      '',
    ],
  ]);
  state().scripted['GET /api/announcements/3'] = { ...view, id: 3 };
  expect((await sabha(['announced', '3'])).code).toBe(0);
  expect(await sabha(['announced', 'x'])).toMatchObject({ code: 2 });
  state().scripted['GET /api/announcements'] = [{ id: 3, at, by: 'tester', to: '', text: 'The line is changed', count: 2 }];
  expect((await sabha(['announced'])).out).toContain('all  2        The line is changed');
});
