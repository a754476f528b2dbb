/** What `run` is made of where the room seat is another process: probes, runner and orders that lead to it. */
import type { Probe } from '../../checks/probe.ts';
import type { Runner } from '../../checks/runner.ts';
import type { Platform } from '../../platform/platform.ts';
import { sleepsWhenIdle } from '../../platform/questions/session.ts';
import { type RoomProbe, roomProbes } from './messages.ts';
import type { RoomSeat } from './seats.ts';

/** Guarantee: no probe of the room is asked here, where there is no session; whether there is one is asked when somebody comes or goes. */
export function probesApart(probes: readonly Probe[], seat: Pick<RoomSeat, 'answer' | 'watch'>): Probe[] {
  return probes.map((probe) => {
    if (probe.name === 'session') return { ...probe, watch: (_, changed) => seat.watch('session', changed) };
    const name = ofRoom(probe);
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

/** The component of a probe that the room seat has, if it is one. */
export function ofRoom({ name }: Pick<Probe, 'name'>): RoomProbe | undefined {
  return roomProbes.find((one) => one === name);
}

/** Is it a probe that the room seat has? */
export function isOfRoom(probe: Pick<Probe, 'name'>): boolean {
  return ofRoom(probe) !== undefined;
}

/** Whoever wants to know at once, or more often, wants it of the room too. */
export function runnerApart(own: Runner, { ask }: Pick<RoomSeat, 'ask'>): Runner {
  return {
    ...own,
    async runNow() {
      await ask({ verb: 'look' });
      await own.runNow();
    },
    hasten(forMs) {
      void ask({ verb: 'hasten', forMs });
      own.hasten(forMs);
    },
  };
}

/** A seat that hangs keeps nothing else of the PC from being told. */
const sleepsLimitMs = 2_000;

/** The same platform, but for what only the session can see or do. */
export function platformApart(platform: Platform, { ask }: Pick<RoomSeat, 'ask'>): Platform {
  return {
    ...platform,
    async ask(question, signal) {
      const answer = await platform.ask(question, signal);
      // What its user has set on his desktop is told to nobody else.
      const isAsked = question === sleepsWhenIdle && answer.known && !answer.value;
      if (!isAsked || !(await ask({ verb: 'sleeps' }, AbortSignal.timeout(sleepsLimitMs))).done) return answer;
      return { ...answer, value: true as typeof answer.value };
    },
    restartSound: (signal) => ask({ verb: 'restart-sound' }, signal),
    isHeldInRoom: async (signal) => (await ask({ verb: 'meeting' }, signal)).done,
    setDefaultDevice: (device, signal) => ask({ verb: 'set-default-device', ...device }, signal),
  };
}
