/** What the API sees of the present memory, and may do to it: snapshots, changes as they come, acknowledge and note. */
import {
  type Cancel,
  type Clock,
  type IncidentRow,
  type RollCallSummary,
  type RollCallView,
  type SiteView,
  type Snapshot,
  type StateView,
  type StreamFrame,
  siteOf,
} from '#contracts';
import type { CommandsView } from '../commands/commands.ts';
import type { Changed } from '../ingest/committed.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Roster } from '../people/roster.ts';
import type { Incident } from '../records/incidents.ts';
import type { Ledger } from '../records/ops.ts';
import type { SiteTable } from '../records/sites.ts';
import { checklist } from '../sites/life.ts';
import { createRows, type Rows } from './changed-rows.ts';
import {
  incidentNews,
  incidentRow,
  incidentView,
  isSettled,
  isUnheard,
  pcView,
  siteView,
  stateViews,
  surroundingsOf,
  type View,
} from './rows.ts';
import { historyOf } from './strips.ts';
import type { CentreView, PcChoice, RollCallsView } from './view.ts';

const frameEveryMs = 250;
/** PCs that were heard and say nothing new are named in this time. */
const heardEveryMs = 15_000;

/** What is looked at; it is asked each time, since the memory may be another. */
export type LiveViewOptions = {
  clock: Clock;
  roster: Roster;
  ledger: Pick<Ledger, 'history' | 'aways' | 'audit'>;
  /** `last` = the one that runs, or the last one that was finished. */
  rollcalls: RollCallsView & { last(): RollCallSummary | null };
  commands: CommandsView;
  /** What is open now; undefined while the ledger is opened anew. */
  ingest(): Ingest | undefined;
  unready(): string | undefined;
};

/** The view, with what the pipeline and roll calls tell it. */
export type LiveView = {
  view: CentreView;
  changed(change: Changed): void;
  rollcall(view: RollCallView): void;
  /** Everything anew: another memory, or whether anything can be heard at all. */
  all(): void;
  close(): void;
};

type Listener = (frame: StreamFrame) => void;

type State = {
  options: LiveViewOptions;
  listeners: Map<PcChoice, Set<Listener>>;
  sites: Rows<string, SiteView>;
  incidents: Rows<number, IncidentRow>;
  states: { of: SiteTable | undefined; list: StateView[]; news: boolean };
  pcs: Set<string>;
  pcsGone: Set<string>;
  rollcall: RollCallView | undefined;
  subscribed: boolean;
  /** The last time in which nobody was heard, as last told. */
  away: Snapshot['away'];
  /** When each PC was heard, as last told, and which of them are shown as unheard. */
  heard: Map<string, number>;
  unheard: ReadonlySet<string>;
  cancelFrame: Cancel | undefined;
};

/** Guarantee: while PCs only go on talking, nobody who chose no PCs is sent anything. */
export function createLiveView(options: LiveViewOptions): LiveView {
  const state: State = {
    options,
    listeners: new Map(),
    sites: createRows((path) => siteView(viewOf(options) as View, path)),
    incidents: createRows((id) => incidentOf(options, id, incidentRow)),
    states: { of: undefined, list: [], news: false },
    pcs: new Set(),
    pcsGone: new Set(),
    rollcall: undefined,
    subscribed: false,
    away: undefined,
    heard: new Map(),
    unheard: new Set(),
    cancelFrame: undefined,
  };
  const showHeard = (): void => {
    followUnheard(state);
    tellHeard(state);
    cancelHeard = options.clock.after(heardEveryMs, showHeard);
  };
  let cancelHeard = options.clock.after(heardEveryMs, showHeard);
  return {
    changed: (change) => changed(state, change),
    rollcall(view) {
      if (state.listeners.size === 0) return;
      const rows = new Map([...(state.rollcall?.rows ?? []), ...view.rows].map((row) => [row.pc, row]));
      state.rollcall = { ...view, rows: [...rows.values()] };
      soon(state);
    },
    all() {
      const ingest = options.ingest();
      if (ingest === undefined) return;
      state.sites.touchAll();
      state.incidents.touchAll();
      const sites = ingest.table().sites.map(({ path }) => path);
      changed(state, { pcs: ingest.table().known.map(({ pc }) => pc), incidents: [...ingest.memory.incidents.keys()], sites });
    },
    close() {
      cancelHeard();
      state.cancelFrame?.();
    },
    view: viewing(state),
  };
}

