import { expect, test } from 'vitest';
import { realClock, zonedAt } from './clock.ts';

test('the real clock runs a task after its delay, and does not run a cancelled task', async () => {
  const clock = realClock();
  const ran: string[] = [];
  const cancel = clock.after(1, () => ran.push('cancelled'));
  cancel();
  const before = clock.up();
  await new Promise<void>((done) => clock.after(20, done));
  expect(clock.up() - before).toBeGreaterThanOrEqual(19);
  expect(ran).toEqual([]);
  const [earlier, now, later] = [Date.now(), clock.now(), Date.now()];
  expect(now).toBeGreaterThanOrEqual(earlier - 1_000);
  expect(now).toBeLessThanOrEqual(later + 1_000);
});

test('a clock with a speed runs all its time faster by that factor', async () => {
  const clock = realClock(1_000);
  const started = { now: clock.now(), up: clock.up(), real: performance.now() };
  await new Promise<void>((done) => clock.after(30_000, done));
  const real = performance.now() - started.real;
  expect(clock.up() - started.up).toBeGreaterThanOrEqual(29_000);
  expect(clock.now() - started.now).toBeGreaterThanOrEqual(29_000);
  expect(real).toBeLessThan(30_000);
  expect((clock.up() - started.up) / real).toBeGreaterThan(500);
});

test.each([
  ['a moment with a fraction', Date.UTC(2026, 10, 29, 12, 30) + 0.7573, '2026-11-29T18:00:00+05:30[Asia/Kolkata]'],
  ['one before 1970 with a fraction', -0.25, '1970-01-01T05:29:59.999+05:30[Asia/Kolkata]'],
  ['one beyond all calendars', 1e300, '+275759-09-13T'],
  ['one before all calendars', Number.NEGATIVE_INFINITY, '-271820-04-20T'],
  ['none', Number.NaN, '1970-01-01T05:30:00+05:30[Asia/Kolkata]'],
])('%s has a time of day', (_, at, expected) => {
  expect(`${zonedAt(at, 'Asia/Kolkata')}`).toContain(expected);
});
