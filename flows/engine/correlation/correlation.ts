/**
 * Finds the common cause of many lost PCs: their site, line, provider, state, the nation or the server. Each cause has a start and an end.
 * Also finds a spread: one fault in many rooms that share a device model, or an update of the agent, the system or a driver.
 */
import { type CauseKind, causeKindOf, causeScope, nameInScope, siteOf } from '@sabha/contracts';
import { shiftTimestamps } from '../memory/memory.ts';
import type { Incident, Update } from '../records/incidents.ts';
import { type CorrelationNumbers, defaultNumbers } from './numbers.ts';
import {
  type CorrelationInput,
  createRegionCheck,
  explainingRegions,
  mayBelongToKind,
  type RegionOutage,
  serverOutageOf,
  sitesInGrowingRows,
} from './regions.ts';
import {
  isCertainlyLost,
  isOnBattery,
  isStillLost,
  isStillOnBattery,
  type LostSite,
  lossOfSite,
  mayBecomeWholeLoss,
  type SiteAvailability,
} from './sight.ts';

/**
 * Faults that people cause by hand, or that many PCs have at once for separate reasons. Such faults in many rooms never open a group
 * incident.
 */
const notCommon =
  /\.(muted|volume_low|volume_off|held|privacy|not_default|monitor_chosen|roles_split|disabled)$|^(session|program|pc|agent|clock|power|climate|link|path)\./;

/** Prefixes of the name of an update, such as `driver Logi Rally 1.3.2`. No name of a device model begins with one of them. */
const updatePrefixes = /^(?:agent|system|driver) /;

export type Cause = {
  scope: string;
  kind: CauseKind;
  /** When the first member was lost or got the fault, in server time. */
  since: number;
  /** Everything affected since the start of the cause: sites for a region, PCs for a site, rooms for a spread. */
  members: Set<string>;
  of: number;
  /** The members that are affected now. */
  away: readonly string[];
  faults: readonly string[];
  /** When the cause ended, in server time; null while it lasts. */
  endedAt: number | null;
  /** When the last member was lost, in server time. For a spread: when it began. */
  lastAt: number;
  /** When the first lost site of the cause came back. The ledger does not store this time: it is unknown after a restart. */
  backAt?: number;
  /** True if sites of the cause ran on battery. Then a site that still runs on battery counts as affected, although it is online. */
  isOfPower?: boolean;
  /**
   * Sites that were lost alone after the others, at most `joinMs` after the last loss. The ledger does not store them: the set is empty
   * after a restart.
   */
  late?: ReadonlySet<string>;
  /**
   * Sites that were lost together some time after the first sites. People may know the first sites already, so a new message reports these.
   */
  waves?: ReadonlySet<string>;
};

