/** The view of the current state for the API: snapshots, a stream of changes, and actions on incidents such as acknowledge and note. */
import {
  airAt,
  byReadiness,
  bySeverity,
  type Cancel,
  type Clock,
  confidenceLevelOf,
  type HistoryView,
  type IncidentNews,
  type IncidentRow,
  type IncidentView,
  isPcPath,
  links,
  type PcView,
  type Presence,
  type RollCallSummary,
  type RollCallView,
  readinessOf,
  riseFactor,
  roomLimitCelsius,
  type SiteDetail,
  type SiteView,
  type Snapshot,
  type StateView,
  type StreamFrame,
  scopePlace,
  siteOf,
  stateOf,
} from '@sabha/contracts';
import { isOverOrderLimit, mayWithdraw, snoozeMostMs } from '../engine/handling/handling.ts';
import { isBeside } from '../engine/outages/outages.ts';
import type { Incident, IncidentFault, PcRecord } from '../engine/records/incidents.ts';
import { type Audit, type Ledger, withdrawnAction } from '../engine/records/ops.ts';
import type { SiteTable } from '../engine/records/sites.ts';
import { maintenanceOf } from '../engine/transitions/flood-control.ts';
import { overUnlessBackAt } from '../engine/transitions/incident.ts';
import type { ViewChanges } from '../ingest/acks.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { namesOfPerson, personNamed, type Roster } from '../notify/people/roster.ts';
import { telOf } from '../notify/roster/book.ts';
import type { CommandsView } from '../operations/commands/commands.ts';
import { checklist } from '../sites/life.ts';
import { historyOf } from './strips.ts';

export type CentreView = ReturnType<typeof createLiveView>['view'];

/**
 * Result of an action; `done` after its commit.
 * - `missing`: no such incident
 * - `over`: the incident has ended
 * - `late`: acknowledged by another person, or too long ago
 * - `nobody`: no such person in the roster
 * - `time`: in the past or too far ahead
 * - `often`: rate limited, since each such action notifies a person
 */
export type ActionResult = 'done' | 'missing' | 'over' | 'late' | 'nobody' | 'time' | 'often';

/** Interval at which last-seen times of chosen PCs without other changes are sent. */
const refreshEveryMs = 15_000;
const frameEveryMs = 250;

/**
 * Creates the view, and the functions by which the pipeline and roll calls report changes. Guarantee: unchanged beats send nothing to a
 * listener who chose no PCs.
 */
export function createLiveView(options: LiveViewOptions) {
  const state = createState(options);
  const show = (): void => {
    refreshByTime(state);
    cancelHeard = options.clock.after(refreshEveryMs, show);
  };
  let cancelHeard = options.clock.after(refreshEveryMs, show);
  return {
    changed: (change: ViewChanges) => changed(state, change),
    rollcall(view: RollCallView) {
      if (state.listeners.size === 0) return;
      const rows = new Map([...(state.rollcall?.rows ?? []), ...view.rows].map((row) => [row.pc, row]));
      state.rollcall = { ...view, rows: [...rows.values()] };
      scheduleFrame(state);
    },
    /** Marks everything as changed, after the memory was replaced or the subscription changed. */
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
    view: createViewFunctions(state),
  };
}