function viewing(state: State): CentreView {
  const { options } = state;
  const { clock, ledger, rollcalls, commands, unready, ingest } = options;
  const sites = () => (ingest() === undefined ? [] : state.sites.list());
  const incidents = () => (ingest() === undefined ? [] : state.incidents.list());
  const pcs = (choice: PcChoice) => {
    const view = viewOf(options);
    return view === undefined ? [] : chosen(view.table, choice).map((pc) => pcView(view, pc));
  };
  return {
    unready,
    sites,
    pcs,
    incidents,
    rollcalls,
    commands,
    now: () => ingest()?.time() ?? clock.now(),
    audit: ledger.audit,
    snapshot(choice): Snapshot {
      const view = viewOf(options);
      const rollcall = rollcalls.last();
      const { at, subscribed } = view ?? { at: clock.now(), subscribed: false };
      const away = awayOf(state, view);
      return {
        at,
        subscribed,
        ...(away && { away }),
        states: statesOf(state, view),
        sites: sites(),
        pcs: pcs(choice),
        incidents: incidents(),
        rollcall,
      };
    },
    site(path) {
      const view = viewOf(options);
      const facts = view?.table.node(path)?.site;
      const site = view && facts && siteView(view, path);
      if (!(view && facts && site)) return undefined;
      const { stage: _, ...rest } = facts;
      const todo = checklist({ table: view.table, records: view.memory.pcs, wanted: view.wanted }, path);
      const { timeZone } = view.table.resolve(path);
      return { site, facts: { ...rest, timeZone }, checklist: todo, pcs: pcs(path as PcChoice), ...surroundingsOf(view, path) };
    },
    async history(site, from) {
      const view = viewOf(options);
      if (!view?.table.node(site)?.site) return undefined;
      const deafSince = ingest()?.deafSince() ?? null;
      const aways = [...(await ledger.aways(from)), ...(deafSince === null ? [] : [{ from: deafSince, to: Number.POSITIVE_INFINITY }])];
      const of = async (pc: string) => ({ pc, strips: historyOf(await ledger.history(pc, from), { from, aways }) });
      return { from, to: view.at, pcs: await Promise.all(view.table.pcsOf(site).map(of)) };
    },
    incident: (id) => incidentOf(options, id, incidentView),
    acknowledge: (id, by) => operate(ingest(), id, { type: 'acknowledge', by }),
    note: (id, by, text) => operate(ingest(), id, { type: 'note', by, text }),
    onChange(choice, listener) {
      if (state.listeners.size === 0) begin(state);
      const set = state.listeners.get(choice) ?? new Set();
      state.listeners.set(choice, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0 && state.listeners.get(choice) === set) state.listeners.delete(choice);
      };
    },
  };
}

/** The first who listens: what was news before is in the snapshot with which everybody begins. */
function begin(state: State): void {
  const view = viewOf(state.options);
  if (view === undefined) return;
  state.sites.news();
  state.incidents.news();
  statesOf(state, view);
  state.states.news = false;
  state.subscribed = view.subscribed;
  state.away = awayOf(state, view);
}

function changed(state: State, { pcs, incidents, sites = [], pcsGone = [] }: Changed): void {
  const table = state.options.ingest()?.table();
  for (const path of sites) state.sites.touch(path);
  for (const pc of [...pcs, ...pcsGone]) state.sites.touch(siteOf(pc));
  for (const id of incidents) touchIncident(state, id);
  // Whoever comes later begins with a snapshot.
  if (state.listeners.size === 0) return;
  // The names of rooms and the wanted configuration come with the site.
  for (const pc of [...pcs, ...sites.flatMap((path) => table?.pcsOf(path) ?? [])]) state.pcs.add(pc);
  for (const pc of pcsGone) state.pcsGone.add(pc);
  soon(state);
}