/** Creates the search for common causes of lost PCs. It begins with the causes in the ledger. */
export function createCorrelation(
  incidents: readonly Incident[],
  { numbers = defaultNumbers, now }: { numbers?: CorrelationNumbers; now: number },
) {
  const causes = causesFromIncidents(incidents, numbers, now);
  let covers = storedCovers(incidents, causes);
  let waits = new Set<string>();
  /** By PC: when it became silent. Its notification waits for `waitMs`, because other PCs with the same cause may follow. */
  let silentSince = new Map<string, number>();

  const state = { causes, numbers };
  return {
    /** All causes, including the spreads of `createCommonFaults`. */
    causes,
    /** Returns the scope of the cause of a PC or of a site; `waits` if the cause is not known yet. */
    causeOfScope: (who: string): string | 'waits' | undefined => (waits.has(who) ? 'waits' : covers.get(who)),

    /** Returns the scope of the outage that explains battery faults of this site's PCs; `waits` while that is not decided. */
    powerCauseOf(site: string, at: number): string | undefined {
      const scope = causeScope('site', site);
      const cause = causes.get(scope);
      const isOfPower =
        cause !== undefined && (cause.faults.includes('outage.power') || (cause.endedAt !== null && isStillExplaining(cause, numbers, at)));
      return isOfPower ? scope : (covers.get(scope) ?? (waits.has(scope) ? 'waits' : undefined));
    },

    /**
     * Updates all causes from the present state of the sites. `scopes`: the causes whose incidents must be updated. `who`: PCs, and scopes
     * of sites, whose cause changed.
     * Guarantee: a cause is found before people are notified of any PC that belongs to it.
     */
    judge(sites: readonly SiteAvailability[], at: number): { scopes: string[]; who: string[] } {
      const bySite = new Map(sites.map((one) => [one.site, one]));
      const before = new Map([...causes.values()].map((one) => [one.scope, causeSummary(one)]));
      const downs = sites.flatMap((one) => lossOfSite(one, numbers, at) ?? []).sort((a, b) => a.at - b.at);
      const downBy = new Map(downs.filter(({ isPower }) => isPower !== true).map((one) => [one.sight, one]));
      const all = { sites, downs, numbers };
      for (const cause of causes.values()) {
        if (cause.kind === 'site') updateSiteCause(state, cause, { bySite, field: all, now: at });
        else if (cause.kind !== 'spread') updateWideCause(state, cause, { bySite, field: all, now: at });
      }
      const field = { ...all, explained: explainedSites(causes.values()) };
      openWideCauses(state, field, at);
      joinLateSites(state, all);
      for (const sight of sites) openSiteCause(state, sight, { down: downBy.get(sight), now: at });
      const silent = sites.flatMap(({ lost }) => lost.filter(({ isSilent }) => isSilent));
      silentSince = new Map(silent.map(({ pc }) => [pc, silentSince.get(pc) ?? at]));
      const [oldCovers, oldWaits] = [covers, waits];
      covers = causeByMember(state, sites, at);
      const explained = new Set([...causes.values()].flatMap(({ kind, members }) => (kind === 'site' ? [] : [...members])));
      waits = undecidedLosses(field, { silentSince, covers, now: at, growing: sitesInGrowingRows({ ...field, explained }, at) });
      const moved = (who: string) => oldCovers.get(who) !== covers.get(who) || oldWaits.has(who) !== waits.has(who);
      const touched = new Set([...oldCovers.keys(), ...covers.keys(), ...oldWaits, ...waits]);
      const changed = [...causes.values()].filter((one) => before.get(one.scope) !== causeSummary(one) || moved(one.scope));
      return { scopes: changed.map(({ scope }) => scope), who: [...touched].filter(moved) };
    },

    /** Deletes a cause whose incident has ended. The cause stays while it still explains losses of its members (`isStillExplaining`). */
    forget(scope: string, at: number): void {
      const cause = causes.get(scope);
      if (cause !== undefined && !isStillExplaining(cause, numbers, at)) causes.delete(scope);
    },

    /** Deletes a cause whose sites are no longer monitored. */
    drop: (scope: string): void => void causes.delete(scope),

    setClock: (byMs: number): void => void shiftTimestamps([causes, silentSince], byMs),
  };
}

type CorrelationState = { causes: Map<string, Cause>; numbers: CorrelationNumbers };
type CauseContext = { bySite: ReadonlyMap<string, SiteAvailability>; field: CorrelationInput; now: number };

function causesFromIncidents(incidents: Iterable<Incident>, { settleMs }: CorrelationNumbers, now: number): Map<string, Cause> {
  const causes = new Map<string, Cause>();
  for (const { scope, spread, faults, overAt } of incidents) {
    const kind = causeKindOf(scope);
    if (spread === undefined || kind === undefined) continue;
    const standing = faults.filter(({ goneAt }) => goneAt === null);
    const endedAt = overAt === null && standing.length > 0 ? null : Math.min(now, ...faults.flatMap(({ goneAt }) => goneAt ?? []));
    if (overAt !== null && now - (endedAt ?? overAt) >= settleMs) continue;
    const since = Math.min(...faults.map((one) => one.since));
    const { members, of, away, lastAt = since, waves = [] } = spread;
    const held = { scope, kind, since, members: new Set(members), of, away, waves: new Set(waves) };
    const own = endedAt === null ? standing.map(({ fault }) => fault) : [];
    const isOfPower = kind !== 'site' && faults.some(({ fault }) => fault === 'outage.power');
    causes.set(scope, { ...held, faults: own, endedAt, lastAt: Math.min(now, lastAt), isOfPower });
  }
  return causes;
}

