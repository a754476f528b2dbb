/** Connects `run` to a session helper in a separate process: probes, runner and orders that use it. */
import type { Probe } from '../../checks/probe.ts';
import type { Runner } from '../../checks/runner.ts';
import type { Platform } from '../../platform/platform.ts';
import { sleepsWhenIdle } from '../../platform/questions/session.ts';
import { type RoomProbe, roomProbes } from './messages.ts';
import type { SessionHelper } from './session-helper.ts';

/** Guarantee: no room probe runs in the service, which has no session. The session probe runs again when a user signs in or out. */
export function probesWithHelper(probes: readonly Probe[], seat: Pick<SessionHelper, 'answer' | 'watch'>): Probe[] {
  return probes.map((probe) => {
    if (probe.name === 'session') return { ...probe, watch: (_, changed) => seat.watch('session', changed) };
    const name = roomProbeOf(probe);
    if (name === undefined) return probe;
    const { everyMs, timeoutMs } = probe;
    return {
      name,
      everyMs,
      timeoutMs,
      run: async ({ profile }) => seat.answer(name, profile),
      watch: (_, changed) => seat.watch(name, changed),
    };
  });
}

export function roomProbeOf({ name }: Pick<Probe, 'name'>): RoomProbe | undefined {
  return roomProbes.find((one) => one === name);
}

export function isRoomProbe(probe: Pick<Probe, 'name'>): boolean {
  return roomProbeOf(probe) !== undefined;
}

/** Forwards immediate and faster checks to the session helper too. */
export function runnerWithHelper(own: Runner, { ask }: Pick<SessionHelper, 'ask'>): Runner {
  return {
    ...own,
    async runNow() {
      await ask({ verb: 'look' });
      await own.runNow();
    },
    runFaster(forMs) {
      void ask({ verb: 'hasten', forMs });
      own.runFaster(forMs);
    },
  };
}

/** A helper that hangs must not delay other results of the PC. */
const sleepsLimitMs = 2_000;

/** Returns the platform with the functions that only the session has taken from the helper. */
export function platformWithHelper(platform: Platform, { ask }: Pick<SessionHelper, 'ask'>): Platform {
  return {
    ...platform,
    async ask(question, signal) {
      const answer = await platform.ask(question, signal);
      // Desktop settings are readable only by their user.
      const isAsked = question === sleepsWhenIdle && answer.known && !answer.value;
      if (!isAsked || !(await ask({ verb: 'sleeps' }, AbortSignal.timeout(sleepsLimitMs))).done) return answer;
      return { ...answer, value: true as typeof answer.value };
    },
    restartSound: (signal) => ask({ verb: 'restart-sound' }, signal),
    isHeldInRoom: async (signal) => (await ask({ verb: 'meeting' }, signal)).done,
    setDefaultDevice: (device, signal) => ask({ verb: 'set-default-device', ...device }, signal),
  };
}
