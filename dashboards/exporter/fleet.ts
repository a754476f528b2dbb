/** What the exporter holds in memory: the table as the API's stream tells it, and the last beat of each PC. A scrape reads this and nothing else. */
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

/** What is judged is not shown longer than this after the last word of the API once the stream is broken, and while it is open. */
const brokenLimitMs = 15_000;
const silenceLimitMs = 40_000;
const beatsOfPatience = 3;

/** Keys of a beat in the order in which `numbers` of a PC stand; it ends with the last that the PC sends. */
export const beatKeys = Object.keys(beatSeries) as BeatKey[];

/** How many checks of a component stand at each answer, in the order of `statuses`; nothing of a PC that is away counts as ok. */
export type ComponentNow = { component: string; counts: number[] };
/** A site of the table; `refused` counts its series above the limit. */
export type Site = { now: SiteNow; labels: string; patienceMs: number; refused: number };
/** A PC of the table, or one that was only heard. */
export type Pc = {
  path: PcPath;
  /** Undefined while the table does not know it. */
  now: PcNow | undefined;
  labels: string;
  components: ComponentNow[];
  /** By the clock that never jumps; -Infinity where no beat was heard. */
  beatAt: number;
  numbers: number[];
  /** Of each number, in how many beats it was not said; only where a thin link says them in parts. */
  unsaid?: Uint8Array;
};
/** An open incident, and where it stands. */
export type Incident = { scope: string; severity: Severity };

/** Sites and PCs in the order of a page. */
export type Table = {
  sites: readonly Site[];
  /** PCs of the table's sites, and for each the number of its site in `sites`. */
  pcs: readonly Pc[];
  siteOfPc: Int32Array;
};

/** What a scrape reads. */
export type FleetView = Table & {
  incidents: Iterable<Incident>;
  /** True while the API's word is young enough to say what is so now. */
  isJudged: boolean;
  /** True while, besides, `flows` hears the PCs: only then does it judge who is silent (R18). */
  isHeard: boolean;
  /** True while the exporter itself hears at the broker. */
  isListening: boolean;
  /** When the newest beat was heard; -Infinity where none was. */
  beatAt: number;
  /** The clock that never jumps, milliseconds. */
  now: number;
};

/** Takes what is heard, shows what is so. */
export type Fleet = ReturnType<typeof createFleet>;

type State = {
  sites: Map<string, Site>;
  pcs: Map<PcPath, Pc>;
  incidents: Map<number, Incident>;
  /** Undefined where it has to be made anew. */
  table: Table | undefined;
  subscribed: boolean;
};

/** `up` is a clock that never jumps, milliseconds. */
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
    /** The stream of the API has ended; a snapshot opens it again. */
    streamBroke(): void {
      isOpen = false;
    },
    /** The session at the broker has begun, or is lost. */
    brokerIs(isUp: boolean): void {
      isListening = isUp;
    },
    /** With `part` the numbers that are absent stand as they were, for `partBeats` beats. */
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

/** No further than the last one said: most PCs measure no link and have no UPS, whose keys stand last. */
function lengthOf(numbers: Beat['n']): number {
  return 1 + beatKeys.findLastIndex((key) => numbers[key] !== undefined);
}

/** What is not said stands as it was, for a while. */
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
    // What somebody has planned is no trouble.
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

/** PCs stand site by site; one of a site that the table does not know is left out. */
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
