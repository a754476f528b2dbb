/** Who is beyond its budget (R27): how often the incidents of each room step, who is named for it, and how fast its steps are told. */
import { budgets, isPcPath } from '#contracts';

/** In what a PC is beyond its budget. What it is named for first is what is said of it. */
export type Excess = 'alerts' | 'events' | 'words';

const hourMs = 3_600_000;
const minuteMs = 60_000;

type Telling = { at: number; faults: readonly string[] };
type Noisy = { since: number; lastAt: number; what: Excess; alerts: boolean; untold: number };

/** The noise of one memory. */
export type Noise = ReturnType<typeof createNoise>;

/** Guarantee: holds no more of a PC than its budget has numbers. */
export function createNoise() {
  const steps = new Map<string, number[]>();
  const told = new Map<string, Telling[]>();
  const noisy = new Map<string, Noisy>();

  const lately = (scope: string, now: number) => (told.get(scope) ?? []).filter(({ at }) => now - at < minuteMs);

  function name(pc: string, what: Excess, now: number): boolean {
    const held = noisy.get(pc);
    noisy.set(pc, { since: now, what, untold: 0, ...held, lastAt: now, alerts: what === 'alerts' || held?.alerts === true });
    return held === undefined || (what === 'alerts' && !held.alerts);
  }

  return {
    /** Counts a step of a room's incident; true where that is one too many, and was none before. */
    stepped(scope: string, now: number): boolean {
      const { most } = budgets.transitionsAnHour;
      const held = noisy.get(scope);
      if (held?.alerts) held.untold += 1;
      if (!isPcPath(scope)) return false;
      const kept = [...(steps.get(scope) ?? []).filter((at) => now - at < hourMs), now];
      steps.set(scope, kept.slice(-most));
      if (kept.length <= most) return false;
      return name(scope, 'alerts', now);
    },
    /** A PC is beyond its budget; true where that is news. */
    name,
    /** True while nothing more is told of a room. */
    isMuted: (scope: string) => noisy.get(scope)?.alerts === true,
    /** True where one more step of a room may be told of now: it is no flood, and not once more the same. The centre's own always may. */
    mayTell(scope: string, faults: readonly string[], now: number): boolean {
      const late = lately(scope, now);
      const again = (fault: string) => late.filter((one) => one.faults.includes(fault)).length >= budgets.sameAMinute.most;
      return late.length < budgets.toldAMinute.most && !faults.every(again);
    },
    told(scope: string, faults: readonly string[], now: number): void {
      if (isPcPath(scope)) told.set(scope, [...lately(scope, now), { at: now, faults }].slice(-budgets.toldAMinute.most));
    },
    /** Those that are noisy no more, with what was only counted: for an hour they were named, and stayed within their budget. */
    quiet(now: number): { pc: string; untold: number }[] {
      const over = [...noisy].filter(([, { since, lastAt }]) => Math.min(now - since, now - lastAt) >= budgets.noisyMs.most);
      for (const [pc] of over) noisy.delete(pc);
      return over.map(([pc, { untold }]) => ({ pc, untold }));
    },
    /** The clock was set by so much: what was noted keeps its distance to now (R29). */
    setClock(byMs: number): void {
      for (const [scope, times] of steps)
        steps.set(
          scope,
          times.map((at) => at + byMs),
        );
      for (const tellings of told.values()) for (const one of tellings) one.at += byMs;
      for (const one of noisy.values()) {
        one.since += byMs;
        one.lastAt += byMs;
      }
    },
    forget(pc: string): boolean {
      steps.delete(pc);
      told.delete(pc);
      return noisy.delete(pc);
    },
  };
}
