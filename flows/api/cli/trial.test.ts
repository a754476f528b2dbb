import type { TabsTrial } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { operator } from './operator.test-helper.ts';

const { state, file, sabha } = operator();

const found: TabsTrial = {
  from: Date.UTC(2026, 10, 1),
  to: Date.UTC(2026, 11, 1),
  steps: 40,
  log: { sent: 12, reproduced: 12 },
  before: 12,
  after: 13,
  more: 2,
  fewer: 1,
  people: [{ person: 'asha', more: 2, fewer: 1 }],
  missedCount: 2,
  missed: [{ incident: 7, scope: 'ladakh/leh/vc-1', where: 'Leh, Hall', fault: 'microphone.missing', at: Date.UTC(2026, 10, 3) }],
  laterCount: 1,
  later: [{ incident: 9, scope: 'ladakh/leh/vc-1', where: 'Leh, Hall', fault: 'camera.missing', at: Date.UTC(2026, 10, 4), byMs: 600_000 }],
  unfinished: 0,
};

test('`sabha tabs try` shows more and fewer notifications by person, and exits with 1 if an alert is missed or delayed', async () => {
  const name = file('40-who.json', '[]');
  state().scripted['POST /api/tabs/try'] = found;
  expect(await sabha(['tabs', 'try', name])).toEqual({
    code: 1,
    out: expect.stringMatching(/more +2\n[\s\S]*asha +2 +1\nmissed \(\d+\):\n.*\n7 [\s\S]*later \(\d+\):\n.*\n9 .* 10 min\n$/),
    err: '',
  });
  expect(state().asked).toEqual([{ url: '/api/tabs/try', body: { whole: false, texts: [{ name: '40-who.json', text: '[]' }], days: 30 } }]);
});

test('`sabha tabs try` exits with 0 if the edited tabs send the same notifications', async () => {
  const none = { missedCount: 0, missed: [], laterCount: 0, later: [], people: [], more: 0, fewer: 0, after: 12 };
  state().scripted['POST /api/tabs/try'] = { ...found, ...none, from: found.to - 5 * 86_400_000 };
  const answer = await sabha(['tabs', 'try', 'tabs/', '--days', '14']);
  expect(answer.code).toBe(0);
  expect(state().asked).toMatchObject([{ body: { whole: true, days: 14 } }]);
  expect(await sabha(['tabs', 'try', 'tabs/', '--days', 'many'])).toMatchObject({ code: 2, err: '--days needs a whole number\n' });
});

test('`sabha explain --incident` lists each step of the tabs with its recipients, or the reason why nobody was notified', async () => {
  const pass = { at: 25_000, tabs: '0123456789ab', path: '10 Faults: which site? | 60 Deliver: email', how: 'told' };
  const step = { at: 5_000, kind: 'raised', faults: ['microphone.missing'], severity: 'critical' };
  state().scripted['GET /api/incidents/7/reasons'] = {
    incident: 7,
    scope: 'ladakh/leh/vc-1',
    parent: 3,
    acknowledged: [{ at: 30_000, by: 'Anil' }],
    steps: [
      {
        ...step,
        passes: [pass],
        sent: [{ channel: 'email', person: 'asha', at: 26_000 }],
        said: { en: 'Notified: Asha (e-mail).', hi: '' },
      },
      { ...step, kind: 'cleared', passes: [], sent: [], said: { en: 'Nobody was notified: nobody was notified when it began.', hi: '' } },
    ],
  };
  const answer = await sabha(['explain', '--incident', '7']);
  expect(answer.out.trimEnd().split('\n')).toEqual([
    'incident 7 of ladakh/leh/vc-1, explained by incident 3',
    '1970-01-01 00:00:30 UTC  acknowledged by Anil',
    '1970-01-01 00:00:05 UTC  raised: microphone.missing (critical)',
    '  1970-01-01 00:00:25 UTC  told (tabs 0123456789ab)',
    '    10 Faults: which site? | 60 Deliver: email',
    '  1970-01-01 00:00:26 UTC  Notified: Asha (e-mail).',
    '1970-01-01 00:00:05 UTC  cleared: microphone.missing (critical)',
    '  Nobody was notified: nobody was notified when it began.',
  ]);
  expect(await sabha(['explain', '--incident', 'x'])).toMatchObject({
    code: 2,
    err: '"x" is not the number of an incident: "sabha incidents --open" shows them\n',
  });
  expect(await sabha(['explain', 'ladakh/leh'])).toMatchObject({ code: 2, err: expect.stringContaining('or --incident with its number') });
});
