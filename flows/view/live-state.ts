/**
 * The state of the view, and the frames that listeners receive: changes at most every 250 ms, and the times at which PCs without news were last heard.
 */
import {
  type Cancel,
  type Clock,
  maintainedIn,
  type RollCallSummary,
  type RollCallView,
  type Snapshot,
  type StateView,
  type StreamFrame,
  siteOf,
} from '@sabha/contracts';
import type { Incident } from '../engine/records/incidents.ts';
import type { Ledger } from '../engine/records/ops.ts';
import type { SiteTable } from '../engine/records/sites.ts';
import type { Changed } from '../ingest/committed.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Roster } from '../notify/people/roster.ts';
import type { CommandsView } from '../operations/commands/commands.ts';
import { besideAt, incidentNews, incidentRow, isSettled, isUnheard, pcView, siteView, stateViews, type View } from './rows.ts';

const frameEveryMs = 250;

/** Which PCs somebody wants to see one by one: none, all, or those of a site (`state/site`). */
export type PcChoice = '' | 'all' | `${string}/${string}`;

/** Why a roll call was not started. */
export type NotStarted = 'busy' | 'unknown' | 'deaf';

/** Roll calls, as the API starts and shows them. */
export type RollCallsView = {
  /**
   * `busy`: one runs already; `unknown`: there is no such scope; `deaf`: the broker is out of reach, so that nobody could answer. `within` = what
   * whoever calls looks after; absent = everything, and then a call of somebody who looks after a part gives way.
   */
  start(call: { scope: string; by: string; within?: string }): { id: string } | NotStarted;
  /** The one that runs and those that are finished, newest first. */
  list(): Promise<RollCallSummary[]>;
  one(id: string): Promise<RollCallView | undefined>;
};

/** What is looked at; it is asked each time, since the memory may be another. */
export type LiveViewOptions = {
  clock: Clock;
  roster: Roster;
  ledger: Pick<Ledger, 'history' | 'aways'>;
  /** `last` = the one that runs, or the last one that was finished. */
  rollcalls: RollCallsView & { last(): RollCallSummary | null };
  commands: CommandsView;
  /** What is open now; undefined while the ledger is opened anew. */
  ingest(): Ingest | undefined;
  unready(): string | undefined;
};

/** Who is sent the frames of a choice. */
export type Listener = (frame: StreamFrame) => void;

/** What was told, to whom, and what is news since. */
export type State = ReturnType<typeof createState>;

/** Nobody listens, and nothing was told. */
export function createState(options: LiveViewOptions) {
  return {
    options,
    listeners: new Map<PcChoice, Set<Listener>>(),
    sites: createRows((path: string) => siteView(viewOf(options) as View, path)),
    incidents: createRows((id: number) => incidentOf(options, id, incidentRow)),
    states: { of: undefined as SiteTable | undefined, list: [] as StateView[], news: false },
    pcs: new Set<string>(),
    pcsGone: new Set<string>(),
    rollcall: undefined as RollCallView | undefined,
    subscribed: false,
    /** The last time in which nobody was heard, as last told. */
    away: undefined as Snapshot['away'],
    /** When each PC was heard, as last told, and which of them are shown as unheard. */
    heard: new Map<string, number>(),
    unheard: new Set<string>() as ReadonlySet<string>,
    /** The PCs of each site that are shown as away while another one of it answers. */
    beside: new Map<string, ReadonlySet<string>>(),
    cancelFrame: undefined as Cancel | undefined,
  };
}

/** The present memory as the rows are made of it; undefined while the ledger is opened anew. */
export function viewOf({ ingest: present, roster }: LiveViewOptions): View | undefined {
  const ingest = present();
  const personName = (id: string) => roster.person(id).name;
  return (
    ingest && { ...ingest, table: ingest.table(), at: ingest.time(), subscribed: ingest.isSubscribed(), away: ingest.away(), personName }
  );
}

/** A row of an incident, made by `make`; undefined where there is none. */
export function incidentOf<T>(options: LiveViewOptions, id: number, make: (view: View, incident: Incident) => T): T | undefined {
  const view = viewOf(options);
  const incident = view?.memory.incidents.get(id);
  return view && incident && make(view, incident);
}

