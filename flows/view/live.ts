/** What the API sees of the present memory, and may do to it: snapshots, changes as they come, acknowledge and note. */
import {
  airAt,
  byReadiness,
  bySeverity,
  type Cancel,
  type Clock,
  type HistoryView,
  type IncidentNews,
  type IncidentRow,
  type IncidentView,
  isPcPath,
  links,
  maintainedIn,
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
  siteOf,
  stateOf,
  surenessOf,
} from '@sabha/contracts';
import { isOrderedOften, mayWithdraw, snoozeMostMs } from '../engine/handling/handling.ts';
import { isBeside } from '../engine/outages/outages.ts';
import type { Incident, PcRecord, StandingFault } from '../engine/records/incidents.ts';
import { type Audit, type Ledger, withdrawnWord } from '../engine/records/ops.ts';
import type { SiteTable } from '../engine/records/sites.ts';
import { watchedUntil } from '../engine/transitions/incident.ts';
import { maintainedFor } from '../engine/transitions/noise.ts';
import type { Changed } from '../ingest/acks.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { namesOfOne, personNamed, type Roster } from '../notify/people/roster.ts';
import { telOf } from '../notify/roster/book.ts';
import type { CommandsView } from '../operations/commands/commands.ts';
import { checklist } from '../sites/life.ts';
import { historyOf } from './strips.ts';

/** The live state, its changes, and the acts of people on incidents. */
export type CentreView = ReturnType<typeof createLiveView>['view'];

/**
 * Result of an act; `done` after its commit. `missing`: no such incident. `late`: somebody else acknowledged it, or too long ago. `nobody`: no such
 * person in the roster. `time`: in the past or too far ahead. `often`: rate limited, since each such act notifies somebody.
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

/** All details of a site; the report of its link is left out if the reporting PC is no longer there. */
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

/** An act of a person on an incident. */
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

/** A withdrawal is audited as `acknowledge`, so that a search for acknowledgements finds both. */
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

/** What was told, to whom, and what is news since. */
type State = ReturnType<typeof createState>;

/** Nobody listens, and nothing was told. */
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
  state.states.touch('all');
  state.states.news();
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
  state.states.touch('all');
  const [states] = state.states.news().rows;
  const shared: Omit<StreamFrame, 'at' | 'subscribed'> = {
    ...(away && away !== state.away && { away }),
    ...(states && { states }),
    ...some({ sites: sites.rows, sitesGone: sites.gone, incidents, pcsGone: [...state.pcsGone] }),
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

/** `place` also names rooms that are gone; `personName` is what people call the person of an id; `wanted` the version of the profile that a PC ought to have. */
export type View = Pick<Ingest, 'memory' | 'place' | 'wanted' | 'link' | 'numbers'> & {
  table: SiteTable;
  at: number;
  subscribed: boolean;
  /** The last time in which the centre heard nobody. */
  away: ReturnType<Ingest['away']>;
  personName(id: string): string;
};

/** Of a view, what presence is judged by. */
type Now = Pick<View, 'memory' | 'table' | 'subscribed' | 'at'>;

/** True once each PC of a live site was heard after a time, or found silent: what stands is of now. */
export function isSettled({ memory, table }: Pick<View, 'memory' | 'table'>, since: number): boolean {
  return table.known.every(({ pc, alerts }) => {
    const { heardAt = null, presence = 'never' } = memory.pcs.get(pc) ?? {};
    return !alerts || (heardAt ?? 0) >= since || presence === 'silent' || presence === 'stopped' || presence === 'never';
  });
}

/** A PC as it is now. */
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
    ...answerOf(view, pc),
    incident: memory.openIncident(pc)?.id ?? null,
    outage: outageOf(view, record),
  };
}

/** Why a PC is away now. */
function outageOf(view: View, record: PcRecord | undefined): PcView['outage'] {
  const { absence, presence } = record ?? {};
  if (!record || !absence || absence.to !== null || presence === 'online' || presence === 'never') return null;
  const { cause, confidence, from } = absence;
  return { cause, confidence, sureness: surenessOf(confidence), from, ...besideOf(view, record.pc) };
}

/** That another PC of its site answers, where its own is away: by the rule of the messages, and of those that are shown as there. */
function besideOf(view: View, pc: string): { beside?: true } {
  return isBeside(view.memory.pcs.get(pc), answering(view, siteOf(pc))) ? { beside: true } : {};
}

/** The PCs of a site that are away while another one of it answers. */
function besideAt(view: Now, site: string): string[] {
  const away = view.table.pcsOf(site).filter((pc) => view.memory.pcs.get(pc)?.absence?.to === null);
  const there = away.length === 0 ? [] : answering(view, site);
  return away.filter((pc) => isBeside(view.memory.pcs.get(pc), there));
}

