/** What the API asks of `flows`. */
import type {
  Cancel,
  HistoryView,
  IncidentRow,
  IncidentView,
  PcView,
  RollCallSummary,
  RollCallView,
  SiteDetail,
  SiteView,
  Snapshot,
  StreamFrame,
} from '@sabha/contracts';
import type { CommandsView } from '../operations/commands/commands.ts';

/** Which PCs somebody wants to see one by one: none, all, or those of a site (`state/site`). */
export type PcChoice = '' | 'all' | `${string}/${string}`;

/** Why a roll call was not started. */
export type NotStarted = 'busy' | 'unknown' | 'deaf';

/** Once it is committed; `missing` where there is no such incident, `over` where it is over. */
export type Done = 'done' | 'missing' | 'over';

/** What is so now, its changes, and what a person does about it. */
export type CentreView = {
  /** Why it is not ready; undefined once the ledger is loaded and takes what it is given, the broker is subscribed and the tabs run. */
  unready(): string | undefined;
  snapshot(pcs: PcChoice): Snapshot;
  sites(): readonly SiteView[];
  site(path: string): SiteDetail | undefined;
  /** What the components of a site's PCs said from `from` until now. */
  history(site: string, from: number): Promise<HistoryView | undefined>;
  pcs(choice: PcChoice): PcView[];
  incidents(): readonly IncidentRow[];
  /** Also those that are over, within the last day. */
  incident(id: number): IncidentView | undefined;
  /** By which names incidents may call whoever acts under an account or a name; the first is the one that is written. */
  names(said: string): readonly [string, ...string[]];
  /** Resolves when it is committed; `missing` where there is no such incident, `over` where it is over. */
  acknowledge(id: number, by: string): Promise<Done>;
  /** Takes back what this person just acknowledged; `late`: it is somebody else's, or too long ago. */
  withdraw(id: number, by: string): Promise<Done | 'late'>;
  note(id: number, by: string, text: string): Promise<Done>;
  /** Somebody says that it is fixed: its PC is asked to look at once. */
  fixed(id: number, by: string): Promise<Done>;
  /** `nobody`: the roster has no such person. */
  assign(id: number, by: string, to: string): Promise<Done | 'nobody' | 'often'>;
  /** `time`: it is past, or too far ahead. */
  snooze(id: number, by: string, until: number): Promise<Done | 'time' | 'often'>;
  rollcalls: RollCallsView;
  commands: CommandsView;
  now(): number;
  /** Called after each commit that changed something, at most every 250 ms, with what changed of the sites, the incidents and the chosen PCs. */
  onChange(pcs: PcChoice, listener: (frame: StreamFrame) => void): Cancel;
};

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