/**
 * Returns the scope of the group incident that hides faults of an open incident, by the scope of the open incident. The map is used only
 * until the first judgement after a start.
 */
function storedCovers(incidents: readonly Incident[], causes: ReadonlyMap<string, Cause>): Map<string, string> {
  const scopes = new Map(incidents.map(({ id, scope }) => [id, scope]));
  const children = incidents.filter(({ over, faults }) => over === null && faults.some(({ hidden }) => hidden));
  return new Map(
    children.flatMap(({ scope, parent = 0 }) => {
      const by = scopes.get(parent);
      return by !== undefined && causes.has(by) && causeKindOf(by) !== 'spread' ? [[scope, by] as const] : [];
    }),
  );
}

/** Returns a text that changes if the members, the offline members or the faults of a cause change. */
function causeSummary({ members, away, of, faults }: Cause): string {
  return `${members.size} ${away.length} ${of} ${faults.join()}`;
}

/** Updates the cause of one site: its offline PCs and its faults. While no PC of the site is watched, the cause stays as it is. */
function updateSiteCause({ numbers }: CorrelationState, cause: Cause, { bySite, now }: CauseContext): void {
  const sight = bySite.get(nameInScope(cause.scope));
  if (sight === undefined) return;
  const isDark = cause.faults.includes('outage.site') && isStillLost(sight, numbers);
  const isPower = cause.faults.includes('outage.power') && isStillOnBattery(sight, numbers);
  cause.away = offlinePcs(sight);
  for (const pc of cause.away) cause.members.add(pc);
  setCauseFaults(cause, [...(isPower ? ['outage.power'] : []), ...(isDark ? ['outage.site'] : [])], now);
}

function offlinePcs({ lost, cut = [] }: SiteAvailability): string[] {
  return [...lost.map(({ pc }) => pc), ...cut];
}

function updateWideCause({ numbers }: CorrelationState, cause: Cause, { bySite, field, now }: CauseContext): void {
  if (cause.endedAt === null) for (const down of field.downs) joinCause(cause, down, numbers.withinMs);
  const { regionSites, regionShare, regionOpenShare: regionStands } = numbers;
  const sights = [...cause.members].flatMap((site) => bySite.get(site) ?? []);
  const dark = sights.filter((one) => isStillLost(one, numbers));
  const isCut = (one: SiteAvailability) => cause.isOfPower === true && isStillOnBattery(one, numbers);
  const still = sights.filter((one) => dark.includes(one) || isCut(one)).map(({ site }) => site);
  // While sites come back one after another, the end of the cause moves to the latest return.
  if (cause.endedAt !== null && still.length < cause.away.length && now - cause.endedAt > numbers.waitMs) cause.endedAt = now;
  if (still.length < cause.away.length) cause.backAt ??= now;
  cause.away = still;
  const { size } = cause.members;
  const least = Math.max(Math.min(regionSites, size), regionStands * size);
  const faults = dark.length >= Math.max(regionSites, regionShare * size) ? [faultOf(cause.kind)] : cause.faults;
  setCauseFaults(cause, cause.endedAt === null && still.length >= least ? faults : [], now);
}

const faultOf = (kind: CauseKind) => (kind === 'plane' ? 'centre.plane' : `outage.${kind}`);

/**
 * Adds a lost site to a regional cause. The site must lie in the region, and its loss must fit the kind of cause. The loss must be at most
 * `withinMs` after the last loss of the cause. Returns true if the site was added.
 */