function createViewFunctions(state: LiveState) {
  const { options } = state;
  const { clock, ledger, rollcalls, commands, unready, ingest } = options;
  const sites = () => (ingest() === undefined ? [] : state.sites.list());
  const incidents = () => (ingest() === undefined ? [] : state.incidents.list());
  const pcs = (choice: PcChoice) => {
    const view = viewOf(options);
    return view === undefined ? [] : pcsOfChoice(view.table, choice).map((pc) => pcView(view, pc));
  };
  return {
    /** Reason why the server is not ready; undefined once ledger, broker subscription and tabs all work. */
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
      if (view !== undefined) state.states.touch('all');
      return {
        at,
        subscribed,
        ...(away && { away }),
        states: state.states.list()[0] ?? [],
        sites: sites(),
        pcs: pcs(choice),
        incidents: incidents(),
        rollcall,
      };
    },
    site: (path: string) => siteDetail(viewOf(options), path),
    /** State history of each component of the PCs of a site, from `from` until now. */
    async history(site: string, from: number): Promise<HistoryView | undefined> {
      const view = viewOf(options);
      if (!view?.table.node(site)?.site) return undefined;
      const deafSince = ingest()?.deafSince() ?? null;
      const aways = [...(await ledger.aways(from)), ...(deafSince === null ? [] : [{ from: deafSince, to: Number.POSITIVE_INFINITY }])];
      const of = async (pc: string) => ({ pc, strips: historyOf(await ledger.history(pc, from), { from, receiveGaps: aways }) });
      return { from, to: view.at, pcs: await Promise.all(view.table.pcsOf(site).map(of)) };
    },
    /** Returns an open incident, or one that ended within the last day. */
    incident: (id: number) => incidentOf(options, id, incidentView),
    /** Returns the names under which incidents may list an account or a name. The first one is the stored name. */
    names: (said: string) => namesOfPerson(options.roster, said),
    act: (id: number, who: string, act: IncidentAction): Promise<ActionResult> => applyAction(options, act, { id, who }),
    /** Calls the listener after each commit with changes, at most every 250 ms, with the changed sites, incidents and chosen PCs. */
    onChange(choice: PcChoice, listener: (frame: StreamFrame) => void): Cancel {
      if (state.listeners.size === 0) discardPending(state);
      const set = state.listeners.get(choice) ?? new Set();
      state.listeners.set(choice, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0 && state.listeners.get(choice) === set) state.listeners.delete(choice);
      };
    },
  };
}

/** Returns all details of a site. The report of its link is left out if the reporting PC is no longer there. */
function siteDetail(view: View | undefined, path: string): SiteDetail | undefined {
  const facts = view?.table.node(path)?.site;
  const site = view && facts && siteView(view, path);
  if (!(view && facts && site)) return undefined;
  const { table, memory, wanted } = view;
  const { stage: _, contact, ...rest } = facts;
  const pcs = table.pcsOf(path);
  const { link, broke } = view.link(path);
  const isHere = (one: { pc: string } | null) => one !== null && pcs.includes(one.pc);
  const { timeZone, profile } = table.resolve(path);
  const { elevationM } = profile;
  return {
    site,
    facts: { ...rest, contact: { ...contact, tel: telOf(contact.phone) ?? null }, timeZone },
    checklist: checklist({ table, records: memory.pcs, wanted }, path),
    pcs: pcs.map((pc) => pcView(view, pc)),
    link: isHere(link) ? link : null,
    broke: isHere(broke) ? broke : null,
    numbers: Object.fromEntries(pcs.map((pc) => [pc, view.numbers(pc)])),
    limits: {
      elevationM,
      densityRatio: airAt(elevationM).ratio,
      roomLimitC: roomLimitCelsius(elevationM),
      riseFactor: riseFactor(elevationM),
    },
  };
}

export type IncidentAction =
  | { type: 'acknowledge' | 'withdraw' | 'fixed' }
  | { type: 'note'; text: string }
  | { type: 'assign'; to: string }
  | { type: 'snooze'; until: number };

/**
 * Carries out an action. The incident lists it under the name in the roster, the audit log under the account. After `fixed` the PC is
 * requested to probe at once; if it cannot be reached, it probes at its usual time.
 */
async function applyAction(
  { ingest: present, roster, commands }: LiveViewOptions,
  given: IncidentAction,
  { id, who }: { id: number; who: string },
) {
  const ingest = present();
  if (ingest === undefined) throw new Error('the ledger is being reopened');
  const found = ingest.memory.incidents.get(id);
  if (found?.over !== null) return found === undefined ? 'missing' : 'over';
  const [by] = namesOfPerson(roster, who);
  const act = given.type === 'assign' ? { ...given, to: personNamed(roster, given.to) ?? '' } : given;
  const refusal = refusalOf(found, act, { by, now: ingest.time() });
  if (refusal !== undefined) return refusal;
  if (!(await ingest.tell({ ...act, incident: id, by }, auditOf(act, id, who)))) throw new Error('the ledger did not store it');
  if (act.type === 'fixed' && isPcPath(found.scope)) await commands.issue({ to: found.scope, verb: 'probe-now', args: {}, by: who });
  return 'done';
}

