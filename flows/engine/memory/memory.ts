/** The state of the engine in memory. Most changes of it also become one row of the next batch: R20 (one transaction per batch). */
import { budgets, type Check, type Status } from '@sabha/contracts';
import type { Effect, Incident, PcRecord, Timer, Transition } from '../records/incidents.ts';
import type { ComponentChange, LedgerContents, Op } from '../records/ops.ts';

export type EngineState = ReturnType<typeof createEngineState>;

export const emptyContents: LedgerContents = {
  pcs: [],
  incidents: [],
  transitions: [],
  timers: [],
  outbox: [],
  registry: { version: 0, entries: [] },
  nodes: [],
  meta: {},
  nextIncident: 1,
  nextTransition: 1,
  nextTimer: 1,
};

const changesPerMs = budgets.changesADay.most / 86_400_000;
/** The stored status of a component that is no longer reported. It is shown as unknown, and retention deletes it. */
const gone: ComponentStatus = { status: 'gone', faults: [] };
/** Limit of stored faults per component, so that a PC that reports many faults does not fill the ledger. */
const faultsKept = 16;
const gravity: Record<string, number> = { ok: 0, unknown: 1, fault: 2 } satisfies Record<Status, number>;
const timeKeys = ['at', 'since', 'lastAt', 'endedAt', 'backAt', 'toldAt', 'from', 'to'];

/** Creates the memory from the contents of the ledger. */
export function createEngineState(contents: LedgerContents) {
  const held = indexRows(contents);
  const { pcs, incidents, transitions, timers, ended, steps } = held;
  const next = { incident: contents.nextIncident, transition: contents.nextTransition, timer: contents.nextTimer };
  let written = new Map<string, Op>();
  let effects: Effect[] = [];
  const write = (key: string, op: Op) => void written.set(key, op);

  return {
    ...{ pcs, incidents, transitions, timers, ended },
    ...queriesOn(held),
    newId: (kind: keyof typeof next) => next[kind]++,

    /** Stores a record; `durable` also writes it to the ledger. */
    putPc(record: PcRecord, durable: boolean): void {
      pcs.set(record.pc, record);
      if (durable) write(`pc/${record.pc}`, { op: 'pc', record });
    },
    putIncident(incident: Incident): void {
      held.holdIncident(incident);
      write(`incident/${incident.id}`, { op: 'incident', incident });
    },
    putTransition(transition: Transition): void {
      held.holdTransition(transition);
      write(`transition/${transition.id}`, { op: 'transition', transition });
      for (const id of surplusTransitions(held, transition.incident)) {
        transitions.delete(id);
        removeFromIndex(steps, transition.incident, id);
        write(`transition/${id}`, { op: 'transition-gone', id });
      }
    },
    putTimer(timer: Timer): void {
      held.holdTimer(timer);
      write(`timer/${timer.id}`, { op: 'timer', timer });
    },
    dropTimer(timer: Timer): void {
      timers.delete(timer.id);
      removeFromIndex(held.timersOf, timer.transition, timer.id);
      write(`timer/${timer.id}`, { op: 'timer-gone', id: timer.id });
    },
    /** Writes any other row, such as one for the outbox. A later row with the same key replaces it. */
    add: write,
    effect: (effect: Effect) => void effects.push(effect),
    /** Returns and clears the collected rows and effects. Effects must follow the commit. */
    take(): { ops: Op[]; effects: Effect[] } {
      const taken = { ops: [...written.values()], effects };
      written = new Map();
      effects = [];
      return taken;
    },

    /**
     * Sets when the faults of a scope last ended or returned, for scopes other than rooms. Not written to the ledger: after a start,
     * flapping of a server fault is counted from zero.
     */
    putEnded: (scope: string, at: Record<string, number>) => void ended.set(scope, at),

    /** Removes an old ended incident from memory; it stays in the ledger. */
    dropIncident(id: number): void {
      incidents.delete(id);
      for (const step of steps.get(id) ?? []) transitions.delete(step);
      steps.delete(id);
    },
  };
}

type IndexedRows = ReturnType<typeof indexRows>;
type IdIndex = Map<number, Set<number>>;