function joinCause(cause: Cause, down: LostSite, withinMs: number): boolean {
  const { sight, from, at } = down;
  const isOfIt = cause.kind === 'plane' || (sight.regions.includes(cause.scope) && mayBelongToKind(cause.kind, down));
  if (!isOfIt || cause.members.has(sight.site) || from > cause.lastAt + withinMs) return false;
  cause.members.add(sight.site);
  cause.isOfPower ||= down.isPower === true;
  cause.lastAt = Math.max(cause.lastAt, at);
  return true;
}

/** Adds each further lost site to a current regional cause, if it was lost within `joinMs` of the last loss of the cause. */
function joinLateSites({ causes, numbers }: CorrelationState, { downs }: CorrelationInput): void {
  const explained = explainedSites(causes.values());
  const growing = [...causes.values()].filter(({ kind, endedAt }) => kind !== 'site' && kind !== 'plane' && endedAt === null);
  for (const down of downs.filter(({ isSilent, isPower, sight }) => (isSilent || isPower) && !explained.has(sight.site))) {
    const cause = growing.find((one) => joinCause(one, down, numbers.joinMs));
    if (cause !== undefined) cause.late = new Set([...(cause.late ?? []), down.sight.site]);
  }
}

function setCauseFaults(cause: Cause, faults: readonly string[], now: number): void {
  cause.faults = faults;
  if (faults.length > 0) cause.endedAt = null;
  else cause.endedAt ??= now;
}

/** Returns the sites that belong to a current regional cause. */
function explainedSites(causes: Iterable<Cause>): Set<string> {
  const wide = [...causes].filter(({ kind, endedAt }) => kind !== 'site' && endedAt === null);
  return new Set(wide.flatMap(({ members }) => [...members]));
}

/** Opens regional causes for lost sites that belong to no current regional cause. */
function openWideCauses(state: CorrelationState, field: CorrelationInput, now: number): void {
  const { causes } = state;
  const downs = field.downs.filter(({ sight }) => !field.explained?.has(sight.site));
  if (downs.length < 2) return;
  const isPlane = [...causes.values()].some(({ kind, endedAt }) => kind === 'plane' && endedAt === null);
  const plane = isPlane ? undefined : serverOutageOf({ ...field, downs });
  const found = plane === undefined ? explainingRegions({ ...field, downs }) : [plane];
  for (const one of found.filter((one) => !isRestOfEndedCause(state, one, now))) openCause(state, field, one);
}

/** True if all these sites are members of a cause that just ended, and were lost before its end. They then open no new cause. */
function isRestOfEndedCause({ causes, numbers }: CorrelationState, { downs }: RegionOutage, now: number): boolean {
  return [...causes.values()].some((one) => {
    const { kind, endedAt, members } = one;
    if (kind === 'site' || endedAt === null || !isStillExplaining(one, numbers, now)) return false;
    return downs.every(({ sight, at }) => members.has(sight.site) && at <= endedAt);
  });
}

/**
 * Opens a regional cause, or continues one that ended shortly before. Other lost sites of the region join it, if they were lost at most
 * `withinMs` after its last loss.
 */