function refusalOf(found: Incident, act: IncidentAction, { by, now }: { by: string; now: number }): ActionResult | undefined {
  if (act.type === 'withdraw') return mayWithdraw(found, by, now) ? undefined : 'late';
  if (act.type !== 'assign' && act.type !== 'snooze') return undefined;
  if (act.type === 'assign' && act.to === '') return 'nobody';
  if (act.type === 'snooze' && (act.until <= now || act.until - now > snoozeMostMs)) return 'time';
  return isOverOrderLimit(found, now) ? 'often' : undefined;
}

/** A withdrawal is audited as `acknowledge`, so that a search for acknowledgements finds both. */
function auditOf(act: IncidentAction, id: number, who: string): Audit {
  const { type } = act;
  const about = `incident ${id}`;
  if (type === 'withdraw') return { who, what: 'acknowledge', about: `${about}: ${withdrawnAction}` };
  if (type === 'assign') return { who, what: type, about: `${about}: ${act.to}` };
  return { who, what: type, about: type === 'snooze' ? `${about}: until ${new Date(act.until).toISOString()}` : about };
}

/** PCs that a client wants in detail: none, all, or those of a site (`state/site`). */
export type PcChoice = '' | 'all' | `${string}/${string}`;

export type RollCallRefusal = 'busy' | 'unknown' | 'deaf';

export type RollCallsView = {
  /**
   * `busy`: a roll call already runs. `unknown`: there is no such scope. `deaf`: the broker cannot be reached, so no PC could respond.
   * `within`: scope of the caller; absent = everything. The call of a caller with a wider scope replaces a running one.
   */
  start(call: { scope: string; by: string; within?: string }): { id: string } | RollCallRefusal;
  /** The running roll call and finished ones, newest first. */
  list(): Promise<RollCallSummary[]>;
  one(id: string): Promise<RollCallView | undefined>;
};

/** Dependencies. They are read at each call, since the memory may be replaced. */
export type LiveViewOptions = {
  clock: Clock;
  roster: Roster;
  ledger: Pick<Ledger, 'history' | 'aways'>;
  rollcalls: RollCallsView & { last(): RollCallSummary | null };
  commands: CommandsView;
  /** Current state in memory; undefined while the ledger is being reopened. */
  ingest(): Ingest | undefined;
  unready(): string | undefined;
};

type LiveState = ReturnType<typeof createState>;

function createState(options: LiveViewOptions) {
  return {
    options,
    listeners: new Map<PcChoice, Set<(frame: StreamFrame) => void>>(),
    sites: createRows((path: string) => siteView(viewOf(options) as View, path)),
    incidents: createRows((id: number) => incidentOf(options, id, incidentRow)),
    /** The list of all states is one row. */
    states: createRows((_: 'all') => stateViews((viewOf(options) as View).table)),
    pcs: new Set<string>(),
    pcsGone: new Set<string>(),
    rollcall: undefined as RollCallView | undefined,
    subscribed: false,
    /** The last receive gap, in the form that was last sent. */
    away: undefined as Snapshot['away'],
    /** Last-seen time of each PC as last sent, and the PCs that are shown as `unheard`. */
    heard: new Map<string, number>(),
    unheard: new Set<string>() as ReadonlySet<string>,
    /** By site: the PCs shown as offline while another PC of the site responds. */
    beside: new Map<string, ReadonlySet<string>>(),
    cancelFrame: undefined as Cancel | undefined,
  };
}

