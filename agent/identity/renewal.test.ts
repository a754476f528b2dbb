import { expect, test } from 'vitest';
import { handClock, seeded } from '../checks/agent.test-helper.ts';
import type { Identity, Result } from './identity.ts';
import { keepIdentityRenewed } from './renewal.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const lifeMs = 360 * dayMs;

/** Creates an identity that is valid from now on, and a fake server that returns `answer`. */
function setUp(seed: number) {
  const clock = handClock();
  const identityFrom = (from: number, key: string): Identity =>
    ({ key, certificate: { validFromDate: new Date(from), validToDate: new Date(from + lifeMs) } }) as Identity;
  const asked: { what: string; day: number }[] = [];
  const lines: string[] = [];
  const state = { answer: 'yes' as 'yes' | 'no' | 'throws' };
  const answer = (what: string, value: () => Identity): Promise<Result<Identity>> => {
    asked.push({ what, day: clock.up() / dayMs });
    if (state.answer === 'throws') return Promise.reject(new Error('the disk does not answer'));
    return Promise.resolve(state.answer === 'yes' ? { ok: true, value: value() } : { ok: false, line: 'nobody there' });
  };
  const note = (_fields: object, line: string) => lines.push(line);
  const identity = keepIdentityRenewed({
    identity: identityFrom(clock.now(), 'first'),
    renew: () => answer('renew', () => identityFrom(clock.now(), `key ${asked.length}`)),
    refreshRoots: (one) => answer('roots', () => one),
    clock,
    random: seeded(seed),
    log: { info: note, warn: note },
  });
  const days = (what: string) => asked.filter((one) => one.what === what).map(({ day }) => day);
  return { clock, identity, days, lines, state };
}

test('keepIdentityRenewed renews once, in the week after two thirds of the validity, at a different time on each PC', async () => {
  const times = [1, 2, 3, 4, 5].map(async (seed) => {
    const { clock, identity, days, lines } = setUp(seed);
    await clock.pass(300 * dayMs);
    expect(days('renew')).toHaveLength(1);
    expect(lines).toEqual(['certificate renewed']);
    expect(identity().key).not.toBe('first');
    return days('renew')[0] ?? 0;
  });
  const all = await Promise.all(times);
  for (const day of all) expect(day >= 240 && day <= 247.1).toBe(true);
  expect(new Set(all.map(Math.floor)).size).toBeGreaterThan(2);
});

test('keepIdentityRenewed retries a failed renewal with backoff, at least once a day, until it succeeds', async () => {
  const { clock, identity, days, lines, state } = setUp(1);
  await clock.pass(239 * dayMs);
  state.answer = 'no';
  await clock.pass(60 * dayMs);
  const tries = days('renew');
  expect(tries.length).toBeGreaterThan(50);
  for (const [at, day] of tries.slice(1).entries()) expect(day - (tries[at] ?? 0)).toBeLessThanOrEqual(1);
  expect(lines.at(-1)).toBe('the certificate could not be renewed: nobody there');
  expect(identity().key).toBe('first');
  state.answer = 'yes';
  await clock.pass(2 * dayMs);
  expect(identity().key).not.toBe('first');
});

test('keepIdentityRenewed requests nothing while the clock is years behind, and renews within an hour after the clock is corrected', async () => {
  const { clock, days } = setUp(1);
  clock.jump(-20 * 365 * dayMs);
  await clock.pass(300 * dayMs);
  expect(days('renew')).toEqual([]);
  clock.jump(20 * 365 * dayMs);
  await clock.pass(hourMs);
  expect(days('renew')).toHaveLength(1);
});
