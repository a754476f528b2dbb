/** Makes probes, runner and platform of the service use a session helper in a separate process. */
import type { Probe } from '../../checks/probe.ts';
import type { Runner } from '../../checks/runner.ts';
import type { Platform } from '../../platform/platform.ts';
import { sleepsWhenIdle } from '../../platform/questions/session.ts';
import { type RoomProbe, roomProbes } from './messages.ts';
import type { SessionHelper } from './session-helper.ts';

/** Guarantee: the service itself runs no room probe, because it has no session. The session probe runs when a user signs in or out. */
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

/** Returns a runner that also forwards requests for immediate or more frequent checks to the session helper. */
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

/** Time limit for the sleep setting, so that a helper that hangs does not delay other results of the PC. */
const sleepsLimitMs = 2_000;

/** Returns a platform that asks the session helper wherever only the session of the user has the answer. */
export function platformWithHelper(platform: Platform, { ask }: Pick<SessionHelper, 'ask'>): Platform {
  return {
    ...platform,
    async ask(question, signal) {
      const answer = await platform.ask(question, signal);
      // Only the user, and so the helper, can read the desktop settings.
      const isAsked = question === sleepsWhenIdle && answer.known && !answer.value;
      if (!isAsked || !(await ask({ verb: 'sleeps' }, AbortSignal.timeout(sleepsLimitMs))).done) return answer;
      return { ...answer, value: true as typeof answer.value };
    },
    restartSound: (signal) => ask({ verb: 'restart-sound' }, signal),
    isHeldInRoom: async (signal) => (await ask({ verb: 'meeting' }, signal)).done,
    setDefaultDevice: (device, signal) => ask({ verb: 'set-default-device', ...device }, signal),
  };
}
