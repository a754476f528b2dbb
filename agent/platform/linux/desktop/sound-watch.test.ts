import { readFileSync } from 'node:fs';
import type { Clock } from '@sabha/contracts';
import { beforeEach, expect, it } from 'vitest';
import type { Follow } from './kept-alive.ts';
import { watchSound } from './sound-watch.ts';

type Timer = { at: number; task: () => void };

function testClock() {
  let now = 0;
  const timers = new Set<Timer>();
  const clock: Clock = {
    now: () => now,
    up: () => now,
    after: (delayMs, task) => {
      const timer = { at: now + delayMs, task };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const pass = (ms: number) => {
    const end = now + ms;
    for (;;) {
      const [next] = [...timers].filter((one) => one.at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      timers.delete(next);
      now = next.at;
      next.task();
    }
    now = end;
  };
  return { clock, pass, waiting: () => timers.size };
}

let time: ReturnType<typeof testClock>;
let running: { line: (text: string) => void; end: () => void }[];
let calls: number;

const follow: Follow = (_command, tell) => {
  running.push(tell);
  return () => undefined;
};
const start = () =>
  watchSound({ env: {}, clock: time.clock, follow }, () => {
    calls += 1;
  });

beforeEach(() => {
  time = testClock();
  running = [];
  calls = 0;
});

it('the sound watch calls back once for several events, 200 ms after the first one', () => {
  start();
  const recorded = readFileSync(new URL('../../../../test/fixtures/linux/pactl-subscribe-unplug-replug.txt', import.meta.url), 'utf8');
  for (const line of recorded.split('\n')) running[0]?.line(line);
  time.pass(199);
  expect(calls).toBe(0);
  time.pass(1);
  expect(calls).toBe(1);
  running[0]?.line("Event 'change' on source #49");
  time.pass(200);
  expect(calls).toBe(2);
});

it('the sound watch without a sound server reports no change, and restarts pactl with backoff of at most one minute', () => {
  start();
  const gaps: number[] = [];
  let passed = 0;
  while (running.length < 10) {
    const before = running.length;
    running.at(-1)?.end();
    for (passed = 0; running.length === before; passed += 1_000) time.pass(1_000);
    gaps.push(passed);
  }
  expect(gaps).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect(calls).toBe(0);
});
