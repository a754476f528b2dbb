/** One fault that comes in many rooms at once: of one model of a device, or of machines with one update of agent, system or driver. */
import { causeKindOf, causeScope, isPcPath, nameInScope } from '@sabha/contracts';
import { moveTimes } from '../memory/memory.ts';
import type { Incident, News, StandingFault, Update } from '../records/incidents.ts';
import { type Numbers, usualNumbers } from './numbers.ts';

/** What a room says of a device, with the model that it names. */
export type DeviceFault = { key: string; fault: string; name: string | null; since: number };

/** One fault in many rooms. */
export type Spread = {
  scope: string;
  fault: string;
  what: string;
  since: number;
  members: Set<string>;
  away: readonly string[];
  endedAt: number | null;
};

/** The spreads of one memory. */
export type Spreads = ReturnType<typeof createSpreads>;

/** What people do with their hands, many of them at the same time: of these many are no news. */
const byHand =
  /\.(muted|volume_low|volume_off|held|privacy|not_default|monitor_chosen|roles_split|disabled)$|^(session|program|pc|agent|clock|power|climate|link|path)\./;

/** How what was updated is called, before its name and version; no model of a device is called so. */
const ofUpdate = /^(?:agent|system|driver) /;

/** Opens the spreads that the ledger knows, with the updates that it has of PCs. */
export function createSpreads(
  incidents: Iterable<Incident>,
  opened: { numbers?: Numbers; now: number; updates?: Iterable<readonly [pc: string, updates: readonly Update[]]> },
) {
  const { numbers = usualNumbers, now, updates = [] } = opened;
  const spreads = spreadsIn(incidents, numbers, now);
  const groups = createGroups(spreads.values());
  const updated = new Map([...updates].map(([pc, list]) => [pc, copied(list)]));
  const touched = new Set<string>(spreads.keys());

  const groupsOf = (pc: string, { fault, name }: Pick<DeviceFault, 'fault' | 'name'>, at: number): string[] => {
    if (byHand.test(fault)) return [];
    const late = (updated.get(pc) ?? []).filter((one) => at - one.at < numbers.updatedMs);
    // Whoever is one of the many of an update stays so, however long ago that was by now, and whatever update came since.
    const held = [...spreads.values()].filter((one) => one.fault === fault && ofUpdate.test(one.what) && one.members.has(pc));
    const whats = (held.length > 0 ? held : late).map(({ what }) => what);
    return [...whats, ...(name === null ? [] : [name])].map((one) => causeScope('spread', `${fault} ${one}`));
  };

  return {
    spreads: spreads as ReadonlyMap<string, Spread>,
    /** A machine came with another version of something; the newest first. */
    updated: (pc: string, list: readonly Update[]) => void updated.set(pc, copied(list)),

    /** What stands in a room now. */
    seen(pc: string, faults: readonly DeviceFault[], at: number): void {
      const now = new Map(faults.flatMap((one) => groupsOf(pc, one, at).map((scope) => [scope, one.since] as const)));
      for (const scope of groups.put(pc, now)) touched.add(scope);
    },

    /** Looks at what changed. Answers what is to be followed anew. */
    judge(at: number): { scopes: string[]; pcs: string[] } {
      const due = [...spreads.values()].filter(({ endedAt }) => endedAt !== null && at - endedAt >= numbers.settleMs);
      const looked = [...groups.bySize(touched), ...due.map(({ scope }) => scope)];
      touched.clear();
      const changed = looked.filter((scope) => look({ spreads, numbers }, { scope, group: groups.of(scope), now: at }));
      const pcs = new Set([...changed, ...due.map(({ scope }) => scope)].flatMap((scope) => [...(spreads.get(scope)?.members ?? [])]));
      return { scopes: changed, pcs: [...pcs] };
    },

    /** The spread that stands for a fault of a room; for one that began after the spread was over none does. */
    explains(pc: string, fault: Pick<DeviceFault, 'fault' | 'name'>, at: number): string | undefined {
      return groupsOf(pc, fault, at).find((scope) => {
        const spread = spreads.get(scope);
        if (spread?.members.has(pc) !== true) return false;
        const since = groups.of(scope).get(pc) ?? Number.NEGATIVE_INFINITY;
        return spread.endedAt === null || (since <= spread.endedAt && at - spread.endedAt < numbers.settleMs);
      });
    },

    /** The incident of a spread is over. */
    forget(scope: string, at: number): void {
      const endedAt = spreads.get(scope)?.endedAt ?? null;
      if (endedAt !== null && at - endedAt >= numbers.settleMs) spreads.delete(scope);
    },

    forgetPc(pc: string, at: number): void {
      this.seen(pc, [], at);
      updated.delete(pc);
    },

    setClock: (byMs: number): void => void moveTimes([spreads, groups.held, updated], byMs),
  };
}