/** Returns the current state as input for the rows; undefined while the ledger is being reopened. */
function viewOf({ ingest: present, roster }: LiveViewOptions): View | undefined {
  const ingest = present();
  const personName = (id: string) => roster.person(id).name;
  return (
    ingest && { ...ingest, table: ingest.table(), at: ingest.time(), subscribed: ingest.isSubscribed(), away: ingest.away(), personName }
  );
}

/** Builds a row of an incident with `make`; undefined if there is no such incident. */
function incidentOf<T>(options: LiveViewOptions, id: number, make: (view: View, incident: Incident) => T): T | undefined {
  const view = viewOf(options);
  const incident = view?.memory.incidents.get(id);
  return view && incident && make(view, incident);
}

/** Returns the last receive gap; the last sent object if nothing changed. */
function awayOf({ away: reported }: LiveState, view: View | undefined): Snapshot['away'] {
  if (!view?.away) return undefined;
  const { from, to } = view.away;
  const isTold = reported?.to === to;
  const settled = (isTold && reported.settled) || isSettled(view, to);
  return isTold && reported.settled === settled ? reported : { from, to, settled };
}

function pcsOfChoice(table: SiteTable, choice: PcChoice): readonly string[] {
  if (choice === 'all') return table.known.map(({ pc }) => pc);
  return choice === '' ? [] : table.pcsOf(choice);
}

/** Discards changes before the first listener, since each client starts with a snapshot. */
function discardPending(state: LiveState): void {
  const view = viewOf(state.options);
  if (view === undefined) return;
  state.sites.news();
  state.incidents.news();
  state.states.touch('all');
  state.states.news();
  state.subscribed = view.subscribed;
  state.away = awayOf(state, view);
}

function changed(state: LiveState, { pcs, incidents, sites = [], pcsGone = [] }: ViewChanges): void {
  const table = state.options.ingest()?.table();
  for (const path of sites) state.sites.touch(path);
  const near = new Set([...pcs, ...pcsGone].map(siteOf));
  for (const site of near) state.sites.touch(site);
  for (const id of incidents) touchIncident(state, id);
  const turned = pcsWithChangedBeside(state, near);
  // Later listeners start with a snapshot.
  if (state.listeners.size === 0) return;
  // Names of rooms and the wanted configuration change with their site.
  for (const pc of [...pcs, ...turned, ...sites.flatMap((path) => table?.pcsOf(path) ?? [])]) state.pcs.add(pc);
  for (const pc of pcsGone) state.pcsGone.add(pc);
  scheduleFrame(state);
}

function touchIncident({ options, sites, incidents }: LiveState, id: number): void {
  incidents.touch(id);
  const scope = options.ingest()?.memory.incidents.get(id)?.scope ?? '';
  // Open incidents of a place show the end of its maintenance.
  if (scopePlace(scope) !== undefined) incidents.touchAll();
  if (scope.split('/').length === 3) sites.touch(siteOf(scope));
}

/**
 * Updates for each site which offline PCs have an online PC beside them. Returns the PCs for which this changed, and marks their incidents.
 */
function pcsWithChangedBeside(state: LiveState, sites: Iterable<string>): string[] {
  const view = viewOf(state.options);
  if (view === undefined) return [];
  const turned: string[] = [];
  for (const site of sites) {
    const now = new Set(onlineBeside(view, site));
    turned.push(...now.symmetricDifference(state.beside.get(site) ?? new Set<string>()));
    if (now.size > 0) state.beside.set(site, now);
    else state.beside.delete(site);
  }
  for (const pc of turned) state.incidents.touch(view.memory.openIncident(pc)?.id ?? 0);
  return turned;
}

/** Schedules a frame within 250 ms if there are listeners. */
function scheduleFrame(state: LiveState): void {
  if (state.listeners.size > 0) state.cancelFrame ??= state.options.clock.after(frameEveryMs, () => sendFrames(state));
}

