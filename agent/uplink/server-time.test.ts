import { expect, it } from 'vitest';
import { handClock } from '../checks/agent.test-helper.ts';
import { createServerTime, noClock } from './echo.ts';

const centreAt = Date.UTC(2026, 10, 10);

it('the proven time is null from a jump of the PC clock until the server sends its time again', async () => {
  const clock = handClock(centreAt + 7_000);
  const figures = { ...noClock, connected: true, unreadable: 0, roundTripMs: 100, clockOffsetMs: 7_000 as number | null, echoedUp: 0 };
  const jumps: number[] = [];
  const forgetClock = () => {
    figures.clockOffsetMs = null;
  };
  const time = createServerTime({ clock, uplink: { figures: () => figures, forgetClock }, onJump: (byMs) => jumps.push(byMs) });
  await clock.pass(60_000);
  expect(time.proven()).toBe(centreAt + 60_000);
  clock.jump(4 * 365 * 86_400_000);
  expect(time.proven()).toBeNull();
  time.checkForJump();
  expect([time.proven(), jumps]).toEqual([null, [4 * 365 * 86_400_000]]);
});
