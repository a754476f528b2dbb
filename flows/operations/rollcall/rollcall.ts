/**
 * The roll call, R17 (hello after every SUBACK): every room of a scope runs its probes, and the results are listed as they arrive. It is in
 * memory until it is finished, and is then written to the ledger as a whole. A dropped roll call leaves nothing.
 */
import {
  type Cancel,
  type Clock,
  isWithin,
  type RollCallCounts,
  type RollCallRow,
  type RollCallSummary,
  type RollCallView,
  readinesses,
  roles,
  siteOf,
  stateOf,
  zonedAt,
} from '@sabha/contracts';
import type { PcRecord } from '../../engine/records/incidents.ts';
import type { Ledger } from '../../engine/records/ops.ts';
import type { BirthState } from '../../ingest/acks.ts';
import type { Ingest } from '../../ingest/ingest.ts';
import type { Roster } from '../../notify/people/roster.ts';
import { safeTable } from '../../sites/sheet.ts';
import { type RollCallRefusal, type RollCallsView, statusOf } from '../../view/live.ts';

/** The responses are spread over `spreadMs` per PC, up to the limit. A PC without a response at the deadline counts as silent. */
const spreadMs = 15;
const spreadLimitMs = 12_000;
const deadlineMs = 28_000;
const progressEveryMs = 500;
/** A canary returns every second. If the last canary is older than this, the server may be in a receive gap, R18a (canary). */
const heardMs = 3_000;
/** Least value of that limit when the clock of a demo runs fast: no process is more punctual in real time. */
const leastHeardMs = 1_000;
const lookEveryMs = 1_000;
/** Longest total time of a roll call with receive gaps of the server. After it the roll call is dropped. */
const timeAtMostMs = 240_000;
const header = [
  ...['state', 'site', 'site_name', 'room', 'pc', 'answer_after_s', 'readiness', 'component', 'fault', 'reason', 'last_heard', 'owner'],
  ...['state_name', 'last_heard_local', 'time_zone'],
];

type RollCallOptions = {
  clock: Clock;
  roster: Roster;
  ledger: Pick<Ledger, 'rollcalls' | 'rollcall'>;
  ingest(): Ingest | undefined;
  randomId(): string;
  /** Receives the summary and the changed rows, at most every 500 ms. */
  progress(view: RollCallView): void;
};

type RunningCall = ReturnType<typeof createCall>;

type RollCallState = { options: RollCallOptions; running: RunningCall | undefined; last: RollCallSummary | null };

/**
 * Creates the roll calls. Guarantee: only one runs at a time. A PC has responded only when the server has the checks that its birth named.
 * A PC is silent only if the server received until the end. After a receive gap the missing PCs are called again with the whole time
 * (R18a).
 */
export function createRollCalls(options: RollCallOptions) {
  const state: RollCallState = { options, running: undefined, last: null };
  return {
    start: (call: Parameters<RollCallsView['start']>[0]) => start(state, call),
    last: (): RollCallSummary | null => (state.running === undefined ? state.last : summaryOf(state.running, null)),
    /** Loads the last roll call from the ledger, and corrects the times of the running one after a correction of the clock. */
    async reread(): Promise<void> {
      const { running } = state;
      if (running !== undefined) {
        running.startedAt = (options.ingest()?.time() ?? options.clock.now()) - elapsedMs(state, running);
        running.endsAt = running.startedAt + Math.round(running.endsUp - running.startedUp);
      }
      state.last = (await options.ledger.rollcalls())[0] ?? null;
    },
    async list(): Promise<RollCallSummary[]> {
      const finished = await options.ledger.rollcalls();
      return state.running === undefined ? finished : [summaryOf(state.running, null), ...finished];
    },
    async one(id: string): Promise<RollCallView | undefined> {
      const { running } = state;
      if (running?.id === id) return { ...summaryOf(running, null), rows: [...running.rows.values()] };
      return options.ledger.rollcall(id);
    },
    isRunning: (id: string): boolean => state.running?.id === id,
    /** Handles a committed birth that responds to the roll call. The state of the PC may follow later. */
    born(pc: string, { digest, session, rev }: BirthState): void {
      if (!state.running?.waiting.has(pc)) return;
      state.running.waiting.set(pc, { digest, session, rev });
      noteResponse(state, pc);
    },
    changed(pcs: readonly string[]): void {
      for (const pc of pcs) if (state.running?.waiting.get(pc) !== undefined) noteResponse(state, pc);
    },
    /** Calls again the PCs that the broker could not reach, because the broker is back. */
    subscribed(): void {
      const { running } = state;
      if (running === undefined || running.waiting.size === 0) return;
      sendHello(state, running);
      extendDeadline(state, running, deadlineMs);
    },
    drop: () => drop(state),
  };
}

function drop(state: RollCallState): void {
  state.running?.cancelEnd();
  state.running?.cancelProgress?.();
  state.running = undefined;
}

