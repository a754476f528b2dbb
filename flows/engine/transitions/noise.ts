/** Who is beyond its budget (R27): how often the incidents of each room step, who is named for it, and how fast its steps are told. */
import { budgets, causeKindOf, faultOf, isPcPath } from '@sabha/contracts';
import { moveTimes } from '../memory/memory.ts';
import type { Incident, News, StandingFault } from '../records/incidents.ts';
import type { Scene, Standing } from './incident.ts';

/** In what a PC is beyond its budget. What it is named for first is what is said of it. */
export type Excess = 'alerts' | 'events' | 'words' | 'spools' | 'changes';

/** What has no hold and is there and gone within this does not stay: it is not to use up the one time that its fault goes past a mute. */
const staysMs = 30_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;
/** As many as a minute's budget lets out of what is critical and new before its PC is muted, with the end of each. */
const tellingsKept = 4 * budgets.toldAnHour.most;
const batchEveryMs = 10 * 60_000;
const kinds = ['eased', 'worsened'] as const;
/** Whose further members wait. That more PCs are unheard is said at once. */
const batched: Record<Kind, readonly string[]> = { eased: ['centre.unheard', 'pc.noisy'], worsened: ['pc.noisy'] };

type Noisy = {
  since: number;
  lastAt: number;
  what: Excess;
  alerts: boolean;
  untold: number;
  /** What stood when it was last followed while muted. */
  stood: ReadonlySet<string>;
  /** The faults that went past the mute. */
  past: Set<string>;
};

/** The noise of one memory. */
export type Noise = ReturnType<typeof createNoise>;

/** Guarantee: holds no more of a PC than its budget has numbers. */
export function createNoise() {
  const steps = new Map<string, number[]>();
  const noisy = new Map<string, Noisy>();
  const pace = createPace();
  const isMuted = (scope: string) => noisy.get(scope)?.alerts === true;

  function name(pc: string, what: Excess, now: number): boolean {
    const held = noisy.get(pc);
    const isNews = held === undefined || (what === 'alerts' && !held.alerts);
    const one = held ?? { since: now, what, alerts: false, untold: 0, stood: new Set<string>(), past: new Set<string>(), lastAt: now };
    one.lastAt = now;
    one.alerts ||= what === 'alerts';
    noisy.set(pc, one);
    return isNews;
  }

  /** Who is muted stays so while it does more than may be told of it. */
  function stepped(scope: string, now: number): boolean {
    const { most } = isMuted(scope) ? budgets.toldAnHour : budgets.transitionsAnHour;
    if (!isPcPath(scope)) return false;
    const kept = [...lastHour(steps.get(scope), now), now];
    steps.set(scope, kept.slice(-most));
    if (kept.length <= most) return false;
    return name(scope, 'alerts', now);
  }

  return {
    /** Counts a step of a room's incident; true where that is one too many, and was none before. */
    stepped,
    /**
     * Counts what newly stands of a room that is muted, as one step, and answers what of it goes past the mute: the silence of its PC and
     * what is critical and has stood for its hold, each fault once while the mute lasts.
     */
    past(pc: string, { standing, faultState }: Scene, now: number): string[] {
      const held = noisy.get(pc);
      if (held === undefined) return [];
      if (isMore(held, { standing, faultState })) {
        held.untold += 1;
        stepped(pc, now);
      }
      return [...standing.values()].flatMap((one) => {
        if (held.past.has(one.fault) || !isUrgent(one, now)) return [];
        held.past.add(one.fault);
        return [one.key];
      });
    },
    muted: () => [...noisy].flatMap(([pc, { alerts }]) => (alerts ? [pc] : [])),
    /** A PC is beyond its budget; true where that is news. */
    name,
    /** True while nothing more is told of a room. */
    isMuted,
    /** How fast its steps are told, and what is counted. */
    ...pace,
    /** True where there was enough news of a room in this hour, told or counted: with more of it, it is muted. Of one whose PC is named already that is less. */
    isFull: (scope: string, now: number) =>
      !isMuted(scope) && pace.newsInAnHour(scope, now) >= budgets[noisy.has(scope) ? 'toldOfNoisyAnHour' : 'toldAnHour'].most,
    /** Those that are noisy no more, with what was only counted: for an hour they were named, and stayed within their budget. */
    quiet(now: number): { pc: string; untold: number }[] {
      pace.tidy(now);
      const over = [...noisy].filter(([, { since, lastAt }]) => Math.min(now - since, now - lastAt) >= budgets.noisyMs.most);
      for (const [pc] of over) noisy.delete(pc);
      return over.map(([pc, { untold }]) => ({ pc, untold }));
    },
    setClock(byMs: number): void {
      moveTimes([steps, noisy], byMs);
      pace.setClock(byMs);
    },
    forget(pc: string): boolean {
      steps.delete(pc);
      pace.forget(pc);
      return noisy.delete(pc);
    },
  };
}