function openCause({ causes, numbers }: CorrelationState, field: CorrelationInput, { scope, downs, of }: RegionOutage): void {
  const kind = causeKindOf(scope) ?? 'nation';
  const before = causes.get(scope);
  const since = before?.since ?? Math.min(...downs.map((one) => one.at));
  const lastAt = Math.max(...downs.map((one) => one.at));
  const sites = downs.map(({ sight }) => sight.site);
  // The members of a cause that ended shortly before stay members.
  const members = new Set([...(before?.members ?? []), ...sites]);
  const isDark = downs.filter((one) => one.isPower).length * 2 <= downs.length;
  const isOfPower = before?.isOfPower === true || !isDark;
  const faults = [...new Set([...(before?.faults ?? []), isDark ? faultOf(kind) : 'outage.power'])];
  // Sites that a continued cause gains. If they are at least half of the lost sites, they are a wave, which a message reports at once.
  const fresh = before === undefined ? [] : sites.filter((site) => !before.members.has(site));
  const waves = new Set([...(before?.waves ?? []), ...(fresh.length * 2 >= sites.length ? fresh : [])]);
  const cause: Cause = { scope, kind, since, members, of, away: sites, faults, endedAt: null, lastAt, waves, isOfPower };
  causes.set(scope, cause);
  const gone = field.downs.filter((down) => joinCause(cause, down, numbers.withinMs));
  const stay = field.sites.filter((one) => before?.members.has(one.site) && isStillLost(one, numbers));
  cause.away = [...new Set([...stay.map(({ site }) => site), ...sites, ...gone.map(({ sight }) => sight.site)])];
}

function openSiteCause(
  { causes, numbers }: CorrelationState,
  sight: SiteAvailability,
  { down, now }: { down: LostSite | undefined; now: number },
): void {
  const scope = causeScope('site', sight.site);
  const held = causes.get(scope);
  const isPower = isOnBattery(sight, numbers);
  const isDark = down !== undefined && isCertainlyLost(sight, numbers);
  const faults = [...(isPower ? ['outage.power'] : []), ...(isDark || held?.faults.includes('outage.site') ? ['outage.site'] : [])];
  if (faults.length === 0 || (held !== undefined && held.faults.join() === faults.join())) return;
  const away = offlinePcs(sight);
  const members = new Set([...(held?.members ?? []), ...away]);
  const since = held?.since ?? Math.min(now, down?.at ?? now);
  causes.set(scope, { scope, kind: 'site', since, members, of: sight.expected, away, faults, endedAt: null, lastAt: now });
}

/**
 * True while a cause explains the losses of its members: until its end, and for some time after it. That time is as long as the returns
 * took, at least `settleMs` and at most `settleMostMs`.
 */
function isStillExplaining(
  { endedAt, backAt = Number.POSITIVE_INFINITY }: Cause,
  { settleMs, settleMostMs }: CorrelationNumbers,
  now: number,
): boolean {
  return endedAt === null || now - endedAt < Math.max(settleMs, Math.min(settleMostMs, endedAt - backAt));
}

/**
 * Returns a map whose values are scopes of causes. Its keys are lost PCs and scopes of sites. For a PC the cause of its site comes first,
 * then the regional cause.
 */
function causeByMember({ causes, numbers }: CorrelationState, sites: readonly SiteAvailability[], now: number): Map<string, string> {
  const covers = new Map<string, string>();
  const all = [...causes.values()].filter((one) => isStillExplaining(one, numbers, now));
  const wide = all.filter(({ kind }) => kind !== 'site');
  const wideOf = new Map(wide.flatMap(({ members, scope }) => [...members].map((site) => [site, scope] as const)));
  // While a site only runs on battery, its cause does not cover a lost PC. The loss is more severe, so people are notified of that PC
  // separately.
  const isDark = ({ faults, endedAt }: Cause) => endedAt !== null || faults.includes('outage.site');
  const own = new Set(all.flatMap((one) => (one.kind === 'site' && isDark(one) ? [one.scope] : [])));
  for (const { site, lost } of sites) {
    const scope = causeScope('site', site);
    const above = wideOf.get(site);
    const by = own.has(scope) ? scope : above;
    if (above !== undefined) covers.set(scope, above);
    if (by !== undefined) for (const { pc } of lost) covers.set(pc, by);
  }
  return covers;
}