function answering(view: Now, site: string): PcRecord[] {
  return view.table.pcsOf(site).flatMap((pc) => (presenceOf(view, pc) === 'online' ? (view.memory.pcs.get(pc) ?? []) : []));
}

/**
 * Presence, checks and readiness of a PC. While the centre hears nothing, nobody is online; nor is anybody where it does not listen any more, or
 * who was not heard for its limit: a gap of ours gives it another one, and nobody vouches for it meanwhile.
 */
export function answerOf(now: Now, pc: string) {
  const presence = presenceOf(now, pc);
  const checks = now.memory.pcs.get(pc)?.checks ?? [];
  return { presence, checks, ...readinessOf({ presence, checks }) };
}

function presenceOf({ memory, table, subscribed, at }: Now, pc: string): Presence {
  const record = memory.pcs.get(pc);
  const held = record === undefined || (record.heardAt === null && record.unheard) ? 'never' : record.presence;
  if (table.stageOf(pc) === 'closed' && held !== 'never') return 'stopped';
  const isDeaf = !subscribed && held !== 'never' && held !== 'stopped';
  return isDeaf ? 'silent' : isUnheard(record, at) ? 'unheard' : held;
}

/** True of one that is there as far as anybody judged, and was not heard for its limit. */
function isUnheard(record: PcRecord | undefined, at: number): boolean {
  return record?.presence === 'online' && at - (record.heardAt ?? at) >= links[record.link].silentMs;
}

/** A site in a row; undefined where there is none. */
function siteView(view: View, path: string): SiteView | undefined {
  const { memory, table } = view;
  const node = table.node(path);
  if (!node?.site) return undefined;
  const pcs = table.pcsOf(path);
  const rooms = pcs.map((pc) => ({ heardAt: memory.pcs.get(pc)?.heardAt ?? null, ...answerOf(view, pc) }));
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

/** The states of the table, by their names. */
function stateViews(table: SiteTable): StateView[] {
  return [...table.nodes()].flatMap(({ path, name }) => (path === '' || path.includes('/') ? [] : [{ state: path, name }]));
}

/** An incident as it stands in lists. */
export function incidentRow(view: View, incident: Incident): IncidentRow {
  const { memory, place, personName } = view;
  const { site, room } = place(incident.scope);
  const { acknowledged, assigned, snoozed, faults, told, notes: _, answers: __, deeds: ___, outage = null, ...rest } = incident;
  const ended = memory.endedOf(incident.scope);
  const planned = incident.overAt === null ? maintainedFor(memory, incident) : undefined;
  const watched = (fault: StandingFault) =>
    fault.goneAt !== null && incident.overAt === null && { watched: { since: fault.goneAt, until: watchedUntil(fault, ended) } };
  return {
    ...rest,
    site,
    room,
    told: told.map((one) => ({ ...one, person: personName(one.person) })),
    acknowledged: acknowledged && { by: acknowledged.by, at: acknowledged.at },
    ...(assigned && { assigned: { ...assigned, to: personName(assigned.to) } }),
    ...(snoozed && { snoozed: { by: snoozed.by, at: snoozed.at, until: snoozed.until } }),
    ...(planned?.until !== undefined && { maintenance: { incident: planned.id, until: planned.until } }),
    outage: outage && { ...outage, sureness: surenessOf(outage.confidence), ...(outage.to === null && besideOf(view, incident.scope)) },
    faults: faults.map((one) => {
      const { key: _, reason: __, goneAt: ___, told: notifiedAs, ...fault } = one;
      const unnotified = incident.overAt === null && told.length > 0 && notifiedAs === null && !one.hidden;
      return { ...fault, ...watched(one), ...(unnotified && { unnotified }) };
    }),
  };
}

/** The row as a frame of the stream carries it. */
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

/** An incident with its notes and its history. */
function incidentView(view: View, incident: Incident): IncidentView {
  const steps = view.memory.stepsOf(incident.id);
  const history = steps.map(({ kind, at, conclusion, again }) => ({ kind, at, conclusion, ...(again && { again: again.why }) }));
  const deeds = (incident.deeds ?? []).map((one) => (one.did === 'assigned' ? { ...one, to: view.personName(one.to ?? '') } : one));
  const answers = incident.answers?.map(({ by, word, at, link }) => ({ by, word, at, link: link !== undefined }));
  return { ...incidentRow(view, incident), notes: incident.notes, ...(answers && { answers }), history, deeds };
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
      const taken = { rows: [...fresh].map((key) => held.get(key)?.row).filter((row) => row !== undefined), gone: [...gone] };
      fresh.clear();
      gone.clear();
      return taken;
    },
  };
}
