/** State of the exporter in memory: the table from the API stream and the last beat of each PC. A scrape reads only this state. */
import { type Beat, type BeatKey, beatSeries, links, type PcPath, partBeats, type Severity, scopePlace, statuses } from '@sabha/contracts';
import type { FleetChange, FleetSnapshot, PcNow, SiteNow } from './snapshot.ts';
import { formatLabels } from './text.ts';

/** Time to live of data judged by `flows`, after the last event: on a broken stream, and on an open one. */
const brokenStreamTtlMs = 15_000;
const openStreamTtlMs = 40_000;
const missedBeatsAllowed = 3;

/** Keys of a beat, in the order of `numbers` of a PC. `numbers` ends at the last key that the PC sends. */
export const beatKeys = Object.keys(beatSeries) as BeatKey[];

/** Number of checks of a component per status, in the order of `statuses`. All checks of an offline PC count as unknown. */
export type ComponentCounts = { component: string; counts: number[] };
/** A site of the table. `refused` is the number of its series above the limit. */
export type FleetSite = { now: SiteNow; labels: string; beatTimeoutMs: number; refused: number };
/** A PC of the table, or a PC known only from its beats. */
export type FleetPc = {
  path: PcPath;
  /** Undefined until the API names the PC. */
  now: PcNow | undefined;
  labels: string;
  components: ComponentCounts[];
  /** Monotonic time of the last beat; -Infinity before the first. */
  beatAt: number;
  numbers: number[];
  /** For each number, the count of beats without it. Only set on thin links, which send partial beats. */
  missedBeats?: Uint8Array;
};
export type Incident = { scope: string; severity: Severity };

/** Sites and PCs in the order of a page. */
export type FleetTable = {
  sites: readonly FleetSite[];
  /** `siteOfPc` has the index in `sites` of the site of each PC. */
  pcs: readonly FleetPc[];
  siteOfPc: Int32Array;
};

export type FleetView = FleetTable & {
  incidents: Iterable<Incident>;
  /** True while the data of the API is fresh. */
  isApiFresh: boolean;
  /** True while `isApiFresh` and `flows` receives from the PCs. Only then does `flows` judge silence (R18 (silence)). */
  isReceiving: boolean;
  isBrokerConnected: boolean;
  /** Monotonic time of the newest beat of any PC; -Infinity before the first. */
  beatAt: number;
  /** Monotonic time, milliseconds. */
  now: number;
};

export type Fleet = ReturnType<typeof createFleet>;

type FleetState = {
  sites: Map<string, FleetSite>;
  pcs: Map<PcPath, FleetPc>;
  incidents: Map<number, Incident>;
  /** Cache, undefined when it must be rebuilt. */
  table: FleetTable | undefined;
  subscribed: boolean;
};

/** `up`: a monotonic clock, milliseconds. */
export function createFleet(up: () => number) {
  const state: FleetState = { sites: new Map(), pcs: new Map(), incidents: new Map(), table: undefined, subscribed: false };
  let [isOpen, isBrokerConnected] = [false, false];
  let beatAt = Number.NEGATIVE_INFINITY;
  let lastEventAt = Number.NEGATIVE_INFINITY;
  return {
    applySnapshot(snapshot: FleetSnapshot): void {
      isOpen = true;
      lastEventAt = up();
      state.table = undefined;
      removeMissing(state, snapshot);
      applyRows(state, snapshot);
    },
    applyChange(change: FleetChange): void {
      lastEventAt = up();
      applyRows(state, change);
      if (change.sitesGone.length + change.pcsGone.length > 0) state.table = undefined;
      for (const site of change.sitesGone) state.sites.delete(site);
      for (const pc of change.pcsGone) state.pcs.delete(pc);
      for (const [path, at] of Object.entries(change.heard)) {
        const now = state.pcs.get(path)?.now;
        if (now) now.heardAt = at;
      }
    },
    /** Records that the API stream ended. The next snapshot opens it again. */
    markStreamLost(): void {
      isOpen = false;
    },
    setBrokerConnected(isUp: boolean): void {
      isBrokerConnected = isUp;
    },
    /** With `part`, absent numbers keep their values for `partBeats` beats. */
    applyBeat(path: PcPath, numbers: Beat['n'], part?: 1): void {
      const pc = getOrAddPc(state, path);
      beatAt = up();
      pc.beatAt = beatAt;
      if (part !== undefined) return applyPartialBeat(pc, numbers);
      delete pc.missedBeats;
      pc.numbers = beatKeys.slice(0, usedKeyCount(numbers)).map((key) => numbers[key] ?? Number.NaN);
    },
    view(): FleetView {
      const now = up();
      const isApiFresh = now - lastEventAt <= (isOpen ? openStreamTtlMs : brokenStreamTtlMs);
      state.table ??= buildTable(state.sites, state.pcs.values());
      const isReceiving = isApiFresh && state.subscribed;
      return { ...state.table, incidents: state.incidents.values(), isApiFresh, isReceiving, isBrokerConnected, beatAt, now };
    },
  };
}

