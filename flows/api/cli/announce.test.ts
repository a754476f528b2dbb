import { expect, test } from 'vitest';
import type { AnnouncementView } from '#contracts';
import { operator } from './operator.test-helper.ts';

const { state, sabha } = operator();
const at = Date.UTC(2027, 0, 13, 6);
const person = { id: 'asha', name: 'Asha', channel: 'email', state: 'delivered', reason: null, readAt: at } as const;
const view: AnnouncementView = { id: null, at, by: 'tester', to: 'ladakh', text: 'The line is changed', persons: [person] };

test('announce lists the recipients, and sends with --yes', async () => {
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

test('announced shows who received a notice and who read it, and ends with 1 where somebody did not receive it', async () => {
  const lost = { ...person, id: 'bina', name: 'Bina', state: 'unreached', reason: 'the mail box is full', readAt: null } as const;
  state().scripted['GET /api/announcements/3'] = { ...view, id: 3, persons: [person, lost] };
  const { code, out } = await sabha(['announced', '3']);
  expect([code, out.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))]).toEqual([
    1,
    [
      ' | id | 3',
      ' | at | 2027-01-13 06:00:00 UTC',
      ' | by | tester',
      ' | to | ladakh',
      ' | text | The line is changed',
      'persons:',
      'ID | NAME | CHANNEL | STATE | REASON | READ AT',
      'asha | Asha | email | delivered | - | 2027-01-13 06:00:00 UTC',
      'bina | Bina | email | unreached | the mail box is full | -',
      '',
    ],
  ]);
  state().scripted['GET /api/announcements/3'] = { ...view, id: 3 };
  expect((await sabha(['announced', '3'])).code).toBe(0);
  expect(await sabha(['announced', 'x'])).toMatchObject({ code: 2 });
  state().scripted['GET /api/announcements'] = [{ id: 3, at, by: 'tester', to: '', text: 'The line is changed', count: 2 }];
  expect((await sabha(['announced'])).out).toMatch(/ all +2 +The line is changed\n$/);
});