/** Starts a roll call. Guarantee: the roll call of a person with a wider scope replaces that of a person with a narrower one. */
function start(state: RollCallState, { scope, by, within = '' }: Parameters<RollCallsView['start']>[0]): { id: string } | RollCallRefusal {
  const { ingest: present, clock, randomId } = state.options;
  const ingest = present();
  const before = state.running?.within;
  if (before !== undefined && (before === within || !isWithin(within, before))) return 'busy';
  if (ingest === undefined) throw new Error('the ledger is being reopened');
  if (!ingest.isSubscribed()) return 'deaf';
  const table = ingest.table();
  if (scope !== '' && (scope.split('/').length > 2 || table.node(scope) === undefined)) return 'unknown';
  drop(state);
  const live = table.sites.filter(({ path, site }) => site?.stage === 'live' && isWithin(scope, path));
  const pcs = live.flatMap(({ path }) => table.pcsOf(path));
  const rows = new Map(pcs.map((pc) => [pc, rowOf(state, ingest, { pc, after: null })]));
  const running = createCall({ id: randomId(), scope, by, within, startedAt: ingest.time() }, rows, clock.up());
  state.running = running;
  extendDeadline(state, running, deadlineMs);
  sendHello(state, running);
  if (pcs.length === 0) void Promise.resolve().then(() => finish(state, running));
  else scheduleProgress(state, running);
  return { id: running.id };
}

type CallHeader = Pick<RollCallSummary, 'id' | 'scope' | 'by' | 'startedAt'> & { within: string };

/**
 * `within`: scope of the caller. `up`: monotonic time, so that a correction of the clock does not change response times, R29 (clock of the
 * server).
 */
function createCall(call: CallHeader, rows: Map<string, RollCallRow>, up: number) {
  return {
    ...call,
    startedUp: up,
    endsUp: up,
    endsAt: call.startedAt,
    leftMs: timeAtMostMs,
    /** True if the server received messages at the last check. */
    isHeard: true,
    rows,
    /** PCs that have not answered, with the state that their birth named. */
    waiting: new Map([...rows.keys()].map((pc): [string, BirthState | undefined] => [pc, undefined])),
    news: new Set<string>(),
    cancelProgress: undefined as Cancel | undefined,
    cancelEnd: (() => {}) as Cancel,
    /** True from the time when no more responses are expected until the ledger has the roll call. */
    isOver: false,
  };
}

/** Sets the deadline to `ms` from now, if the total time permits that. */
function extendDeadline(state: RollCallState, running: RunningCall, ms: number): void {
  const { clock, ingest } = state.options;
  const now = clock.up();
  running.leftMs -= now + ms - Math.max(now, running.endsUp);
  if (running.leftMs < 0) return drop(state);
  running.cancelEnd();
  const endsAt = (ingest()?.time() ?? clock.now()) + ms;
  Object.assign(running, { endsUp: now + ms, endsAt, cancelEnd: clock.after(ms, () => atEnd(state, running)) });
}

/** Ends the roll call after two checks without a receive gap. Until then responses may still wait in the socket or at the broker. */
function atEnd(state: RollCallState, running: RunningCall): void {
  const { ingest: present, clock } = state.options;
  const ingest = present();
  const limitMs = Math.max(heardMs, leastHeardMs * (clock.speed ?? 1));
  const isHeard = ingest !== undefined && ingest.time() - (ingest.provenAt() ?? 0) <= limitMs;
  if (isHeard && running.isHeard) return finish(state, running);
  running.isHeard = isHeard;
  extendDeadline(state, running, lookEveryMs);
  if (state.running === running) scheduleProgress(state, running);
}

function sendHello({ options }: RollCallState, { id, scope, by, waiting }: RunningCall): void {
  const ingest = options.ingest();
  if (!ingest?.isSubscribed()) return;
  const withinMs = Math.min(spreadLimitMs, spreadMs * waiting.size);
  ingest.requestBirths(scope, { id, withinMs, fresh: true }, { who: by, what: 'roll call', about: scope || 'everywhere' });
}

function noteResponse(state: RollCallState, pc: string): void {
  const { running } = state;
  const ingest = state.options.ingest();
  const born = running?.waiting.get(pc);
  if (!(running && ingest && born && isHeld(born, ingest.memory.pcs.get(pc)))) return;
  running.waiting.delete(pc);
  running.rows.set(pc, rowOf(state, ingest, { pc, after: elapsedMs(state, running) }));
  running.news.add(pc);
  if (running.waiting.size === 0) finish(state, running);
  else scheduleProgress(state, running);
}

function elapsedMs({ options }: RollCallState, { startedUp }: RunningCall): number {
  return Math.round(options.clock.up() - startedUp);
}

/** Returns true if the server has the state that the birth named, or a later one. */
function isHeld(born: BirthState, record: PcRecord | undefined): boolean {
  if (record === undefined || record.digest === born.digest) return record !== undefined;
  return record.rev > 0 && (record.session > born.session || (record.session === born.session && record.rev >= born.rev));
}

function scheduleProgress(state: RollCallState, running: RunningCall): void {
  running.cancelProgress ??= state.options.clock.after(progressEveryMs, () => {
    running.cancelProgress = undefined;
    emitProgress(state, running, null);
  });
}

