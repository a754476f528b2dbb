import { expect, test } from 'vitest';
import { reservedWord } from '../../roster/book.ts';
import { technician } from '../people.test-helper.ts';
import { message } from './conformance.test-helper.ts';
import { createWatchdog, watchdogKind, watchdogPerson } from './watchdog.ts';

const beat = (said: () => Response | Promise<Response>) =>
  createWatchdog('https://monitor.test/push/abc', async () => said()).send(message(), technician, AbortSignal.timeout(100));

test('the watchdog returns delivered for a 2xx response without an error in the body', async () => {
  expect(await beat(() => new Response('OK'))).toEqual({ result: 'delivered' });
  expect(await beat(() => Response.json({ ok: true }))).toEqual({ result: 'delivered' });
});

test.each([
  ['a yes with a no inside', () => Response.json({ ok: false, msg: 'Monitor not found' })],
  ['an address that is none', () => new Response('', { status: 404 })],
  ['a page to log in', () => new Response('', { status: 302, headers: { location: 'https://login.test' } })],
  ['a monitor that is away', () => Promise.reject(new TypeError('fetch failed'))],
])('the watchdog returns refused, without a retry, for %s', async (_, said) => {
  expect(await beat(said)).toMatchObject({ result: 'refused', reason: expect.stringMatching(/\S/) });
});

test('the watchdog reaches no person of the roster', () => {
  expect(watchdogKind.reaches?.(technician, {})).toBe(false);
  expect(watchdogKind.reaches?.({ ...technician, id: watchdogPerson }, {})).toBe(true);
  expect(reservedWord(watchdogPerson)).toBeDefined();
});
