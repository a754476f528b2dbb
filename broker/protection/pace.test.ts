import { payloadLimitBytes } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createRateLimiter } from './client-limits.ts';
import { defaultLimits } from './limits.ts';

const pc = 'ladakh.leh.pc-1';
const connection = {};

test('S8 an agent that sends a spool of 64 MB is delayed but not refused: below a second per batch and ten minutes in total', () => {
  const { pace, pass, clock } = setUp();
  const batchBytes = payloadLimitBytes - 4_096;
  let longestMs = 0;
  // Sends the next batch after the ack of the last, as the agent does.
  for (let sent = 0; sent < 64 * 1_024 * 1_024; sent += batchBytes) {
    expect(pace.countFrame(pc, 1, batchBytes)).toBe(true);
    const from = clock.up();
    let gone = false;
    pace.inTurn(connection, pc, () => {
      gone = true;
    });
    while (!gone) pass(10);
    longestMs = Math.max(longestMs, clock.up() - from);
  }
  expect(longestMs).toBeGreaterThan(100); // at least one batch was delayed
  expect(longestMs).toBeLessThan(1_000);
  expect(clock.up()).toBeLessThan(600_000);
});

test('S8 messages above the rate are delayed in order, and a second connection of the PC gets no new quota', () => {
  const { pace, pass, slowed } = setUp();
  const heard: number[] = [];
  const send = (from: object, n: number) => {
    expect(pace.countFrame(pc, 1, 100)).toBe(true);
    pace.inTurn(from, pc, () => heard.push(n));
  };
  for (let n = 0; n < 210; n += 1) send(connection, n);
  expect(heard).toHaveLength(200);
  expect(slowed).toHaveLength(10);
  send({}, 210);
  expect(heard).toHaveLength(200);
  pass(550);
  expect(heard).toEqual(Array.from({ length: 211 }, (_, n) => n));
});

test('S8 a message with a delay above 20 s is refused and not counted, and another PC is not affected', () => {
  const { pace, pass } = setUp();
  let taken = 0;
  while (pace.countFrame(pc, 1, 100)) taken += 1;
  expect(taken).toBe(200 + 20 * 20);
  expect(pace.countFrame('ladakh.leh.pc-2', 1, 100)).toBe(true);
  pass(50);
  expect(pace.countFrame(pc, 1, 100)).toBe(true);
});

function setUp() {
  let up = 0;
  let tasks: { at: number; run: () => void }[] = [];
  const clock = {
    now: () => 0,
    up: () => up,
    after(delayMs: number, run: () => void) {
      const task = { at: up + delayMs, run };
      tasks = [...tasks, task].toSorted((a, b) => a.at - b.at);
      return () => {
        tasks = tasks.filter((one) => one !== task);
      };
    },
  };
  const slowed: string[] = [];
  return {
    clock,
    slowed,
    timers: () => tasks.length,
    pace: createRateLimiter(defaultLimits, clock, (who) => slowed.push(who)),
    pass(ms: number) {
      const until = up + ms;
      for (let next = tasks[0]; next && next.at <= until; next = tasks[0]) {
        tasks.shift();
        up = Math.max(up, next.at);
        next.run();
      }
      up = until;
    },
  };
}
