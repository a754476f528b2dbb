import { expect, test } from 'vitest';
import { operator } from './operator.test-helper.ts';

const { state, sabha } = operator();

test('a site that is not ready to go live is a no, by force a yes', async () => {
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
    // It was one line of keys, cut at 240 characters, and nobody was told of --force.
    err: [
      'ladakh/kargil is not ready to go live. What is not done yet:',
      '- No fault stands',
      '    ladakh/kargil/vc-1 Camera not found',
      '    ladakh/kargil/vc-2 Clock',
      '    ladakh/kargil/vc-2',
      'With --force it goes live all the same.\n',
    ].join('\n'),
  });
  expect(await sabha(['sites', 'stage', 'ladakh/kargil', 'live', '--force'])).toMatchObject({ code: 0, out: 'ladakh/kargil is live\n' });
});