/** Returns the PCs and site scopes whose loss may belong to an outage of the site or region that is not certain yet. */
function undecidedLosses(
  field: CorrelationInput,
  at: { silentSince: ReadonlyMap<string, number>; covers: ReadonlyMap<string, string>; now: number; growing: readonly SiteAvailability[] },
): Set<string> {
  const { silentSince, covers, now, growing } = at;
  const bySite = new Map(field.sites.filter(({ lost }) => lost.length > 0).map((one) => [one.site, one]));
  const waits = new Set<string>();
  for (const { site, lost } of growing) {
    if (!covers.has(causeScope('site', site))) for (const who of [causeScope('site', site), ...lost.map(({ pc }) => pc)]) waits.add(who);
  }
  const isOpen = ([pc, since]: [string, number]) => !covers.has(pc) && now - since < field.numbers.waitMs;
  const open = [...silentSince].filter(isOpen);
  if (open.length === 0) return waits;
  const mayBeRegion = createRegionCheck(field);
  for (const [pc] of open) {
    const sight = bySite.get(siteOf(pc));
    const at = sight?.lost.find((one) => one.pc === pc)?.at ?? now;
    if (sight !== undefined && (mayBecomeWholeLoss(sight, at, field.numbers) || mayBeRegion(sight, at))) waits.add(pc);
  }
  return waits;
}

export type DeviceFault = { key: string; fault: string; name: string | null; since: number };

type CommonFaultOptions = { numbers?: CorrelationNumbers; updates?: Iterable<readonly [pc: string, updates: readonly Update[]]> };

export type CommonFaults = ReturnType<typeof createCommonFaults>;

/** Finds spreads (one fault in many rooms) and keeps them in `causes`. `updates`: the recent updates of each PC from the ledger. */
export function createCommonFaults(causes: Map<string, Cause>, { numbers = defaultNumbers, updates = [] }: CommonFaultOptions = {}) {
  const spreads = () => [...causes.values()].filter(({ kind }) => kind === 'spread');
  const groups = createGroups(spreads());
  const updated = new Map([...updates].map(([pc, list]) => [pc, copyUpdates(list)]));
  const touched = new Set<string>(spreads().map(({ scope }) => scope));

  const groupsOf = (pc: string, { fault, name }: Pick<DeviceFault, 'fault' | 'name'>, at: number): string[] => {
    if (notCommon.test(fault)) return [];
    const prefix = causeScope('spread', `${fault} `);
    const late = (updated.get(pc) ?? []).flatMap((one) => (at - one.at < numbers.updatedMs ? `${prefix}${one.what}` : []));
    // A room that joined the spread of an update stays in it, even later than 24 h after the update and after further updates.
    const isHeld = ({ scope, members }: Cause) =>
      scope.startsWith(prefix) && updatePrefixes.test(scope.slice(prefix.length)) && members.has(pc);
    const held = [...causes.values()].filter(isHeld).map(({ scope }) => scope);
    return [...(held.length > 0 ? held : late), ...(name === null ? [] : [`${prefix}${name}`])];
  };

  return {
    /** Records the updates of a PC, newest first. */
    updated: (pc: string, list: readonly Update[]) => void updated.set(pc, copyUpdates(list)),

    /** Records the present faults of a room. */
    recordFaults(pc: string, faults: readonly DeviceFault[], at: number): void {
      const now = new Map(faults.flatMap((one) => groupsOf(pc, one, at).map((scope) => [scope, one.since] as const)));
      for (const scope of groups.put(pc, now)) touched.add(scope);
    },

    /** Judges the spreads whose rooms changed. Returns the scopes and PCs whose incidents must be updated. */
    judge(at: number): { scopes: string[]; pcs: string[] } {
      const due = spreads().filter((one) => !isStillExplaining(one, numbers, at));
      const looked = [...groups.bySize(touched), ...due.map(({ scope }) => scope)];
      touched.clear();
      const changed = looked.filter((scope) => updateCommonFault({ causes, numbers }, scope, { group: groups.of(scope), now: at }));
      const pcs = new Set([...changed, ...due.map(({ scope }) => scope)].flatMap((scope) => [...(causes.get(scope)?.members ?? [])]));
      return { scopes: changed, pcs: [...pcs] };
    },

    /**
     * Returns the scope of the spread to which a fault of a room belongs. A fault that began after the end of the spread belongs to none.
     */
    commonCauseOf(pc: string, fault: Pick<DeviceFault, 'fault' | 'name'>, at: number): string | undefined {
      return groupsOf(pc, fault, at).find((scope) => {
        const spread = causes.get(scope);
        if (spread?.members.has(pc) !== true) return false;
        const since = groups.of(scope).get(pc) ?? Number.NEGATIVE_INFINITY;
        return isStillExplaining(spread, numbers, at) && (spread.endedAt === null || since <= spread.endedAt);
      });
    },

    forgetPc(pc: string, at: number): void {
      this.recordFaults(pc, [], at);
      updated.delete(pc);
    },

    setClock: (byMs: number): void => void shiftTimestamps([groups.held, updated], byMs),
  };
}

