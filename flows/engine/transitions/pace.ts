/** How fast the steps of each room, and of each cause of many, are told (R27). */
import { budgets, causeKindOf, isPcPath } from '#contracts';

const hourMs = 3_600_000;
const minuteMs = 60_000;

/** What one message told: its faults, and those of them that were critical. */
export type Telling = { faults: readonly string[]; critical: readonly string[] };

/** The pace of one memory. */
export type Pace = ReturnType<typeof createPace>;

/** Guarantee: holds no more of a scope than its budgets have numbers. The centre's own, and maintenance, have no pace. */
export function createPace() {
  const told = new Map<string, (Telling & { at: number })[]>();
  const news = new Map<string, number[]>();
  const untold = new Map<string, number>();
  const within = (scope: string, now: number, ms: number) => (told.get(scope) ?? []).filter(({ at }) => now - at < ms);

  return {
    /** True where one more step may be told of now: it is no flood, and not once more the same. */
    mayTell(scope: string, faults: readonly string[], now: number): boolean {
      const late = within(scope, now, minuteMs);
      const again = (fault: string) => late.filter((one) => one.faults.includes(fault)).length >= budgets.sameAMinute.most;
      return late.length < budgets.toldAMinute.most && !faults.every(again);
    },
    /** So many messages more are told in this hour; what is critical and new is told besides. */
    left: (scope: string, now: number) => budgets.messagesAnHour.most - within(scope, now, hourMs).length,
    /** True where a fault was told as critical in this hour, of whatever device. */
    wasCritical: (scope: string, fault: string, now: number) => within(scope, now, hourMs).some(({ critical }) => critical.includes(fault)),
    newsInAnHour: (scope: string, now: number) => lastHour(news.get(scope), now).length,
    /** There is news of a room, told or counted. */
    cameNews(scope: string, now: number): void {
      if (isPcPath(scope)) news.set(scope, [...(news.get(scope) ?? []), now].slice(-budgets.toldAnHour.most));
    },
    /** A message went out; what was counted until then stands in it. */
    told(scope: string, telling: Telling, now: number): void {
      if (!isPcPath(scope) && causeKindOf(scope) === undefined) return;
      told.set(scope, [...within(scope, now, hourMs), { ...telling, at: now }].slice(-tellingsKept));
      untold.delete(scope);
    },
    /** A step is told to nobody, since enough was. */
    count: (scope: string) => void untold.set(scope, (untold.get(scope) ?? 0) + 1),
    /** So many were, since the last message. */
    counted: (scope: string) => untold.get(scope) ?? 0,
    setClock(byMs: number): void {
      for (const [scope, times] of news) news.set(scope, moved(times, byMs));
      for (const tellings of told.values()) for (const one of tellings) one.at += byMs;
    },
    /** What was told goes on counting: the next machine at a place, and one that is opened again, is the same room. */
    forget(pc: string): void {
      for (const each of [news, untold]) each.delete(pc);
    },
    /** Forgets those of which nothing was told for an hour and nothing is counted: nobody else does, and there are ever new ones. */
    tidy(now: number): void {
      for (const scope of told.keys()) {
        if (!untold.has(scope) && within(scope, now, hourMs).length === 0) told.delete(scope);
      }
    },
  };
}

/** As many as a minute's budget lets out of what is critical and new before its PC is muted, with the end of each. */
const tellingsKept = 4 * budgets.toldAnHour.most;

/** Those of the last hour. */
export function lastHour(times: readonly number[] = [], now: number): number[] {
  return times.filter((at) => now - at < hourMs);
}

/** Times by a clock that was set. */
export function moved(times: readonly number[], byMs: number): number[] {
  return times.map((at) => at + byMs);
}