/** When nobody was heard: the same object as was last told, where nothing of it is another. */
export function awayOf({ away: told }: State, view: View | undefined): Snapshot['away'] {
  if (!view?.away) return undefined;
  const { from, to } = view.away;
  const isTold = told?.to === to;
  const settled = (isTold && told.settled) || isSettled(view, to);
  return isTold && told.settled === settled ? told : { from, to, settled };
}

/** The states, made anew with each table; notes whether they are news. */
export function statesOf(state: State, view: View | undefined): StateView[] {
  const { states } = state;
  if (view === undefined || states.of === view.table) return states.list;
  const list = stateViews(view.table);
  states.news ||= JSON.stringify(list) !== JSON.stringify(states.list);
  Object.assign(states, { of: view.table, list });
  return list;
}

/** The PCs of a choice. */
export function chosen(table: SiteTable, choice: PcChoice): readonly string[] {
  if (choice === 'all') return table.known.map(({ pc }) => pc);
  return choice === '' ? [] : table.pcsOf(choice);
}

/** The first who listens: what was news before is in the snapshot with which everybody begins. */
export function begin(state: State): void {
  const view = viewOf(state.options);
  if (view === undefined) return;
  state.sites.news();
  state.incidents.news();
  statesOf(state, view);
  state.states.news = false;
  state.subscribed = view.subscribed;
  state.away = awayOf(state, view);
}

/** Notes what is another, for the next frame. */
export function changed(state: State, { pcs, incidents, sites = [], pcsGone = [] }: Changed): void {
  const table = state.options.ingest()?.table();
  for (const path of sites) state.sites.touch(path);
  const near = new Set([...pcs, ...pcsGone].map(siteOf));
  for (const site of near) state.sites.touch(site);
  for (const id of incidents) touchIncident(state, id);
  const turned = turnedBeside(state, near);
  // Whoever comes later begins with a snapshot.
  if (state.listeners.size === 0) return;
  // The names of rooms and the wanted configuration come with the site.
  for (const pc of [...pcs, ...turned, ...sites.flatMap((path) => table?.pcsOf(path) ?? [])]) state.pcs.add(pc);
  for (const pc of pcsGone) state.pcsGone.add(pc);
  soon(state);
}

function touchIncident({ options, sites, incidents }: State, id: number): void {
  incidents.touch(id);
  const scope = options.ingest()?.memory.incidents.get(id)?.scope ?? '';
  // What is open of a place says until when it is maintained.
  if (maintainedIn(scope) !== undefined) incidents.touchAll();
  if (scope.split('/').length === 3) sites.touch(siteOf(scope));
}

/** Those that are away of these sites, and beside which another one answers by now, or does no more: of them and of what is open of them it is news. */
function turnedBeside(state: State, sites: Iterable<string>): string[] {
  const view = viewOf(state.options);
  if (view === undefined) return [];
  const turned: string[] = [];
  for (const site of sites) {
    const now = new Set(besideAt(view, site));
    turned.push(...now.symmetricDifference(state.beside.get(site) ?? new Set<string>()));
    if (now.size > 0) state.beside.set(site, now);
    else state.beside.delete(site);
  }
  for (const pc of turned) state.incidents.touch(view.memory.openIncident(pc)?.id ?? 0);
  return turned;
}

/** A frame within 250 ms, where anybody listens. */
export function soon(state: State): void {
  if (state.listeners.size > 0) state.cancelFrame ??= state.options.clock.after(frameEveryMs, () => sendFrames(state));
}

