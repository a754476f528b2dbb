/** What the view holds between its frames: who listens, and what was told last; and how the present memory is read. */
import type { Cancel, Clock, RollCallSummary, RollCallView, Snapshot, StateView, StreamFrame } from '@sabha/contracts';
import type { Incident } from '../engine/records/incidents.ts';
import type { Ledger } from '../engine/records/ops.ts';
import type { SiteTable } from '../engine/records/sites.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Roster } from '../notify/people/roster.ts';
import type { CommandsView } from '../operations/commands/commands.ts';
import { createRows } from './changed-rows.ts';
import { incidentRow, isSettled, siteView, stateViews, type View } from './rows.ts';

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