/** True where something stands that did not when it was last looked at; what is frozen stood, and is no news when it thaws. */
function isMore(held: Noisy, { standing, faultState }: Pick<Scene, 'standing' | 'faultState'>): boolean {
  const { stood } = held;
  const frozen = [...stood].filter((key) => !standing.has(key) && faultState(key) === 'unknown').slice(-budgets.faults.most);
  held.stood = new Set([...frozen, ...standing.keys()]);
  return [...standing.keys()].some((key) => !stood.has(key));
}

function isUrgent({ fault, severity, since }: Standing, now: number): boolean {
  const staysAtLeastMs = fault === 'pc.silent' ? 0 : faultOf(fault)?.holdMs || staysMs;
  return severity === 'critical' && now - since >= staysAtLeastMs;
}

/** What one message told: its faults, and those of them that were critical. */
type Telling = { faults: readonly string[]; critical: readonly string[] };

/** How fast the steps of each room, and of each cause of many, are told (R27). Guarantee: holds no more of a scope than its budgets have numbers. The centre's own, and maintenance, have no pace. */
function createPace() {
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
    setClock: (byMs: number): void => void moveTimes([news, told], byMs),
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

/** Those of the last hour. */
function lastHour(times: readonly number[] = [], now: number): number[] {
  return times.filter((at) => now - at < hourMs);
}

type Kind = (typeof kinds)[number];

/** Guarantee: what waits is told with the next step, unless it is no longer so by then; the clear of an incident says it all. */
export function createBatches() {
  const batches = new Map<string, { toldAt: number; faults: readonly StandingFault[] }>();

  return {
    /** What of the news is told now, with what waited. */
    told(incident: Incident, news: readonly News[], now: number): News[] {
      const { scope } = incident;
      if (isPcPath(scope)) return [...news];
      const steps = kinds.flatMap((kind) => {
        const { toldAt, faults } = batches.get(`${scope} ${kind}`) ?? { toldAt: Number.NEGATIVE_INFINITY, faults: [] };
        const said = news.find((one) => one.kind === kind);
        const come = said?.faults ?? [];
        const waiting = stillSo(kind, incident, [...faults, ...come.filter(({ fault }) => batched[kind].includes(fault))]);
        const isDue = now - toldAt >= batchEveryMs && waiting.length > 0;
        batches.set(`${scope} ${kind}`, isDue ? { toldAt: now, faults: [] } : { toldAt, faults: waiting });
        const due = [...come.filter(({ fault }) => !batched[kind].includes(fault)), ...(isDue ? waiting : [])];
        return due.length > 0 ? [{ ...said, kind, faults: due }] : [];
      });
      return [...steps, ...news.filter(({ kind }) => kind !== 'eased' && kind !== 'worsened')];
    },
    /** True where what waits of a scope may be told. */
    isDue: (scope: string, now: number): boolean =>
      kinds.some((kind) => {
        const batch = batches.get(`${scope} ${kind}`);
        return batch !== undefined && batch.faults.length > 0 && now - batch.toldAt >= batchEveryMs;
      }),
    setClock: (byMs: number): void => void moveTimes(batches, byMs),
  };
}

/** What stands again has not eased, and what is gone has not worsened. */
function stillSo(kind: Kind, incident: Incident, faults: readonly StandingFault[]): StandingFault[] {
  if (incident.over !== null) return [];
  const standing = new Set(incident.faults.map(({ key }) => key));
  const last = new Map(faults.map((one) => [one.key, one]));
  return [...last.values()].filter(({ key }) => standing.has(key) === (kind === 'worsened'));
}