function emitProgress({ options }: RollCallState, running: RunningCall, finishedAt: number | null): void {
  const rows = [...running.news].flatMap((pc) => running.rows.get(pc) ?? []);
  running.news.clear();
  options.progress({ ...summaryOf(running, finishedAt), rows });
}

function finish(state: RollCallState, running: RunningCall): void {
  const ingest = state.options.ingest();
  if (state.running !== running || running.isOver || ingest === undefined) return;
  running.isOver = true;
  running.cancelEnd();
  running.cancelProgress?.();
  for (const [pc, born] of running.waiting) {
    const row = rowOf(state, ingest, { pc, after: null });
    const presence = row.why?.reason === 'online' ? 'silent' : (row.why?.reason ?? null);
    running.rows.set(pc, { ...row, why: { component: 'pc', fault: null, reason: born === undefined ? presence : 'no checks' } });
    running.news.add(pc);
  }
  running.waiting.clear();
  const summary = summaryOf(running, running.startedAt + elapsedMs(state, running));
  void ingest.record([{ op: 'rollcall', rollcall: { ...summary, rows: [...running.rows.values()] } }]).then((committed) => {
    if (state.running === running) state.running = undefined;
    if (!committed) return;
    state.last = summary;
    emitProgress(state, running, summary.finishedAt);
  });
}

/** Row of a PC in its current state. A PC without a response is unknown, whatever its earlier state. */
function rowOf({ options }: RollCallState, ingest: Ingest, { pc, after }: Pick<RollCallRow, 'pc' | 'after'>): RollCallRow {
  const { site, room } = ingest.place(pc);
  const answer = statusOf({ memory: ingest.memory, table: ingest.table(), subscribed: ingest.isSubscribed(), at: ingest.time() }, pc);
  const { readiness, why } = after === null ? ({ readiness: 'unknown', why: null } as const) : answer;
  return {
    pc,
    site: siteOf(pc),
    state: stateOf(pc),
    siteName: site,
    room,
    after,
    readiness,
    why: after === null ? { component: 'pc', fault: null, reason: answer.presence } : why,
    heardAt: ingest.memory.pcs.get(pc)?.heardAt ?? null,
    // The owner is the technician; without one the engineer of the state; without both central operations.
    owner: readiness === 'ready' ? null : (roles.flatMap((role) => options.roster.responsible(role, pc))[0]?.name ?? null),
  };
}

function summaryOf(running: RunningCall, finishedAt: number | null): RollCallSummary {
  const { id, scope, by, startedAt, endsAt, rows } = running;
  const states = Map.groupBy(rows.values(), ({ state }) => state);
  const byState = [...states].map(([state, list]) => ({ state, ...countsOf(list) })).sort((a, b) => (a.state < b.state ? -1 : 1));
  return { id, scope, by, startedAt, endsAt, finishedAt, counts: countsOf([...rows.values()]), states: byState };
}

function countsOf(rows: readonly RollCallRow[]): RollCallCounts {
  const counts = Object.fromEntries(readinesses.map((name) => [name, rows.filter(({ readiness }) => readiness === name).length]));
  return {
    expected: rows.length,
    answered: rows.filter(({ after }) => after !== null).length,
    ...(counts as Record<'ready', number>),
  } as RollCallCounts;
}

/** Returns rows in order of state, site and PC, with CRLF. Guarantee: a text that starts like a formula gets an apostrophe in front. */
export function rollCallTable(
  { rows }: RollCallView,
  places: { stateName(state: string): string; timeZone(site: string): string },
): string {
  const sorted = rows.toSorted((a, b) => (a.pc < b.pc ? -1 : 1));
  const lines = sorted.map(({ state, site, siteName, room, pc, after, readiness, why, heardAt, owner }) => {
    const seconds = after === null ? '' : (after / 1_000).toFixed(1);
    const heard = heardAt === null ? '' : new Date(heardAt).toISOString();
    const what = [why?.component, why?.fault, why?.reason];
    const zone = places.timeZone(site);
    const local = heardAt === null ? '' : localTime(heardAt, zone);
    return [state, site, siteName.en, room.en, pc, seconds, readiness, ...what, heard, owner, places.stateName(state), local, zone];
  });
  // The byte order mark: without it a spreadsheet misreads the Hindi names.
  return `\ufeff${safeTable(header, lines)}`;
}

/** File name with the scope and the local start time. */
export function tableName({ scope, startedAt }: Pick<RollCallView, 'scope' | 'startedAt'>, zone: string): string {
  const when = localTime(startedAt, zone).slice(0, 16).replace(' ', '-').replace(':', '');
  return `roll-call-${scope === '' ? 'nation' : scope.replaceAll('/', '-')}-${when}.csv`;
}

/** Time in the format of spreadsheets: `2027-01-15 18:30:00`. */
function localTime(at: number, zone: string): string {
  const local = zonedAt(at, zone).toPlainDateTime();
  return local.toString({ smallestUnit: 'second' }).replace('T', ' ');
}