function touchIncident({ options, sites, incidents }: State, id: number): void {
  incidents.touch(id);
  const scope = options.ingest()?.memory.incidents.get(id)?.scope ?? '';
  if (scope.split('/').length === 3) sites.touch(siteOf(scope));
}

function soon(state: State): void {
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
    const pcs = fresh.filter((pc) => isChosen(pc, choice)).map((pc) => pcView(view, pc));
    const frame: StreamFrame = { at: view.at, subscribed: view.subscribed, ...shared, ...some({ pcs }) };
    if (turned || Object.keys(frame).length > 2) for (const listener of listeners) listener(frame);
  }
}

/** Only time tells that a PC was not heard for its limit, and one that is heard again may have nothing new to say. */
function followUnheard(state: State): void {
  const view = viewOf(state.options);
  if (view === undefined) return;
  const { unheard } = state;
  const now = new Set([...view.memory.pcs].flatMap(([pc, record]) => (isUnheard(record, view.at) ? [pc] : [])));
  const moved = unheard.symmetricDifference(now);
  state.unheard = now;
  if (moved.size > 0) changed(state, { pcs: [...moved], incidents: [] });
}

/** Says of the chosen PCs that were heard and had nothing new when that was. */
function tellHeard(state: State): void {
  const view = viewOf(state.options);
  if (view === undefined) return;
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

/** The same object as was last told, where nothing of it is another. */
function awayOf({ away: told }: State, view: View | undefined): Snapshot['away'] {
  if (!view?.away) return undefined;
  const { from, to } = view.away;
  const isTold = told?.to === to;
  const settled = (isTold && told.settled) || isSettled(view, to);
  return isTold && told.settled === settled ? told : { from, to, settled };
}

function statesOf(state: State, view: View | undefined): StateView[] {
  const { states } = state;
  if (view === undefined || states.of === view.table) return states.list;
  const list = stateViews(view.table);
  states.news ||= JSON.stringify(list) !== JSON.stringify(states.list);
  Object.assign(states, { of: view.table, list });
  return list;
}

function chosen(table: SiteTable, choice: PcChoice): readonly string[] {
  if (choice === 'all') return table.known.map(({ pc }) => pc);
  return choice === '' ? [] : table.pcsOf(choice);
}

function isChosen(pc: string, choice: PcChoice): boolean {
  return choice === 'all' || siteOf(pc) === choice;
}

/** Only the lists that hold something. */
function some<T extends Record<string, readonly unknown[]>>(lists: T): Partial<T> {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)) as Partial<T>;
}

type Operation = { type: 'acknowledge'; by: string } | { type: 'note'; by: string; text: string };

async function operate(ingest: Ingest | undefined, incident: number, operation: Operation): Promise<'done' | 'missing' | 'over'> {
  if (ingest === undefined) throw new Error('the ledger is opened anew');
  const found = ingest.memory.incidents.get(incident);
  if (found === undefined) return 'missing';
  if (found.over !== null) return 'over';
  const told = await ingest.tell({ ...operation, incident }, { who: operation.by, what: operation.type, about: `incident ${incident}` });
  if (!told) throw new Error('the ledger did not take it');
  return 'done';
}

function incidentOf<T>(options: LiveViewOptions, id: number, make: (view: View, incident: Incident) => T): T | undefined {
  const view = viewOf(options);
  const incident = view?.memory.incidents.get(id);
  return view && incident && make(view, incident);
}

function viewOf({ ingest: present, roster }: LiveViewOptions): View | undefined {
  const ingest = present();
  const personName = (id: string) => roster.person(id).name;
  return (
    ingest && { ...ingest, table: ingest.table(), at: ingest.time(), subscribed: ingest.isSubscribed(), away: ingest.away(), personName }
  );
}