function sendFrames(state: LiveState): void {
  state.cancelFrame = undefined;
  const view = viewOf(state.options);
  if (view === undefined) return;
  const away = awayOf(state, view);
  const sites = state.sites.news();
  const incidents = state.incidents.news().rows.map((row) => incidentNews(row, view.table));
  state.states.touch('all');
  const [states] = state.states.news().rows;
  const shared: Omit<StreamFrame, 'at' | 'subscribed'> = {
    ...(away && away !== state.away && { away }),
    ...(states && { states }),
    ...nonEmptyLists({ sites: sites.rows, sitesGone: sites.gone, incidents, pcsGone: [...state.pcsGone] }),
    ...(state.rollcall && { rollcall: state.rollcall }),
  };
  const turned = view.subscribed !== state.subscribed;
  const fresh = [...state.pcs].filter((pc) => view.table.node(pc) !== undefined);
  for (const pc of fresh) state.heard.set(pc, view.memory.pcs.get(pc)?.heardAt ?? 0);
  state.pcs.clear();
  state.pcsGone.clear();
  Object.assign(state, { rollcall: undefined, subscribed: view.subscribed, away });
  for (const [choice, listeners] of state.listeners) {
    const pcs = fresh.filter((pc) => choice === 'all' || siteOf(pc) === choice).map((pc) => pcView(view, pc));
    const frame: StreamFrame = { at: view.at, subscribed: view.subscribed, ...shared, ...nonEmptyLists({ pcs }) };
    if (turned || Object.keys(frame).length > 2) for (const listener of listeners) listener(frame);
  }
}

/**
 * Periodic work for changes that only time causes: PCs that became `unheard`, offline PCs beside an online one, and last-seen times of
 * chosen PCs.
 */
function refreshByTime(state: LiveState): void {
  const view = viewOf(state.options);
  if (view === undefined) return;
  const unheard = new Set([...view.memory.pcs].flatMap(([pc, record]) => (isNotSeen(record, view.at) ? [pc] : [])));
  const moved = state.unheard.symmetricDifference(unheard);
  state.unheard = unheard;
  const sites = view.table.sites.map(({ path }) => path);
  const pcs = [...moved, ...pcsWithChangedBeside(state, sites)];
  if (pcs.length > 0) changed(state, { pcs, incidents: [] });
  if (awayOf(state, view) !== state.away) scheduleFrame(state);
  // The engine drops old incidents without an event.
  state.incidents.touchAll((id) => !view.memory.incidents.has(id));
  for (const [choice, listeners] of state.listeners) {
    if (choice === '') continue;
    const later = pcsOfChoice(view.table, choice).flatMap((pc) => {
      const at = view.memory.pcs.get(pc)?.heardAt ?? null;
      return at === null || at === state.heard.get(pc) ? [] : [[pc, at] as const];
    });
    if (later.length === 0) continue;
    const frame = { at: view.at, subscribed: view.subscribed, heard: Object.fromEntries(later) };
    for (const listener of listeners) listener(frame);
  }
  state.heard = new Map([...view.memory.pcs].flatMap(([pc, { heardAt }]) => (heardAt === null ? [] : [[pc, heardAt]])));
}

/** Omits empty lists. */
function nonEmptyLists<T extends Record<string, readonly unknown[]>>(lists: T): Partial<T> {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)) as Partial<T>;
}

/**
 * Input of all rows. `place`: also names removed rooms. `personName`: name of the person of an id. `wanted`: profile version that a PC
 * should have.
 */
export type View = Pick<Ingest, 'memory' | 'place' | 'wanted' | 'link' | 'numbers'> & {
  table: SiteTable;
  at: number;
  subscribed: boolean;
  away: ReturnType<Ingest['away']>;
  personName(id: string): string;
};

type PresenceInput = Pick<View, 'memory' | 'table' | 'subscribed' | 'at'>;

/** True once each PC of a live site was seen since that time or was judged silent, so that the shown state is current. */
export function isSettled({ memory, table }: Pick<View, 'memory' | 'table'>, since: number): boolean {
  return table.known.every(({ pc, alerts }) => {
    const { heardAt = null, presence = 'never' } = memory.pcs.get(pc) ?? {};
    return !alerts || (heardAt ?? 0) >= since || presence === 'silent' || presence === 'stopped' || presence === 'never';
  });
}