function copied(list: readonly Update[]): Update[] {
  return list.map((one) => ({ ...one }));
}

/** Which rooms have a fault of one kind, and since when. Guarantee: holds nothing of a room in which none stands. */
function createGroups(spreads: Iterable<Spread>) {
  const groups = new Map([...spreads].map(({ scope, away, since }) => [scope, new Map(away.map((pc) => [pc, since]))]));
  const ofPc = new Map<string, readonly string[]>();
  for (const [scope, group] of groups) for (const pc of group.keys()) ofPc.set(pc, [...(ofPc.get(pc) ?? []), scope]);

  const of = (scope: string): ReadonlyMap<string, number> => groups.get(scope) ?? new Map();
  return {
    held: groups,
    of,
    /** The greatest first: what it explains is no news of another. */
    bySize: (scopes: Iterable<string>) => [...scopes].toSorted((a, b) => of(b).size - of(a).size),
    /** Answers the groups that are others than before. */
    put(pc: string, now: ReadonlyMap<string, number>): string[] {
      const before = ofPc.get(pc) ?? [];
      const gone = before.filter((scope) => !now.has(scope));
      for (const scope of gone) {
        const group = groups.get(scope);
        group?.delete(pc);
        if (group?.size === 0) groups.delete(scope);
      }
      for (const [scope, since] of now) groups.set(scope, (groups.get(scope) ?? new Map<string, number>()).set(pc, since));
      if (now.size === 0) ofPc.delete(pc);
      else ofPc.set(pc, [...now.keys()]);
      return [...gone, ...[...now.keys()].filter((scope) => !before.includes(scope))];
    },
  };
}

/** True where the spread is another than before. */
function look(
  { spreads, numbers }: { spreads: Map<string, Spread>; numbers: Numbers },
  { scope, group, now }: { scope: string; group: ReadonlyMap<string, number>; now: number },
): boolean {
  const held = spreads.get(scope);
  const newest = Math.max(...group.values());
  const late = [...group].filter(([, since]) => newest - since <= numbers.spreadMs).map(([pc]) => pc);
  if (held === undefined || held.endedAt !== null) {
    const { fault, what } = partsOf(scope);
    const others = [...spreads.values()].filter((one) => one.scope !== scope && one.fault === fault && one.endedAt === null);
    if (late.filter((pc) => !others.some(({ members }) => members.has(pc))).length < numbers.spreadRooms) return isOtherRest(held, group);
    const members = new Set([...(held?.members ?? []), ...late]);
    const since = held?.since ?? Math.min(...group.values());
    spreads.set(scope, { scope, fault, what, since, members, away: [...group.keys()], endedAt: null });
    return true;
  }
  const before = `${held.members.size} ${held.away.length}`;
  for (const pc of late) held.members.add(pc);
  held.away = [...group.keys()];
  if (group.size < Math.max(numbers.regionSites, numbers.regionStands * held.members.size)) held.endedAt = now;
  return held.endedAt !== null || before !== `${held.members.size} ${held.away.length}`;
}

/** After its end the rooms in which it is not over are still counted; true where they are others than before. */
function isOtherRest(held: Spread | undefined, group: ReadonlyMap<string, number>): boolean {
  if (held === undefined) return false;
  const before = held.away.join();
  held.away = [...group.keys()].filter((pc) => held.members.has(pc));
  return held.away.join() !== before;
}

function partsOf(scope: string): Pick<Spread, 'fault' | 'what'> {
  const name = nameInScope(scope);
  const at = name.indexOf(' ');
  return { fault: name.slice(0, at), what: name.slice(at + 1) };
}

function spreadsIn(incidents: Iterable<Incident>, { settleMs }: Numbers, now: number): Map<string, Spread> {
  const found = [...incidents].flatMap(({ scope, spread, faults, overAt }): Spread[] => {
    if (spread === undefined || causeKindOf(scope) !== 'spread') return [];
    const [fault] = faults;
    const endedAt = overAt ?? fault?.goneAt ?? null;
    if (endedAt !== null && now - endedAt >= settleMs) return [];
    return [{ scope, ...partsOf(scope), since: fault?.since ?? now, members: new Set(spread.members), away: spread.away, endedAt }];
  });
  return new Map(found.map((one) => [one.scope, one]));
}

const everyMs = 10 * 60_000;
const kinds = ['eased', 'worsened'] as const;
type Kind = (typeof kinds)[number];

/** Whose further members wait. That more PCs are unheard is said at once. */
const batched: Record<Kind, readonly string[]> = { eased: ['centre.unheard', 'pc.noisy'], worsened: ['pc.noisy'] };

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
        const isDue = now - toldAt >= everyMs && waiting.length > 0;
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
        return batch !== undefined && batch.faults.length > 0 && now - batch.toldAt >= everyMs;
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
