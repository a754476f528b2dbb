import { expect, test } from 'vitest';
import { broken, setUp } from './live.test-helper.ts';

test('an account is its person of the roster: an incident says the name that a link would, the audit the account', async () => {
  const { stage, show, told, pcs, does } = setUp();
  does(() => stage.state(broken, pcs[0]));
  expect(show.view.names('technician')).toEqual(['आशा कुमारी', 'technician']);
  expect(await show.view.acknowledge(1, 'technician')).toBe('done');
  expect(told).toEqual([
    [
      { type: 'acknowledge', by: 'आशा कुमारी', incident: 1 },
      { who: 'technician', what: 'acknowledge', about: 'incident 1' },
    ],
  ]);
  does(() => stage.apply({ type: 'acknowledge', incident: 1, by: 'आशा कुमारी' }));
  expect([await show.view.withdraw(1, 'Meera'), await show.view.withdraw(1, 'technician')]).toEqual(['late', 'done']);
  show.close();
});

test('who had taken it before the roster knew them takes nothing over from themselves: they go on under the name that stands there', async () => {
  const { stage, show, told, pcs, does } = setUp();
  does(() => stage.state(broken, pcs[0]));
  does(() => stage.apply({ type: 'acknowledge', incident: 1, by: 'technician' }));
  await show.view.fixed(1, 'आशा कुमारी');
  await show.view.fixed(1, 'Meera');
  expect(told).toMatchObject([
    [{ type: 'fixed', by: 'technician' }, { who: 'आशा कुमारी' }],
    [{ type: 'fixed', by: 'Meera' }, { who: 'Meera' }],
  ]);
  expect([await show.view.withdraw(1, 'Meera'), await show.view.withdraw(1, 'technician')]).toEqual(['late', 'done']);
  show.close();
});
