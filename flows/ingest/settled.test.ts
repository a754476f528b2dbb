import { expect, test } from 'vitest';
import { createRig } from './ingest.test-helper.ts';
import { createTrustedTime } from './receive-gaps.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const yearMs = 365 * dayMs;

/** A trusted time with test clocks, ticked once a minute. */
function rig(wall = yearMs) {
  const now = { wall, up: 0 };
  let noted: string | undefined;
  const open = () => createTrustedTime(noted, () => now.up, now.wall);
  let settled = open();
  return {
    now,
    at: () => settled.at(),
    run(ms: number): void {
      for (let left = ms; left > 0; left -= 60_000) {
        now.wall += 60_000;
        now.up += 60_000;
        noted = settled.tick(now.wall) ?? noted;
      }
    },
    restart(): void {
      now.up = 0;
      settled = open();
    },
  };
}

test('R29 after each day of running the trusted time advances to the time at the start of that day, also across a restart', () => {
  const { run, at, restart } = rig();
  run(20 * hourMs);
  restart();
  expect(at()).toBe(0);
  run(4 * hourMs);
  expect(at()).toBe(yearMs);
  run(dayMs);
  expect(at()).toBe(yearMs + dayMs);
});

test('R29 a clock that is ahead for less than a day does not advance the trusted time beyond the true time', () => {
  for (const how of ['while it runs', 'while it is down'] as const) {
    const { now, run, at, restart } = rig();
    run(2 * dayMs);
    now.wall += yearMs;
    if (how === 'while it is down') restart();
    run(23 * hourMs);
    expect(at()).toBeLessThan(yearMs + 3 * dayMs);
    now.wall -= yearMs;
    run(23 * hourMs);
    expect(at()).toBeLessThan(yearMs + 3 * dayMs);
    run(2 * dayMs);
    expect(now.wall - at()).toBeLessThanOrEqual(2 * dayMs);
  }
});

test('R29 a clock that is set back behind the trusted time moves the trusted time back to the clock', () => {
  const { now, run, at } = rig();
  run(2 * dayMs);
  now.wall -= 10 * dayMs;
  run(60_000);
  expect(at()).toBeLessThanOrEqual(now.wall);
});

test('R29 the running time that the trusted time needs is stored in the ledger each minute', async () => {
  const rig = await createRig();
  rig.ingest.subscribed();
  const ranMs = async () => JSON.parse((await rig.ledger.load()).meta['settled'] ?? '{}').ranMs;
  await rig.clock.pass(90_000);
  const first = await ranMs();
  expect(first).toBeGreaterThanOrEqual(60_000);
  await rig.clock.pass(120_000);
  expect(await ranMs()).toBeGreaterThanOrEqual(first + 60_000);
});