/**
 * Returns the ids of transitions to delete if an incident has more than the limit of R27 (budgets). These are the oldest concluded ones;
 * the first and the last transition stay.
 */
function surplusTransitions({ steps, transitions }: IndexedRows, incident: number): number[] {
  const ids = steps.get(incident) ?? new Set();
  const over = ids.size - budgets.stepsKept.most;
  if (over <= 0) return [];
  const [, ...later] = ids;
  return later
    .slice(0, -1)
    .filter((id) => transitions.get(id)?.state === 'concluded')
    .slice(0, over);
}

/**
 * The rows of the ledger with their indexes. By incident: all transitions (`steps`), and those without a conclusion (`live`). By
 * transition: timers. By scope: the open incident.
 */
function indexRows(contents: LedgerContents) {
  const [live, steps, timersOf]: [IdIndex, IdIndex, IdIndex] = [new Map(), new Map(), new Map()];
  const incidents = new Map<number, Incident>();
  const transitions = new Map<number, Transition>();
  const timers = new Map<number, Timer>();
  const open = new Map<string, number>();
  const within = (index: IdIndex, key: number) => index.getOrInsertComputed(key, () => new Set());
  const held = {
    pcs: new Map(contents.pcs.map((record) => [record.pc, record])),
    ended: new Map<string, Record<string, number>>(),
    ...{ incidents, transitions, timers, live, steps, timersOf, open },
    holdIncident(incident: Incident): void {
      incidents.set(incident.id, incident);
      if (incident.over === null) open.set(incident.scope, incident.id);
      else if (open.get(incident.scope) === incident.id) open.delete(incident.scope);
    },
    holdTransition(one: Transition): void {
      transitions.set(one.id, one);
      within(steps, one.incident).add(one.id);
      if (one.state === 'concluded') removeFromIndex(live, one.incident, one.id);
      else within(live, one.incident).add(one.id);
    },
    holdTimer(timer: Timer): void {
      timers.set(timer.id, timer);
      within(timersOf, timer.transition).add(timer.id);
    },
  };
  contents.incidents.forEach(held.holdIncident);
  contents.transitions.forEach(held.holdTransition);
  contents.timers.forEach(held.holdTimer);
  return held;
}

function queriesOn({ pcs, incidents, transitions, timers, ended, live, steps, timersOf, open }: IndexedRows) {
  return {
    /** When each fault of a scope last ended or returned, by fault key. */
    endedOf: (scope: string) => pcs.get(scope)?.ended ?? ended.get(scope) ?? {},
    /** The transitions of an incident without a conclusion, in order. */
    liveOf: (incident: number) => rowsById(transitions, live.get(incident)),
    /** All stored transitions of an incident, in order. */
    stepsOf: (incident: number) => rowsById(transitions, steps.get(incident)),
    /** All transitions without a conclusion. */
    live: () => [...live.values()].flatMap((ids) => rowsById(transitions, ids)),
    timersOf: (transition: number) => rowsById(timers, timersOf.get(transition)),

    /** Earlier faults of a room of which people were notified. */
    pastOf: (scope: string) => pcs.get(scope)?.past,
    openIncident: (scope: string): Incident | undefined => incidents.get(open.get(scope) ?? Number.NaN),
    openScopes: () => [...open.keys()],
    openIncidents: (): Incident[] => rowsById(incidents, open.values()),
    /** Ids of the incidents of a scope that have a transition without a conclusion. */
    liveScope: (scope: string) => [...live.keys()].filter((id) => incidents.get(id)?.scope === scope),
  };
}

function removeFromIndex(index: IdIndex, key: number, id: number): void {
  const held = index.get(key);
  held?.delete(id);
  if (held?.size === 0) index.delete(key);
}

/** Ids grow, so the insertion order of a set is the order of ids. */
function rowsById<T>(rows: ReadonlyMap<number, T>, ids: Iterable<number> = []): T[] {
  return Array.from(ids).flatMap((id) => rows.get(id) ?? []);
}

type ComponentStatus = Pick<ComponentChange, 'status' | 'faults'>;

/**
 * Creates the recorder of status changes, which the wall shows as strips.
 * Guarantee: writes no more changes of a PC than its limit. Above the limit all components are written as unknown, once. When the PC is
 * below its limit again, the current status of each component is written (R27).
 */