function pcView(view: View, pc: string): PcView {
  const { memory, table } = view;
  const record = memory.pcs.get(pc);
  return {
    pc,
    site: siteOf(pc),
    state: stateOf(pc),
    room: table.place(pc).room,
    heardAt: record?.heardAt ?? null,
    calledAt: record?.calledAt ?? null,
    agent: record?.agent ?? null,
    config: { wanted: view.wanted(pc), held: record?.config ?? 0 },
    ...statusOf(view, pc),
    incident: memory.openIncident(pc)?.id ?? null,
    outage: outageOf(view, record),
  };
}

/** Returns the cause of the current outage of a PC; null if it is online. */
function outageOf(view: View, record: PcRecord | undefined): PcView['outage'] {
  const { absence, presence } = record ?? {};
  if (!record || !absence || absence.to !== null || presence === 'online' || presence === 'never') return null;
  const { cause, confidence, from } = absence;
  return { cause, confidence, sureness: confidenceLevelOf(confidence), from, ...besideOf(view, record.pc) };
}

/** Returns `beside` if another PC of the site is online, by the same rule as messages. */
function besideOf(view: View, pc: string): { beside?: true } {
  return isBeside(view.memory.pcs.get(pc), onlinePcsOf(view, siteOf(pc))) ? { beside: true } : {};
}

/** Returns the offline PCs of a site while another PC of the site is online. */
function onlineBeside(view: PresenceInput, site: string): string[] {
  const away = view.table.pcsOf(site).filter((pc) => view.memory.pcs.get(pc)?.absence?.to === null);
  const there = away.length === 0 ? [] : onlinePcsOf(view, site);
  return away.filter((pc) => isBeside(view.memory.pcs.get(pc), there));
}

function onlinePcsOf(view: PresenceInput, site: string): PcRecord[] {
  return view.table.pcsOf(site).flatMap((pc) => (presenceOf(view, pc) === 'online' ? (view.memory.pcs.get(pc) ?? []) : []));
}

/**
 * Presence, checks and readiness of a PC. No PC is online while the server receives nothing.
 * A PC without a message for its silence limit is `unheard` until the engine judges it. A receive gap of the server delays that judgement.
 */
export function statusOf(now: PresenceInput, pc: string) {
  const presence = presenceOf(now, pc);
  const checks = now.memory.pcs.get(pc)?.checks ?? [];
  return { presence, checks, ...readinessOf({ presence, checks }) };
}

function presenceOf({ memory, table, subscribed, at }: PresenceInput, pc: string): Presence {
  const record = memory.pcs.get(pc);
  const held = record === undefined || (record.heardAt === null && record.unheard) ? 'never' : record.presence;
  if (table.stageOf(pc) === 'closed' && held !== 'never') return 'stopped';
  const isDeaf = !subscribed && held !== 'never' && held !== 'stopped';
  return isDeaf ? 'silent' : isNotSeen(record, at) ? 'unheard' : held;
}

/** True for a PC that still counts as online but sent nothing for its silence limit. */
function isNotSeen(record: PcRecord | undefined, at: number): boolean {
  return record?.presence === 'online' && at - (record.heardAt ?? at) >= links[record.link].silentMs;
}

function siteView(view: View, path: string): SiteView | undefined {
  const { memory, table } = view;
  const node = table.node(path);
  if (!node?.site) return undefined;
  const pcs = table.pcsOf(path);
  const rooms = pcs.map((pc) => ({ heardAt: memory.pcs.get(pc)?.heardAt ?? null, ...statusOf(view, pc) }));
  const worst = rooms.sort((a, b) => byReadiness(a.readiness, b.readiness))[0];
  const open = pcs.flatMap((pc) => memory.openIncident(pc)?.severity ?? []).sort(bySeverity);
  const quiet = rooms.flatMap(({ presence, heardAt }) => (presence === 'online' || heardAt === null ? [] : [heardAt]));
  const { link, elevationM } = table.resolve(path).profile;
  return {
    site: path,
    state: stateOf(path),
    name: node.name,
    stage: node.site.stage,
    link,
    elevationM,
    pcs: pcs.length,
    readiness: worst?.readiness ?? 'unknown',
    why: worst === undefined ? { component: 'pc', fault: null, reason: 'never' } : worst.why,
    worst: open[0] ?? null,
    open: open.length,
    quietSince: quiet.length === 0 ? null : Math.min(...quiet),
  };
}

