/** A clock that a test turns, a fleet to export, and a reader of the page. */
import type { Cancel, Clock } from '#contracts';
import type { FleetSnapshot, PcNow } from './snapshot.ts';

export type HandClock = Clock & {
  /** Moves time on by `ms` and runs what falls due, in order. */
  pass(ms: number): void;
};

export function handClock(): HandClock {
  let up = 0;
  let timers: { at: number; task: () => void }[] = [];
  const nextBefore = (end: number) => timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  return {
    now: () => up,
    up: () => up,
    after(delayMs, task): Cancel {
      const timer = { at: up + Math.max(0, delayMs), task };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    pass(ms) {
      const end = up + ms;
      for (let next = nextBefore(end); next; next = nextBefore(end)) {
        const { at, task } = next;
        timers = timers.filter((one) => one.task !== task);
        up = at;
        task();
      }
      up = end;
    },
  };
}

export const pc1 = 'ladakh/leh/pc-1';
export const pc2 = 'ladakh/leh/pc-2';

/** A PC that is online with one good microphone. */
export function pcNow(pc: string, edit: Partial<PcNow> = {}): PcNow {
  const [state = '', site = ''] = pc.split('/');
  const checks = [{ component: 'microphone', status: 'ok' as const }];
  return { pc, state, site: `${state}/${site}`, presence: 'online', heardAt: 1_700_000_000_500, checks, ...edit };
}

/** The site of these PCs, on a satellite link. */
export function fleetOf(pcs: PcNow[], edit: Partial<FleetSnapshot> = {}): FleetSnapshot {
  return { subscribed: true, sites: [{ site: 'ladakh/leh', state: 'ladakh', link: 'geo' }], pcs, incidents: [], ...edit };
}

/** The samples of a page by series and labels as they stand there; the figures of the process are left out. */
export function samplesOf(page: string): Record<string, number> {
  const lines = page.split('\n').filter((line) => line.startsWith('sabha_'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}
