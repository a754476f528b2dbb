/** State of the exporter in memory: the table from the API stream and the last beat of each PC. A scrape reads only this state. */
import {
  type Beat,
  type BeatKey,
  beatSeries,
  links,
  maintainedIn,
  type PcPath,
  partBeats,
  type Severity,
  statuses,
} from '@sabha/contracts';
import type { FleetChange, FleetSnapshot, PcNow, SiteNow } from './snapshot.ts';
import { labelText } from './text.ts';

/** Time to live of data judged by `flows`, after the last event: on a broken stream, and on an open one. */
const brokenLimitMs = 15_000;
const silenceLimitMs = 40_000;
const beatsOfPatience = 3;

/** Keys of a beat, in the order of `numbers` of a PC. `numbers` ends at the last key that the PC sends. */
export const beatKeys = Object.keys(beatSeries) as BeatKey[];

/** Number of checks of a component per status, in the order of `statuses`. All checks of an offline PC count as unknown. */
export type ComponentNow = { component: string; counts: number[] };
/** A site of the table. `refused` is the number of its series above the limit. */
export type Site = { now: SiteNow; labels: string; patienceMs: number; refused: number };
/** A PC of the table, or a PC known only from its beats. */
export type Pc = {
  path: PcPath;
  /** Undefined until the API names the PC. */
  now: PcNow | undefined;
  labels: string;
  components: ComponentNow[];
  /** Monotonic time of the last beat; -Infinity before the first. */
  beatAt: number;
  numbers: number[];
  /** For each number, the count of beats without it. Only set on thin links, which send partial beats. */
  unsaid?: Uint8Array;
};
export type Incident = { scope: string; severity: Severity };

/** Sites and PCs in the order of a page. */
export type Table = {
  sites: readonly Site[];
  /** `siteOfPc` has the index in `sites` of the site of each PC. */
  pcs: readonly Pc[];
  siteOfPc: Int32Array;
};

export type FleetView = Table & {
  incidents: Iterable<Incident>;
  /** True while the data of the API is fresh. */
  isJudged: boolean;
  /** True while `isJudged` and `flows` receives from the PCs. Only then does `flows` judge silence (R18 (silence)). */
  isHeard: boolean;
  isListening: boolean;
  /** Monotonic time of the newest beat of any PC; -Infinity before the first. */
  beatAt: number;
  /** Monotonic time, milliseconds. */
  now: number;
};

export type Fleet = ReturnType<typeof createFleet>;

type State = {
  sites: Map<string, Site>;
  pcs: Map<PcPath, Pc>;
  incidents: Map<number, Incident>;
  /** Cache, undefined when it must be rebuilt. */
  table: Table | undefined;
  subscribed: boolean;
};

/** `up`: a monotonic clock, milliseconds. */
export function createFleet(up: () => number) {
  const state: State = { sites: new Map(), pcs: new Map(), incidents: new Map(), table: undefined, subscribed: false };
  let [isOpen, isListening] = [false, false];
  let beatAt = Number.NEGATIVE_INFINITY;
  let heardAt = Number.NEGATIVE_INFINITY;
  return {
    takeSnapshot(snapshot: FleetSnapshot): void {
      isOpen = true;
      heardAt = up();
      state.table = undefined;
      forgetOthers(state, snapshot);
      takeRows(state, snapshot);
    },
    takeChange(change: FleetChange): void {
      heardAt = up();
      takeRows(state, change);
      if (change.sitesGone.length + change.pcsGone.length > 0) state.table = undefined;
      for (const site of change.sitesGone) state.sites.delete(site);
      for (const pc of change.pcsGone) state.pcs.delete(pc);
      for (const [path, at] of Object.entries(change.heard)) {
        const now = state.pcs.get(path)?.now;
        if (now) now.heardAt = at;
      }
    },
    /** Records that the API stream ended. The next snapshot opens it again. */
    streamBroke(): void {
      isOpen = false;
    },
    brokerIs(isUp: boolean): void {
      isListening = isUp;
    },
    /** With `part`, absent numbers keep their values for `partBeats` beats. */
    takeBeat(path: PcPath, numbers: Beat['n'], part?: 1): void {
      const pc = pcOf(state, path);
      beatAt = up();
      pc.beatAt = beatAt;
      if (part !== undefined) return takePart(pc, numbers);
      delete pc.unsaid;
      pc.numbers = beatKeys.slice(0, lengthOf(numbers)).map((key) => numbers[key] ?? Number.NaN);
    },
    view(): FleetView {
      const now = up();
      const isJudged = now - heardAt <= (isOpen ? silenceLimitMs : brokenLimitMs);
      state.table ??= tableOf(state.sites, state.pcs.values());
      const isHeard = isJudged && state.subscribed;
      return { ...state.table, incidents: state.incidents.values(), isJudged, isHeard, isListening, beatAt, now };
    },
  };
}