export function createStatusHistory() {
  const pcs = new Map<string, { left: number; at: number; isHidden: boolean }>();
  const { most } = budgets.changesAtOnce;

  return {
    /** Returns the rows for a change of a record, and whether they exceed the limit. */
    recordChanges(before: PcRecord | undefined, after: PcRecord, at: number): { rows: ComponentChange[]; isBeyond: boolean } {
      const rows = diffRecords(before, after, at);
      if (rows.length === 0) return { rows, isBeyond: false };
      const held = pcs.get(after.pc) ?? { left: most, at, isHidden: false };
      const left = Math.min(most, held.left + (at - held.at) * changesPerMs);
      const isBeyond = left < rows.length;
      const hidden = isBeyond && !held.isHidden && before !== undefined ? unknownChanges(before, at) : [];
      pcs.set(after.pc, { left: left - (isBeyond ? hidden.length : rows.length), at, isHidden: held.isHidden || isBeyond });
      return { rows: held.isHidden || isBeyond ? hidden : rows, isBeyond };
    },
    /** Returns rows with the present status of a PC and its components, if changes of the PC were suppressed; else none. */
    resumeHidden(record: PcRecord, at: number): ComponentChange[] {
      const held = pcs.get(record.pc);
      if (held?.isHidden !== true) return [];
      pcs.set(record.pc, { ...held, isHidden: false });
      return diffRecords({ ...record, presence: 'never', checks: [] }, record, at);
    },
    setClock: (byMs: number): void => void shiftTimestamps(pcs, byMs),
    forget: (pc: string): void => void pcs.delete(pc),
  };
}

/** Returns rows after which the wall shows the PC and each of its components as unknown. */
function unknownChanges({ checks }: PcRecord, at: number): ComponentChange[] {
  const components = Array.from(statusesOf(checks).keys(), (component) => ({ component, at, ...gone }));
  return [{ component: 'presence', at, status: 'unknown', faults: [] }, ...components];
}

/**
 * Returns the changes between two records. A new record has no change of presence; a component that is no longer checked becomes `gone`.
 */
function diffRecords(before: PcRecord | undefined, after: PcRecord, at: number): ComponentChange[] {
  const changes: ComponentChange[] = [];
  if (before !== undefined && before.presence !== after.presence) {
    changes.push({ component: 'presence', at, status: after.presence, faults: [] });
  }
  if (before?.checks === after.checks) return changes;
  const held = statusesOf(before?.checks ?? []);
  const answers = statusesOf(after.checks);
  for (const component of held.keys()) if (!answers.has(component)) answers.set(component, gone);
  for (const [component, answer] of answers) {
    const before = held.get(component);
    const isSame = before?.status === answer.status && before.faults.join() === answer.faults.join();
    if (!isSame) changes.push({ component, at, ...answer });
  }
  return changes;
}

/** Returns the worst status of each component, and its faults. */
function statusesOf(checks: readonly Check[]): Map<string, ComponentStatus> {
  const answers = new Map<string, ComponentStatus>();
  for (const { component, status, fault } of checks) {
    const held = answers.get(component) ?? { status: 'ok', faults: [] };
    const faults = fault === null || held.faults.includes(fault) ? held.faults : [...held.faults, fault].sort();
    const isWorse = (gravity[status] ?? 0) > (gravity[held.status] ?? 0);
    answers.set(component, { status: isWorse ? status : held.status, faults: faults.slice(0, faultsKept) });
  }
  return answers;
}

/**
 * Shifts times by `byMs`, in place: each number in a map or a list, and the time fields (`timeKeys`) of an object. R29 (clock of the
 * server).
 */
export function shiftTimestamps<T>(held: T, byMs: number): T {
  if (typeof held === 'number') return (held + byMs) as T;
  if (held instanceof Map) for (const [key, one] of held) held.set(key, shiftTimestamps(one, byMs));
  else if (Array.isArray(held)) for (const [index, one] of held.entries()) held[index] = shiftTimestamps(one, byMs);
  else if (typeof held === 'object') {
    const row = held as Record<string, unknown>;
    for (const key of timeKeys) if (typeof row[key] === 'number') row[key] += byMs;
  }
  return held;
}
