/** What the API sees of the present memory, and may do to it: snapshots, changes as they come, acknowledge and note. */

import {
  type Cancel,
  type Clock,
  type HistoryView,
  isPcPath,
  maintainedIn,
  type RollCallSummary,
  type RollCallView,
  type SiteDetail,
  type Snapshot,
  type StateView,
  type StreamFrame,
  siteOf,
} from '@sabha/contracts';
import { isOrderedOften, mayWithdraw, snoozeMostMs } from '../engine/handling/handling.ts';
import type { Incident } from '../engine/records/incidents.ts';
import { type Audit, type Ledger, withdrawnWord } from '../engine/records/ops.ts';
import type { SiteTable } from '../engine/records/sites.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Changed } from '../ingest/options.ts';
import { namesOfOne, personNamed, type Roster } from '../notify/people/roster.ts';
import { telOf } from '../notify/roster/reach.ts';
import type { CommandsView } from '../operations/commands/commands.ts';
import { checklist } from '../sites/life.ts';
import {
  besideAt,
  createRows,
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

/** What is so now, its changes, and what a person does about it. */
export type CentreView = ReturnType<typeof createLiveView>['view'];

/**
 * What came of an act, `done` once it is committed. `missing`: there is no such incident. `late`: the acknowledgement is somebody else's, or too
 * long ago. `nobody`: the roster has no such person. `time`: it is past, or too far ahead. `often`: each of these notifies somebody.
 */
export type ActResult = 'done' | 'missing' | 'over' | 'late' | 'nobody' | 'time' | 'often';

/** PCs that were heard and say nothing new are named in this time. */
const heardEveryMs = 15_000;
const frameEveryMs = 250;

/** The view, with what the pipeline and roll calls tell it. Guarantee: while PCs only go on talking, nobody who chose no PCs is sent anything. */
export function createLiveView(options: LiveViewOptions) {
  const state = createState(options);
  const show = (): void => {
    showHeard(state);
    cancelHeard = options.clock.after(heardEveryMs, show);
  };
  let cancelHeard = options.clock.after(heardEveryMs, show);
  return {
    changed: (change: Changed) => changed(state, change),
    rollcall(view: RollCallView) {
      if (state.listeners.size === 0) return;
      const rows = new Map([...(state.rollcall?.rows ?? []), ...view.rows].map((row) => [row.pc, row]));
      state.rollcall = { ...view, rows: [...rows.values()] };
      soon(state);
    },
    /** Everything anew: another memory, or whether anything can be heard at all. */
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

function viewing(state: State) {
  const { options } = state;
  const { clock, ledger, rollcalls, commands, unready, ingest } = options;
  const sites = () => (ingest() === undefined ? [] : state.sites.list());
  const incidents = () => (ingest() === undefined ? [] : state.incidents.list());
  const pcs = (choice: PcChoice) => {
    const view = viewOf(options);
    return view === undefined ? [] : chosen(view.table, choice).map((pc) => pcView(view, pc));
  };
  return {
    /** Why it is not ready; undefined once the ledger is loaded and takes what it is given, the broker is subscribed and the tabs run. */
    unready,
    sites,
    pcs,
    incidents,
    rollcalls: rollcalls as RollCallsView,
    commands,
    now: () => ingest()?.time() ?? clock.now(),
    snapshot(choice: PcChoice): Snapshot {
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
    site: (path: string) => siteDetail(viewOf(options), path),
    /** What the components of a site's PCs said from `from` until now. */
    async history(site: string, from: number): Promise<HistoryView | undefined> {
      const view = viewOf(options);
      if (!view?.table.node(site)?.site) return undefined;
      const deafSince = ingest()?.deafSince() ?? null;
      const aways = [...(await ledger.aways(from)), ...(deafSince === null ? [] : [{ from: deafSince, to: Number.POSITIVE_INFINITY }])];
      const of = async (pc: string) => ({ pc, strips: historyOf(await ledger.history(pc, from), { from, aways }) });
      return { from, to: view.at, pcs: await Promise.all(view.table.pcsOf(site).map(of)) };
    },
    /** Also those that are over, within the last day. */
    incident: (id: number) => incidentOf(options, id, incidentView),
    /** By which names incidents may call whoever acts under an account or a name; the first is the one that is written. */
    names: (said: string) => namesOfOne(options.roster, said),
    act: (id: number, who: string, act: Act): Promise<ActResult> => carryOut(options, act, { id, who }),
    /** Called after each commit that changed something, at most every 250 ms, with what changed of the sites, the incidents and the chosen PCs. */
    onChange(choice: PcChoice, listener: (frame: StreamFrame) => void): Cancel {
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

function siteDetail(view: View | undefined, path: string): SiteDetail | undefined {
  const facts = view?.table.node(path)?.site;
  const site = view && facts && siteView(view, path);
  if (!(view && facts && site)) return undefined;
  const { stage: _, contact, ...rest } = facts;
  const reached = { ...contact, tel: telOf(contact.phone) ?? null };
  const todo = checklist({ table: view.table, records: view.memory.pcs, wanted: view.wanted }, path);
  const { timeZone } = view.table.resolve(path);
  const pcs = view.table.pcsOf(path).map((pc) => pcView(view, pc));
  return { site, facts: { ...rest, contact: reached, timeZone }, checklist: todo, pcs, ...surroundingsOf(view, path) };
}

/** What a person does about an incident. */
export type Act =
  | { type: 'acknowledge' | 'withdraw' | 'fixed' }
  | { type: 'note'; text: string }
  | { type: 'assign'; to: string }
  | { type: 'snooze'; until: number };

/**
 * Carries out an act: it stands in the incident under the name of the roster, and in the audit under the account. Where a PC is said to be fixed,
 * it is requested to probe at once; where it cannot be reached, it probes in its usual time.
 */
async function carryOut({ ingest: present, roster, commands }: LiveViewOptions, given: Act, { id, who }: { id: number; who: string }) {
  const ingest = present();
  if (ingest === undefined) throw new Error('the ledger is opened anew');
  const found = ingest.memory.incidents.get(id);
  if (found?.over !== null) return found === undefined ? 'missing' : 'over';
  const [by] = namesOfOne(roster, who);
  const act = given.type === 'assign' ? { ...given, to: personNamed(roster, given.to) ?? '' } : given;
  const refusal = refusalOf(found, act, { by, now: ingest.time() });
  if (refusal !== undefined) return refusal;
  if (!(await ingest.tell({ ...act, incident: id, by }, auditOf(act, id, who)))) throw new Error('the ledger did not take it');
  if (act.type === 'fixed' && isPcPath(found.scope)) await commands.issue({ to: found.scope, verb: 'probe-now', args: {}, by: who });
  return 'done';
}

function refusalOf(found: Incident, act: Act, { by, now }: { by: string; now: number }): ActResult | undefined {
  if (act.type === 'withdraw') return mayWithdraw(found, by, now) ? undefined : 'late';
  if (act.type !== 'assign' && act.type !== 'snooze') return undefined;
  if (act.type === 'assign' && act.to === '') return 'nobody';
  if (act.type === 'snooze' && (act.until <= now || act.until - now > snoozeMostMs)) return 'time';
  return isOrderedOften(found, now) ? 'often' : undefined;
}

/** The audit has a withdrawal beside what it takes back: a reader who looks for acknowledgements finds both. */
function auditOf(act: Act, id: number, who: string): Audit {
  const { type } = act;
  const about = `incident ${id}`;
  if (type === 'withdraw') return { who, what: 'acknowledge', about: `${about}: ${withdrawnWord}` };
  if (type === 'assign') return { who, what: type, about: `${about}: ${act.to}` };
  return { who, what: type, about: type === 'snooze' ? `${about}: until ${new Date(act.until).toISOString()}` : about };
}

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
function viewOf({ ingest: present, roster }: LiveViewOptions): View | undefined {
  const ingest = present();
  const personName = (id: string) => roster.person(id).name;
  return (
    ingest && { ...ingest, table: ingest.table(), at: ingest.time(), subscribed: ingest.isSubscribed(), away: ingest.away(), personName }
  );
}

/** A row of an incident, made by `make`; undefined where there is none. */
function incidentOf<T>(options: LiveViewOptions, id: number, make: (view: View, incident: Incident) => T): T | undefined {
  const view = viewOf(options);
  const incident = view?.memory.incidents.get(id);
  return view && incident && make(view, incident);
}

/** When nobody was heard: the same object as was last told, where nothing of it is another. */
function awayOf({ away: told }: State, view: View | undefined): Snapshot['away'] {
  if (!view?.away) return undefined;
  const { from, to } = view.away;
  const isTold = told?.to === to;
  const settled = (isTold && told.settled) || isSettled(view, to);
  return isTold && told.settled === settled ? told : { from, to, settled };
}

/** The states, made anew with each table; notes whether they are news. */
function statesOf(state: State, view: View | undefined): StateView[] {
  const { states } = state;
  if (view === undefined || states.of === view.table) return states.list;
  const list = stateViews(view.table);
  states.news ||= JSON.stringify(list) !== JSON.stringify(states.list);
  Object.assign(states, { of: view.table, list });
  return list;
}

/** The PCs of a choice. */
function chosen(table: SiteTable, choice: PcChoice): readonly string[] {
  if (choice === 'all') return table.known.map(({ pc }) => pc);
  return choice === '' ? [] : table.pcsOf(choice);
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

/** Notes what is another, for the next frame. */
function changed(state: State, { pcs, incidents, sites = [], pcsGone = [] }: Changed): void {
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
    const pcs = fresh.filter((pc) => choice === 'all' || siteOf(pc) === choice).map((pc) => pcView(view, pc));
    const frame: StreamFrame = { at: view.at, subscribed: view.subscribed, ...shared, ...some({ pcs }) };
    if (turned || Object.keys(frame).length > 2) for (const listener of listeners) listener(frame);
  }
}

/** What only time tells: who was not heard for its limit, beside whom another one answers, and of the chosen PCs that have nothing new when they were heard. */
function showHeard(state: State): void {
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