/** Cuts `numbers` after the last key sent, to save memory: most PCs measure no link and have no UPS, whose keys are last. */
function lengthOf(numbers: Beat['n']): number {
  return 1 + beatKeys.findLastIndex((key) => numbers[key] !== undefined);
}

/** Keeps the value of an absent number for at most `partBeats` beats. */
function takePart(pc: Pc, numbers: Beat['n']): void {
  const unsaid = pc.unsaid ?? new Uint8Array(beatKeys.length);
  const before = pc.numbers;
  pc.unsaid = unsaid;
  const length = Math.max(before.length, lengthOf(numbers));
  pc.numbers = beatKeys.slice(0, length).map((key, index) => {
    const said = numbers[key];
    const missed = said === undefined ? Math.min(partBeats, (unsaid[index] ?? 0) + 1) : 0;
    unsaid[index] = missed;
    return said ?? (missed < partBeats ? (before[index] ?? Number.NaN) : Number.NaN);
  });
}

function forgetOthers({ sites, pcs, incidents }: State, snapshot: FleetSnapshot): void {
  const kept = new Set(snapshot.pcs.map(({ pc }) => pc));
  const keptSites = new Set(snapshot.sites.map(({ site }) => site));
  for (const pc of pcs.keys()) if (!kept.has(pc)) pcs.delete(pc);
  for (const site of sites.keys()) if (!keptSites.has(site)) sites.delete(site);
  incidents.clear();
}

function takeRows(state: State, rows: Pick<FleetChange, 'subscribed' | 'sites' | 'pcs' | 'incidents'>): void {
  state.subscribed = rows.subscribed;
  if (rows.sites.length > 0) state.table = undefined;
  for (const now of rows.sites) state.sites.set(now.site, siteOf(now, state.sites.get(now.site)?.refused));
  for (const now of rows.pcs) takePc(state, now);
  for (const { id, scope, severity, overAt } of rows.incidents) {
    // Planned maintenance is not counted as an incident.
    if (overAt === null && maintainedIn(scope) === undefined) state.incidents.set(id, { scope, severity });
    else state.incidents.delete(id);
  }
}

function takePc(state: State, now: PcNow): void {
  const pc = pcOf(state, now.pc);
  if (pc.now?.site !== now.site) state.table = undefined;
  if (pc.labels === '') pc.labels = labelText({ state: now.state, site: now.site, pc: now.pc });
  pc.now = now;
  pc.components = componentsOf(now);
}

function pcOf({ pcs }: State, path: PcPath): Pc {
  const beatAt = Number.NEGATIVE_INFINITY;
  return pcs.getOrInsertComputed(path, () => ({ path, now: undefined, labels: '', components: [], beatAt, numbers: [] }));
}

function siteOf(now: SiteNow, refused = 0): Site {
  const labels = labelText({ state: now.state, site: now.site });
  return { now, labels, patienceMs: beatsOfPatience * links[now.link].beatMs, refused };
}

/** Sorts the PCs by site. A PC of an unknown site is left out. */
function tableOf(known: Map<string, Site>, all: Iterable<Pc>): Table {
  const bySite = Map.groupBy(all, (pc) => pc.now?.site);
  const sites = [...known.values()];
  const pcs = sites.map(({ now }) => bySite.get(now.site) ?? []);
  return { sites, pcs: pcs.flat(), siteOfPc: Int32Array.from(pcs.flatMap((some, index) => some.map(() => index))) };
}

function componentsOf({ checks, presence }: PcNow): ComponentNow[] {
  const found = new Map<string, number[]>();
  for (const { component, status } of checks) {
    const counts = found.getOrInsertComputed(component, () => statuses.map(() => 0));
    const at = statuses.indexOf(presence === 'online' ? status : 'unknown');
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return [...found].map(([component, counts]) => ({ component, counts }));
}