function stateViews(table: SiteTable): StateView[] {
  return [...table.nodes()].flatMap(({ path, name }) => (path === '' || path.includes('/') ? [] : [{ state: path, name }]));
}

export function incidentRow(view: View, incident: Incident): IncidentRow {
  const { memory, place, personName } = view;
  const { site, room } = place(incident.scope);
  const { acknowledged, assigned, snoozed, faults, told, notes: _, answers: __, deeds: ___, outage = null, ...rest } = incident;
  const ended = memory.endedOf(incident.scope);
  const planned = incident.overAt === null ? maintenanceOf(memory, incident) : undefined;
  const watched = (fault: IncidentFault) =>
    fault.goneAt !== null && incident.overAt === null && { watched: { since: fault.goneAt, until: overUnlessBackAt(fault, ended) } };
  return {
    ...rest,
    site,
    room,
    told: told.map((one) => ({ ...one, person: personName(one.person) })),
    acknowledged: acknowledged && { by: acknowledged.by, at: acknowledged.at },
    ...(assigned && { assigned: { ...assigned, to: personName(assigned.to) } }),
    ...(snoozed && { snoozed: { by: snoozed.by, at: snoozed.at, until: snoozed.until } }),
    ...(planned?.until !== undefined && { maintenance: { incident: planned.id, until: planned.until } }),
    outage: outage && {
      ...outage,
      sureness: confidenceLevelOf(outage.confidence),
      ...(outage.to === null && besideOf(view, incident.scope)),
    },
    faults: faults.map((one) => {
      const { key: _, reason: __, goneAt: ___, told: notifiedAs, ...fault } = one;
      const unnotified = incident.overAt === null && told.length > 0 && notifiedAs === null && !one.hidden;
      return { ...fault, ...watched(one), ...(unnotified && { unnotified }) };
    }),
  };
}

/** Row for the stream, without fields that the client already knows or that have their default. */
function incidentNews({ site, over, closedBecause, flapping, acknowledged, outage, ...row }: IncidentRow, table: SiteTable): IncidentNews {
  return {
    ...row,
    ...(table.node(siteOf(row.scope)) === undefined && { site }),
    ...(over && { over, closedBecause }),
    ...(flapping && { flapping }),
    ...(acknowledged && { acknowledged }),
    ...(outage && { outage }),
  };
}

function incidentView(view: View, incident: Incident): IncidentView {
  const steps = view.memory.stepsOf(incident.id);
  const history = steps.map(({ kind, at, conclusion, again }) => ({ kind, at, conclusion, ...(again && { again: again.why }) }));
  const deeds = (incident.deeds ?? []).map((one) => (one.did === 'assigned' ? { ...one, to: view.personName(one.to ?? '') } : one));
  const answers = incident.answers?.map(({ by, word, at, link }) => ({ by, word, at, link: link !== undefined }));
  return { ...incidentRow(view, incident), notes: incident.notes, ...(answers && { answers }), history, deeds };
}

/**
 * Cache of rows that detects changes. `make` returns undefined for a removed key. Guarantee: `news` never returns a row that equals the one
 * last sent or listed.
 */
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
    /** Returns the rows that changed since the last call, and the removed keys. */
    news(): { rows: R[]; gone: K[] } {
      refresh();
      const taken = { rows: [...fresh].map((key) => held.get(key)?.row).filter((row) => row !== undefined), gone: [...gone] };
      fresh.clear();
      gone.clear();
      return taken;
    },
  };
}
