/** Checks whether the clock of this PC agrees with the server's. A wrong clock breaks certificates, meetings and logs. */
import type { Check } from '@sabha/contracts';
import type { Probe } from '../../checks/probe.ts';

const wrongMs = 5_000;

/** The clock probe. Unknown before the first comparison with the server. */
export const clockProbe: Probe = {
  name: 'clock',
  everyMs: 60_000,
  timeoutMs: 1_000,
  async run({ self }) {
    const { clockOffsetMs, roundTripMs, serverClockStepped = false } = self;
    return {
      checks: [judge(clockOffsetMs, roundTripMs ?? 0, serverClockStepped)],
      numbers: { ...(roundTripMs !== null && { rtt: roundTripMs / 1000 }), ...(clockOffsetMs !== null && { off: clockOffsetMs / 1000 }) },
    };
  },
};

/**
 * Judges the offset: PC clock minus server clock. The two ways of a round trip may differ, so the offset may be wrong by half of the
 * round trip. A slow response proves neither a wrong nor a right clock.
 */
function judge(offsetMs: number | null, roundTripMs: number, serverClockStepped: boolean): Check {
  const check = { component: 'clock', device: '', fault: null };
  if (offsetMs === null) return { ...check, status: 'unknown', reason: 'not compared with the server yet' };
  const errorMs = roundTripMs / 2;
  if (Math.abs(offsetMs) + errorMs <= wrongMs) return { ...check, status: 'ok', reason: null };
  if (Math.abs(offsetMs) - errorMs <= wrongMs)
    return { ...check, status: 'unknown', reason: 'the server answered too slowly to compare the clocks' };
  if (serverClockStepped) return { ...check, status: 'unknown', reason: 'the clock of the server was set' };
  return { ...check, status: 'fault', fault: 'clock.wrong', reason: offsetMs > 0 ? 'ahead of the server' : 'behind the server' };
}