function copyUpdates(list: readonly Update[]): Update[] {
  return list.map((one) => ({ ...one }));
}

/**
 * Keeps the rooms of each possible spread, and since when each room has the fault. A possible spread is one fault with one model or one
 * update.
 * Guarantee: holds nothing for a room without a fault.
 */
function createGroups(spreads: readonly Cause[]) {
  const groups = new Map(spreads.map(({ scope, away, since }) => [scope, new Map(away.map((pc) => [pc, since]))]));
  const ofPc = new Map<string, readonly string[]>();
  for (const [scope, group] of groups) for (const pc of group.keys()) ofPc.set(pc, [...(ofPc.get(pc) ?? []), scope]);

  const of = (scope: string): ReadonlyMap<string, number> => groups.get(scope) ?? new Map();
  return {
    held: groups,
    of,
    /**
     * Sorts scopes by number of rooms, largest first. A room of an open spread counts for no other spread of that fault, so the largest
     * must open first.
     */
    bySize: (scopes: Iterable<string>) => [...scopes].toSorted((a, b) => of(b).size - of(a).size),
    /** Sets the faults of a room. Returns the scopes that the room joined or left. */
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

/** Opens, updates or ends the spread of a scope. Returns true if its members, rooms or faults changed. */
function updateCommonFault(
  { causes, numbers }: CorrelationState,
  scope: string,
  { group, now }: { group: ReadonlyMap<string, number>; now: number },
): boolean {
  const held = causes.get(scope);
  const newest = Math.max(...group.values());
  const late = [...group].filter(([, since]) => newest - since <= numbers.spreadMs).map(([pc]) => pc);
  if (held === undefined || held.endedAt !== null) {
    const ofFault = scope.slice(0, scope.indexOf(' ') + 1);
    const others = [...causes.values()].filter((one) => one.scope !== scope && one.scope.startsWith(ofFault) && one.endedAt === null);
    if (late.filter((pc) => !others.some(({ members }) => members.has(pc))).length < numbers.spreadRooms)
      return updateEndedRooms(held, group);
    const members = new Set([...(held?.members ?? []), ...late]);
    const since = held?.since ?? Math.min(...group.values());
    const away = [...group.keys()];
    const own = { members, away, of: away.length, faults: ['centre.spread'] };
    causes.set(scope, { scope, kind: 'spread', since, ...own, endedAt: null, lastAt: since });
    return true;
  }
  const before = causeSummary(held);
  for (const pc of late) held.members.add(pc);
  Object.assign(held, { away: [...group.keys()], of: group.size });
  if (group.size < Math.max(numbers.regionSites, numbers.regionOpenShare * held.members.size))
    Object.assign(held, { endedAt: now, faults: [] });
  return before !== causeSummary(held);
}

/** Updates which rooms still have the fault of a spread that has ended. Returns true if these rooms changed. */
function updateEndedRooms(held: Cause | undefined, group: ReadonlyMap<string, number>): boolean {
  if (held === undefined) return false;
  const before = held.away.join();
  const away = [...group.keys()].filter((pc) => held.members.has(pc));
  Object.assign(held, { away, of: away.length });
  return held.away.join() !== before;
}