function sendFrames(state: State): void {
  state.cancelFrame = undefined;
  const view = viewOf(state.options);
  if (view === undefined) return;
  const away = awayOf(state, view);
  const sites = state.sites.news();
  const incidents = state.incidents.news().rows.map((row) => incidentNews(row, view.table));
  const states = statesOf(state, view);
  const shared: Omit<StreamFrame, 'at' | 'subscribed'> = {
    ...(away && away !== state.away && { away }),
    ...(state.states.news ? { states } : {}),
    ...some({ sites: sites.rows, sitesGone: sites.gone, incidents, pcsGone: [...state.pcsGone] }),
    ...(state.rollcall === undefined ? {} : { rollcall: state.rollcall }),
  };
  const turned = view.subscribed !== state.subscribed;
  const fresh = [...state.pcs].filter((pc) => view.table.node(pc) !== undefined);
  for (const pc of fresh) state.heard.set(pc, view.memory.pcs.get(pc)?.heardAt ?? 0);
  state.pcs.clear();
  state.pcsGone.clear();
  Object.assign(state, { rollcall: undefined, subscribed: view.subscribed, away });
  state.states.news = false;
  for (const [choice, listeners] of state.listeners) {
    const pcs = fresh.filter((pc) => choice === 'all' || siteOf(pc) === choice).map((pc) => pcView(view, pc));
    const frame: StreamFrame = { at: view.at, subscribed: view.subscribed, ...shared, ...some({ pcs }) };
    if (turned || Object.keys(frame).length > 2) for (const listener of listeners) listener(frame);
  }
}

/** Changes that come by time alone: PCs that were not heard for their limit, PCs beside which another answers, and when the chosen PCs were last heard. */
export function showHeard(state: State): void {
  const view = viewOf(state.options);
  if (view === undefined) return;
  const unheard = new Set([...view.memory.pcs].flatMap(([pc, record]) => (isUnheard(record, view.at) ? [pc] : [])));
  const moved = state.unheard.symmetricDifference(unheard);
  state.unheard = unheard;
  const sites = view.table.sites.map(({ path }) => path);
  const pcs = [...moved, ...turnedBeside(state, sites)];
  if (pcs.length > 0) changed(state, { pcs, incidents: [] });
  if (awayOf(state, view) !== state.away) soon(state);
  // What is long over the engine forgets without a word.
  state.incidents.touchAll((id) => !view.memory.incidents.has(id));
  for (const [choice, listeners] of state.listeners) {
    if (choice === '') continue;
    const later = chosen(view.table, choice).flatMap((pc) => {
      const at = view.memory.pcs.get(pc)?.heardAt ?? null;
      return at === null || at === state.heard.get(pc) ? [] : [[pc, at] as const];
    });
    if (later.length === 0) continue;
    const frame = { at: view.at, subscribed: view.subscribed, heard: Object.fromEntries(later) };
    for (const listener of listeners) listener(frame);
  }
  state.heard = new Map([...view.memory.pcs].flatMap(([pc, { heardAt }]) => (heardAt === null ? [] : [[pc, heardAt]])));
}

/** Only the lists that hold something. */
function some<T extends Record<string, readonly unknown[]>>(lists: T): Partial<T> {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)) as Partial<T>;
}

/** `make` answers undefined for a key that is no more. Guarantee: `news` never holds a row that reads as it did when it was last news or listed. */
export function createRows<K, R>(make: (key: K) => R | undefined) {
  const held = new Map<K, { row: R; text: string }>();
  const touched = new Set<K>();
  const fresh = new Set<K>();
  const gone = new Set<K>();

  function refresh(): void {
    for (const key of touched) renew(key, make(key));
    touched.clear();
  }

  function renew(key: K, row: R | undefined): void {
    if (row === undefined) {
      if (held.delete(key)) gone.add(key);
      fresh.delete(key);
      return;
    }
    const text = JSON.stringify(row);
    if (held.get(key)?.text === text) return;
    held.set(key, { row, text });
    fresh.add(key);
    gone.delete(key);
  }

  return {
    touch: (key: K) => void touched.add(key),
    touchAll(which: (key: K) => boolean = () => true): void {
      for (const key of held.keys()) if (which(key)) touched.add(key);
    },
    list(): R[] {
      refresh();
      return [...held.values()].map(({ row }) => row);
    },
    /** What changed since the last call, and the keys that are no more. */
    news(): { rows: R[]; gone: K[] } {
      refresh();
      const taken = { rows: [...fresh].flatMap((key) => held.get(key)?.row ?? []), gone: [...gone] };
      fresh.clear();
      gone.clear();
      return taken;
    },
  };
}