/** Cuts `numbers` after the last key sent, to save memory: most PCs measure no link and have no UPS, whose keys are last. */
function usedKeyCount(numbers: Beat['n']): number {
  return 1 + beatKeys.findLastIndex((key) => numbers[key] !== undefined);
}

/** Keeps the value of an absent number for at most `partBeats` beats. */
function applyPartialBeat(pc: FleetPc, numbers: Beat['n']): void {
  const unsaid = pc.missedBeats ?? new Uint8Array(beatKeys.length);
  const before = pc.numbers;
  pc.missedBeats = unsaid;
  const length = Math.max(before.length, usedKeyCount(numbers));
  pc.numbers = beatKeys.slice(0, length).map((key, index) => {
    const said = numbers[key];
    const missed = said === undefined ? Math.min(partBeats, (unsaid[index] ?? 0) + 1) : 0;
    unsaid[index] = missed;
    return said ?? (missed < partBeats ? (before[index] ?? Number.NaN) : Number.NaN);
  });
}

function removeMissing({ sites, pcs, incidents }: FleetState, snapshot: FleetSnapshot): void {
  const kept = new Set(snapshot.pcs.map(({ pc }) => pc));
  const keptSites = new Set(snapshot.sites.map(({ site }) => site));
  for (const pc of pcs.keys()) if (!kept.has(pc)) pcs.delete(pc);
  for (const site of sites.keys()) if (!keptSites.has(site)) sites.delete(site);
  incidents.clear();
}

function applyRows(state: FleetState, rows: Pick<FleetChange, 'subscribed' | 'sites' | 'pcs' | 'incidents'>): void {
  state.subscribed = rows.subscribed;
  if (rows.sites.length > 0) state.table = undefined;
  for (const now of rows.sites) state.sites.set(now.site, makeSite(now, state.sites.get(now.site)?.refused));
  for (const now of rows.pcs) applyPc(state, now);
  for (const { id, scope, severity, overAt } of rows.incidents) {
    // Planned maintenance is not counted as an incident.
    if (overAt === null && scopePlace(scope) === undefined) state.incidents.set(id, { scope, severity });
    else state.incidents.delete(id);
  }
}

function applyPc(state: FleetState, now: PcNow): void {
  const pc = getOrAddPc(state, now.pc);
  if (pc.now?.site !== now.site) state.table = undefined;
  if (pc.labels === '') pc.labels = formatLabels({ state: now.state, site: now.site, pc: now.pc });
  pc.now = now;
  pc.components = componentsOf(now);
}

function getOrAddPc({ pcs }: FleetState, path: PcPath): FleetPc {
  const beatAt = Number.NEGATIVE_INFINITY;
  return pcs.getOrInsertComputed(path, () => ({ path, now: undefined, labels: '', components: [], beatAt, numbers: [] }));
}

function makeSite(now: SiteNow, refused = 0): FleetSite {
  const labels = formatLabels({ state: now.state, site: now.site });
  return { now, labels, beatTimeoutMs: missedBeatsAllowed * links[now.link].beatMs, refused };
}

/** Sorts the PCs by site. A PC of an unknown site is left out. */
function buildTable(known: Map<string, FleetSite>, all: Iterable<FleetPc>): FleetTable {
  const bySite = Map.groupBy(all, (pc) => pc.now?.site);
  const sites = [...known.values()];
  const pcs = sites.map(({ now }) => bySite.get(now.site) ?? []);
  return { sites, pcs: pcs.flat(), siteOfPc: Int32Array.from(pcs.flatMap((some, index) => some.map(() => index))) };
}

function componentsOf({ checks, presence }: PcNow): ComponentCounts[] {
  const found = new Map<string, number[]>();
  for (const { component, status } of checks) {
    const counts = found.getOrInsertComputed(component, () => statuses.map(() => 0));
    const at = statuses.indexOf(presence === 'online' ? status : 'unknown');
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return [...found].map(([component, counts]) => ({ component, counts }));
}
