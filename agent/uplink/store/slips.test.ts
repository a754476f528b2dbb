import { expect, it } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { countErrors } from './log.ts';

it('countErrors reports repeated errors at most once a minute, in one line with their count', async () => {
  const clock = handClock();
  const lines: string[] = [];
  const told: object[] = [];
  const slip = countErrors({ clock, log: { warn: (_, line) => void lines.push(line) }, record: (body) => void told.push(body) });
  for (let second = 0; second < 90; second += 1) {
    slip('a message', new Error('broken\npipe'));
    await clock.pass(1_000);
  }
  expect(told).toEqual([
    { what: 'a message', error: 'broken pipe', count: 1 },
    { what: 'a message', error: 'broken pipe', count: 61 },
  ]);
  expect(lines).toEqual(Array(2).fill('a message failed: broken pipe'));
  slip('a socket', 'not even an error');
});
