/**
 * The incident engine: turns messages and silence of PCs into incidents and transitions. It does not decide who is notified. After each
 * event the caller takes rows and effects. It commits the rows, and then executes the effects: R20 (one transaction per batch).
 */
import { isPcPath, links, maintenanceFault, maintenanceScope, scopePlace, unfinishedFault } from '@sabha/contracts';
import { applyOrder, dueStep, isAcknowledgedBy, notesKept, type OrderContext, personWhoReplied } from '../handling/handling.ts';
import { createEngineState, type EngineState } from '../memory/memory.ts';
import { afterMessage, discardWrongWill, isCurrentMachine, type MessageResult, markSeen } from '../outages/pc.ts';
import type {
  EngineEvent,
  HandlingOrder,
  Incident,
  IncidentReply,
  KnownPc,
  PcEvent,
  PcRecord,
  Repeat,
  ServerEvent,
} from '../records/incidents.ts';
import { notMinePrefix } from '../records/notices.ts';
import { unknownNamedKey } from '../records/ops.ts';
import type { MaintenanceDate } from '../records/sites.ts';
import { notifyCentral } from '../transitions/delivery.ts';
import { maintenanceOf } from '../transitions/flood-control.ts';
import { createPresentFault, faultKey, stateOfList } from '../transitions/incident.ts';
import { createTransitions, restoreLimits } from '../transitions/transitions.ts';
import {
  isNeighbourOnline,
  judgeSilence,
  listenedWithoutPc,
  nextClearAt,
  updateOpen,
  updateOutage,
  withCurrentPresence,
} from './causes.ts';
import {
  applySiteTable,
  createContextParts,
  type EngineContext,
  type EngineOptions,
  listeningSince,
  mayHaveQueued,
  putRecord,
  raiseNoisy,
  setServerFault,
  startQueueWait,
  stopRevoked,
  unreadableLimit,
  updateMuting,
  updateNotSeen,
  updatePc,
  updateScope,
} from './core.ts';

/** Least interval of state requests to a PC, and the longer interval after three unreadable responses: R13 (convergence). */
const askEveryMs = 10_000;
const askUnreadableEveryMs = 3_600_000;
/**
 * Limits of R19 (outages of the server itself). A loss of the broker for this long is a fault of the server, and so is this number of
 * starts within the window.
 */
const brokerLostMs = 60_000;
const startsWindowMs = 30 * 60_000;
const startsLimit = 3;
/** Limit of R18a (canary): this number of receive gaps within this window is the fault `centre.slow`. */
const slowWindowMs = 10 * 60_000;
const slowLimit = 3;
/**
 * The silence limit of the slowest link class, ms. Receive gaps that follow each other for `gapsHideMs`, twice this limit, are the fault
 * `centre.slow`: they leave no time to judge silence.
 */
const slowestSilenceMs = Math.max(...Object.values(links).map(({ silentMs }) => silentMs));
const gapsHideMs = 2 * slowestSilenceMs;
/**
 * Receive gaps within this time count once, because they have one cause. A stopped process also loses its session, and setting a clock may
 * take several attempts.
 */
const sameGapMs = 60_000;
/** R24 (default route): the fault that the tabs did not conclude ends this long after the last use of the default route. */
const unfinishedStandsMs = 60_000;
/**
 * Interval at which central operations are notified of incidents whose check is unknown for a day: R14 (unknown freezes an incident). Also
 * the time for which an ended incident stays in memory.
 */
const dayMs = 24 * 3_600_000;
const timeNames =
  'at since from to goneAt goneBy unknownSince openedAt overAt offeredAt hadAt lastAt heardAt lostAt calledAt clonedAt aliveAt mainsGoneAt';
const timeKeys = new Set(timeNames.split(' '));

export type Engine = ReturnType<typeof createEngine>;

/** Creates the engine from the ledger and the site table. It judges no silence before `subscribed`: R18 (silence). */
export function createEngine(options: EngineOptions, now: number) {
  const core = createCore(options, now);
  applySiteTable(core, { pcs: options.known, because: {}, replaced: [] }, now);
  return {
    memory: core.memory,
    known: core.known as ReadonlyMap<string, KnownPc>,
    isSubscribed: () => core.subscribedAt !== null,
    /** True if the last digest of the PC since the last SUBACK equals that of the stored state. */
    isCurrent: (pc: string) => core.current.has(pc),

    /** Returns the result of `listenedWithoutPc` as JSON, to be stored for the next start. */
    listenedJson: () => JSON.stringify(listenedWithoutPc(core)),

    /** Rejects messages of a replaced machine: R30 (replacement). */
    acceptsMachine(event: PcEvent): boolean {
      const record = core.memory.pcs.get(event.pc);
      return record === undefined || isCurrentMachine(record, event);
    },

    /** Returns when the next disappeared fault will end; infinity if there is none. */
    nextClearAt: (at: number) => nextClearAt(core, at),

    /** Applies one event. `take` returns the resulting rows and effects. */
    apply: (event: EngineEvent, at: number) => ('pc' in event ? applyPcEvent(core, event, at) : applyServerEvent(core, event, at)),

    /**
     * Fast path for a beat from an online PC, if its digest is the stored one: only the last-seen time changes. Returns false if the beat
     * needs full handling.
     */
    applyUnchangedBeat(pc: string, at: number): boolean {
      const record = core.memory.pcs.get(pc);
      // A beat does not identify the machine that sent it, so after a replacement the full check applies.
      if (record?.presence !== 'online' || record.lostAt !== null || record.formers?.length || !core.known.has(pc)) return false;
      core.memory.putPc(markSeen(record, at), false);
      core.current.add(pc);
      return true;
    },

    take: core.memory.take,
  };
}

function createCore(options: EngineOptions, now: number): EngineContext {
  const memory = createEngineState(options.contents);
  clampFutureTimes(memory, now);
  setLastSeenTimes(memory, Math.min(options.listenedUntil ?? 0, now));
  const held = createContextParts(options, memory, now);
  restoreLimits(held.floodControl, memory);
  const transitions = createTransitions(memory, {
    ...options,
    facts(scope) {
      const { link = 'fibre', elevationM = 0 } = held.known.get(scope) ?? {};
      return { link, elevationM, timeZone: options.place(scope).timeZone };
    },
    isUnread: (scope, at) => mayHaveQueued(held, scope, at),
    isBeside: (scope) => isNeighbourOnline(held, scope),
    pace: held.floodControl,
  });
  held.followers.push(transitions);
  return Object.assign(held, { transitions });
}

function applyServerEvent(core: EngineContext, event: ServerEvent, now: number): void {
  switch (event.type) {
    case 'known':
      return applySiteTable(core, event, now);
    case 'revoked':
      return stopRevoked(core, event.pcs, now);
    case 'subscribed':
      core.subscribedAt = now;
      core.unsubscribedAt = null;
      core.provenAt = now;
      core.listeningTime.beginListening(now);
      return tick(core, now);
    case 'unsubscribed':
      recordGap(core, now, event.slow === true);
      if (event.slow === true) {
        // Queued messages of PCs are read before people are notified. Offers from before the stop are not repeated yet, because the tabs
        // stopped too (R18a, R24).
        startQueueWait(core, now);
        core.transitions.commitBlocked(now);
      }
      core.subscribedAt = null;
      core.current.clear();
      core.unsubscribedAt ??= now;
      return;
    case 'noisy':
      if (core.known.has(event.of) && core.floodControl.markNoisy(event.of, event.what, now))
        raiseNoisy(core, { pc: event.of, what: event.what }, now);
      return;
    case 'started':
      return core.transitions.restart(now);
    case 'look-again':
      updateMaintenance(core, now);
      return core.transitions.lookAgain(now);
    case 'tick':
      core.provenAt = event.provenAt ?? now;
      if (core.subscribedAt !== null) core.listeningTime.extendTo(core.provenAt);
      if (event.hung) core.transitions.commitBlocked(now);
      return tick(core, now);
    case 'clock':
      setClock(core, event.byMs, now);
      if (event.gap) recordGap(core, now, false);
      return;
    case 'centre':
      return setServerFault(core, event, now);
    case 'conclude':
      return core.transitions.conclude(event, now);
    case 'answer':
      return recordReply(core, event, now);
    case 'note': {
      const one = core.memory.incidents.get(event.incident);
      const note = { at: now, by: event.by, text: event.text };
      if (one !== undefined) core.memory.putIncident({ ...one, notes: [...one.notes, note].slice(-notesKept) });
      return;
    }
    default:
      return executeOrder(core, event, now);
  }
}

/** Records a receive gap. Each failed attempt to connect reports a lost subscription; all of them together are one gap. */
function recordGap(core: EngineContext, now: number, isSlow: boolean): void {
  const last = core.gapsAt.at(-1) ?? Number.NEGATIVE_INFINITY;
  if (core.subscribedAt !== null && (isSlow || now - last >= sameGapMs)) core.gapsAt = [...core.gapsAt, now];
}

/**
 * True if `centre.slow` is due: too many receive gaps within the window, or a series of gaps as long as `gapsHideMs`. Keeps only the gaps
 * that this judgement needs.
 */
function hasTooManyGaps(core: EngineContext, now: number): boolean {
  const isLate = (at: number) => now - at < slowWindowMs;
  const [first = now] = core.gapsAt;
  const last = core.gapsAt.at(-1) ?? Number.NEGATIVE_INFINITY;
  if (now - last > slowestSilenceMs) core.gapsAt = [];
  else core.gapsAt = core.gapsAt.filter((at) => at === first || at === last || isLate(at));
  return core.gapsAt.filter(isLate).length >= slowLimit || (core.gapsAt.length > 0 && now - first >= gapsHideMs);
}

function applyPcEvent(core: EngineContext, event: PcEvent, now: number): void {
  const before = core.memory.pcs.get(event.pc);
  if (before === undefined || !core.known.has(event.pc) || !isCurrentMachine(before, event)) return;
  const step = afterMessage(before, event, { now, listeningSince: listeningSince(core, event.pc) });
  if ('digest' in event && !step.stale) core.current[event.digest === step.record.digest ? 'add' : 'delete'](event.pc);
  const judged = withCurrentPresence(core, recordAfterMessage(step, event, now));
  const record = step.stale ? judged : updateOutage(core, { before, record: judged, event }, now);
  if (isSessionLoss(before, record, core.subscribedAt ?? now)) core.sessionLosses.recordLoss(record.pc, now);
  // If only the last-seen time changes, the record is not written to the ledger.
  const changed = (Object.keys(record) as (keyof PcRecord)[]).some((key) => key !== 'heardAt' && before[key] !== record[key]);
  if (changed) putRecord(core, record, now);
  else core.memory.putPc(record, false);
  requestMissing(core, { step, before, record, now });
  if (changed || step.unreadable) updatePc(core, event.pc, now);
  if (before.unheard && !record.unheard) core.notSeenListChanged = true;
}

/** Records the last-seen time. A last will changes nothing here, because the broker sends it, not the PC. */
function recordAfterMessage({ record, stale }: MessageResult, event: PcEvent, now: number): PcRecord {
  if (event.type === 'lost') return record;
  return markSeen(stale ? record : discardWrongWill(record, now, event.type === 'birth' ? event.askedMs : undefined), now);
}

/**
 * True if the earlier session was lost: a newer session follows it, and the PC sent no bye. The first message after a receive gap does not
 * count.
 */
function isSessionLoss(before: PcRecord, { session }: PcRecord, listeningSince: number): boolean {
  if ((before.heardAt ?? 0) < listeningSince) return false;
  return session > before.session && before.session > 0 && before.presence !== 'stopped' && before.presence !== 'never';
}

/** Records software updates of the PC, requests missing data from it, and counts its unreadable states (R13). */
function requestMissing(core: EngineContext, at: { step: MessageResult; before: PcRecord; record: PcRecord; now: number }): void {
  const { step, before, record, now } = at;
  const pc = record.pc;
  if (record.updates !== before.updates) core.commonFaults.updated(pc, record.updates ?? []);
  if (step.ask?.includes('inventory')) core.memory.effect({ do: 'ask', pc, want: ['inventory'] });
  if (record.rev > 0 && (record.rev !== before.rev || record.session !== before.session)) core.stateRequests.delete(pc);
  const asking = core.stateRequests.get(pc) ?? { needed: false, askedAt: Number.NEGATIVE_INFINITY, unreadable: 0 };
  const isUnread = step.unreadable === true;
  if (isUnread || step.ask?.includes('state'))
    core.stateRequests.set(pc, { ...asking, unreadable: asking.unreadable + Number(isUnread), needed: true });
  requestState(core, pc, now);
}

function requestState(core: EngineContext, pc: string, now: number): void {
  const asking = core.stateRequests.get(pc);
  const everyMs = (asking?.unreadable ?? 0) >= unreadableLimit ? askUnreadableEveryMs : askEveryMs;
  if (asking?.needed !== true || now - asking.askedAt < everyMs) return;
  core.stateRequests.set(pc, { ...asking, askedAt: now });
  core.memory.effect({ do: 'ask', pc, want: ['state'] });
}

function tick(core: EngineContext, now: number): void {
  updateMaintenance(core, now);
  judgeSilence(core, now);
  for (const pc of core.stateRequests.keys()) requestState(core, pc, now);
  const starts = core.starts.filter((at) => now - at < startsWindowMs).length;
  // After a stop of this process, a broker loss is reported only if the process does not reconnect before `unreadUntil`. A fault that is
  // already present stays until the connection is back.
  const isDue = now >= core.unreadUntil || core.serverFaults.has(faultKey('centre.broker_lost', ''));
  const isLost = isDue && core.unsubscribedAt !== null && now - core.unsubscribedAt >= brokerLostMs;
  setServerFault(core, { fault: 'centre.broker_lost', device: '', standing: isLost }, now);
  // Receive gaps are counted when they end. If the broker is lost, people are notified of that fault, so the gaps before it are not
  // counted.
  if (isLost) core.gapsAt = [];
  if (core.unsubscribedAt === null) setServerFault(core, { fault: 'centre.slow', device: '', standing: hasTooManyGaps(core, now) }, now);
  setServerFault(core, { fault: 'centre.restarts', device: '', standing: starts >= startsLimit }, now);
  if (core.transitions.tick(now)) core.unfinishedAt = now;
  setServerFault(core, { fault: unfinishedFault, device: '', standing: now - core.unfinishedAt < unfinishedStandsMs }, now);
  if (core.notSeenListChanged) updateNotSeen(core, now);
  updateMuting(core, now);
  updateOpen(core, now);
  applyDueSteps(core, now);
  listUnknown(core, now);
  for (const { id, overAt } of core.memory.incidents.values()) {
    if (overAt !== null && now - overAt > dayMs && core.memory.liveOf(id).length === 0) core.memory.dropIncident(id);
  }
}

function listUnknown(core: EngineContext, now: number): void {
  if (now - core.unknownListedAt < dayMs) return;
  const frozen = core.memory
    .openIncidents()
    .filter(({ faults }) => faults.some(({ unknownSince }) => unknownSince !== null && now - unknownSince >= dayMs));
  if (frozen.length === 0) return;
  core.unknownListedAt = now;
  // Written to the ledger, because a server that restarts repeatedly would otherwise send the list after each start.
  core.memory.add(unknownNamedKey, { op: 'meta', key: unknownNamedKey, value: `${now}` });
  const names = frozen.map(({ scope }) => `${core.options.place(scope).site.en}, ${core.options.place(scope).room.en}`);
  const { memory, options } = core;
  notifyCentral({ memory, options, now }, { kind: 'direct', lines: ['unknown_for_a_day', ...names], key: `unknown-${now}` });
}

/** Converts a time, in ms, to the corrected clock. */
type ShiftTime = (at: number) => number;

/**
 * Corrects stored times that are later than `now`.
 * Guarantee: no stored time is later than `now`, and no timer runs longer than it was set for. Otherwise a clock set back by an hour would
 * delay every hold, clear and silence by an hour. Corrected times are written to the ledger.
 */
function clampFutureTimes(memory: EngineState, now: number): void {
  for (const timer of [...memory.timers.values()]) {
    const setAt = memory.transitions.get(timer.transition)?.at ?? 0;
    if (setAt > now) memory.putTimer({ ...timer, dueAt: now + timer.dueAt - setAt });
  }
  shiftRecords(memory, (at) => Math.min(at, now));
  clampLedgerTimes(memory, now);
}

/**
 * Sets the last-seen time of PCs that were online when the last run of `flows` ended: one beat interval before that end. The ledger does
 * not store the time of each beat.
 */
function setLastSeenTimes(memory: EngineState, listenedUntil: number): void {
  for (const record of [...memory.pcs.values()]) {
    const heardAt = listenedUntil - links[record.link].beatMs;
    if (record.presence === 'online' && record.lostAt === null && heardAt > (record.heardAt ?? heardAt))
      memory.putPc({ ...record, heardAt }, false);
  }
}

/**
 * Shifts the times of this run of `flows` when the clock is set by `byMs`: R29 (clock of the server). So no hold, timer, silence limit or
 * calm time ends early. Times of earlier runs do not change. In the status strips, times later than `now` become `now`.
 */
function setClock(core: EngineContext, byMs: number, now: number): void {
  const { memory, startedAt: from } = core;
  // Times of earlier runs stay before those of this run, however often the clock is set.
  const move: ShiftTime = (at) => (at >= from ? at + byMs : Math.min(at, from + byMs - 1));
  for (const one of core.followers) one.setClock(byMs);
  shiftRecords(memory, move);
  for (const timer of [...memory.timers.values()]) memory.putTimer({ ...timer, dueAt: timer.dueAt + byMs });
  for (const [scope, ended] of memory.ended) memory.putEnded(scope, shiftRowTimes(ended, move, isAnyTime));
  core.startedAt += byMs;
  core.subscribedAt = core.subscribedAt && move(core.subscribedAt);
  core.unsubscribedAt = core.unsubscribedAt && move(core.unsubscribedAt);
  core.provenAt += byMs;
  core.gapsAt = core.gapsAt.map(move);
  core.starts = core.starts.map(move);
  core.unreadUntil += byMs;
  core.unfinishedAt += byMs;
  core.unknownListedAt += byMs;
  for (const [pc, at] of core.expectedSince) core.expectedSince.set(pc, move(at));
  for (const asking of core.stateRequests.values()) asking.askedAt += byMs;
  if (byMs < 0) clampLedgerTimes(memory, now);
}

/**
 * Adds a row for the next commit that sets all later times in the ledger to `now`. Each clock change gets its own row, because a row
 * corrects only rows written before it.
 */
function clampLedgerTimes(memory: EngineState, now: number): void {
  memory.add(`not-ahead/${now}`, { op: 'not-ahead', at: now });
}

/** Moves the times of all records, incidents and transitions, and writes the changed ones. */
function shiftRecords(memory: EngineState, move: ShiftTime): void {
  const moveEach = <T extends object>(rows: ReadonlyMap<unknown, T>, put: (row: T) => void) => {
    for (const row of [...rows.values()]) {
      const next = shiftRowTimes(row, move);
      if (next !== row) put(next);
    }
  };
  moveEach(memory.pcs, (record) => memory.putPc(record, true));
  moveEach(memory.incidents, memory.putIncident);
  moveEach(memory.transitions, memory.putTransition);
}

/** Used for the map `ended` of a record: its keys are keys of faults, and each of its values is a time. */
const isAnyTime = () => true;

/** Shifts the times of a row at any depth. Returns the same object if no time changes. A field `until` keeps its distance to `at`. */
function shiftRowTimes<T extends object>(row: T, move: ShiftTime, isTime = (key: string) => timeKeys.has(key)): T {
  const changes = Object.entries(row).flatMap(([key, value]: [string, unknown]) => {
    let next = value;
    if (typeof value === 'object' && value !== null) next = shiftRowTimes(value, move, key === 'ended' ? isAnyTime : undefined);
    else if (typeof value === 'number' && isTime(key)) next = move(value);
    else if (typeof value === 'number' && key === 'until' && 'at' in row && typeof row.at === 'number')
      next = value + move(row.at) - row.at;
    return next === value ? [] : [[key, next] as const];
  });
  if (changes.length === 0) return row;
  return Object.assign(Array.isArray(row) ? [...row] : { ...row }, Object.fromEntries(changes)) as T;
}

/** Tolerance, in ms, for a clock that is set near the start or the end of a maintenance. */
const edgeMs = 60_000;
/** Minimum interval of notices to central operations about a declined incident, per person who declines it. */
const notMineEveryMs = 3_600_000;
/** Replies kept per incident; older ones are dropped. */
const answersAtMost = 256;

/**
 * Updates incidents of planned maintenance. Guarantee: the result depends only on the time of day and the ledger. So neither a restart nor
 * a set clock (R29) changes how often people are notified of start, end and remaining faults.
 */
function updateMaintenance(core: EngineContext, now: number): void {
  const { memory, options } = core;
  const planned = options.maintenance === undefined ? [] : options.maintenance(now);
  if (planned === undefined) return;
  const dates = Map.groupBy(planned, ({ scope }) => scope);
  const open = memory.openScopes().flatMap((scope) => scopePlace(scope) ?? []);
  if (dates.size + open.length === 0) return;
  const quiet = memory.openIncidents().filter((incident) => maintenanceOf(memory, incident) !== undefined);
  for (const path of new Set([...open, ...dates.keys()])) updateMaintenanceOf(core, { path, dates: dates.get(path) ?? [] }, now);
  const left = quiet.filter((incident) => incident.snoozed === undefined && maintenanceOf(memory, incident) === undefined);
  for (const incident of left) notifyAgain(core, { incident, again: { why: 'maintained', by: '', to: [] } }, now);
}

function updateMaintenanceOf(core: EngineContext, { path, dates }: { path: string; dates: readonly MaintenanceDate[] }, now: number): void {
  const scope = maintenanceScope(path);
  const begun = new Set(core.memory.openIncident(scope)?.faults.map(({ key }) => key));
  // Each date of a series has its own fault key, so a nightly maintenance does not count as flapping.
  const faultOf = ({ id, from, title }: MaintenanceDate) => ({
    ...createPresentFault(maintenanceFault, `${id}@${from}`, from),
    name: title,
  });
  const going = dates.filter((date) => {
    const isBegun = begun.has(faultOf(date).key);
    return date.from - (isBegun ? edgeMs : 0) <= now && now < date.to - (isBegun ? 0 : edgeMs);
  });
  const until = going.length > 0 ? { until: Math.max(...going.map(({ to }) => to)) } : {};
  updateScope(core, { scope, scene: stateOfList(going.map(faultOf)), ...until }, now);
}

/** Executes an order of a person about an open incident. An ended incident does not change. */
function executeOrder(core: EngineContext, order: HandlingOrder, now: number): void {
  const { memory, known } = core;
  const incident = memory.incidents.get(order.incident);
  if (incident === undefined || incident.over !== null) return;
  const next = applyOrder(incident, order, { now, link: known.get(incident.scope)?.link ?? 'fibre' });
  memory.putIncident(next);
  if (order.type === 'assign') notifyAgain(core, { incident: next, again: { why: 'assigned', by: order.by, to: [order.to] } }, now);
}

/** Ends snoozes, reported repairs and acknowledgements whose time has passed, and notifies people again. */
function applyDueSteps(core: EngineContext, now: number): void {
  const { memory } = core;
  for (const incident of memory.openIncidents()) {
    const { scope } = incident;
    const heardAt = isPcPath(scope) ? (memory.pcs.get(scope)?.heardAt ?? null) : undefined;
    const due = dueStep(incident, { now, heardAt });
    if (due === undefined) continue;
    memory.putIncident(due.incident);
    notifyAgain(core, due, now);
  }
}

/**
 * Notifies people again of an incident. The incident names people by account or by name. If two persons have the same name, the one who
 * replied is chosen. If a name is not in the roster, the tabs choose the recipients.
 */
function notifyAgain(
  { transitions, options }: EngineContext,
  { incident, again }: { incident: Incident; again: Repeat },
  now: number,
): void {
  const answerer = (name: string) => (again.why === 'assigned' ? undefined : personWhoReplied(incident, name));
  const to = again.to.flatMap((name) => answerer(name) ?? options.personNamed(name) ?? []);
  transitions.addRepeat(incident, { ...again, to }, now);
  transitions.proceed(incident.id, now);
}

type ReplyContext = Pick<EngineContext, 'memory' | 'known'> & { options: Pick<EngineContext['options'], 'central' | 'place'> };

/**
 * Records the reply of a person to a message about an incident.
 * - *Going* and *fixed* acknowledge the incident, which ends the escalation.
 * - *Here* does the same if no person has acknowledged the incident.
 * - *Seen* only informs others.
 * - *Not mine* withdraws an acknowledgement of this person. If nobody has acknowledged the incident then, the next recipients are notified
 * at once.
 */
export function recordReply(
  core: ReplyContext,
  { type: _, incident: id, ...said }: Extract<ServerEvent, { type: 'answer' }>,
  now: number,
): void {
  const { memory, known } = core;
  const incident = memory.incidents.get(id);
  if (incident === undefined || incident.over !== null) return;
  const answer: IncidentReply = { ...said, at: now };
  const next = applyReply(incident, answer, { now, link: known.get(incident.scope)?.link ?? 'fibre' });
  memory.putIncident({ ...next, answers: [...(incident.answers ?? []), answer].slice(-answersAtMost) });
  if (answer.word !== 'not-mine' || next.acknowledged !== null) return;
  // Lets the escalation timers fire at the next tick, so that the next level is notified. Without such timers central operations are
  // notified.
  const timers = memory.liveOf(id).flatMap((one) => memory.timersOf(one.id));
  const waits = timers.filter(({ unlessAcknowledged, message }) => unlessAcknowledged && message.hours?.waits === undefined);
  for (const timer of waits) if (timer.dueAt > now) memory.putTimer({ ...timer, dueAt: now });
  if (waits.length === 0) notifyCentralOfDecline(core, incident, answer);
}

/**
 * Applies a reply to an incident. *Fixed* counts only when the PC confirms the repair; until then the incident is acknowledged by the
 * person who replied.
 */
function applyReply(incident: Incident, { word, by: name, person: id }: IncidentReply, around: OrderContext): Incident {
  // If this person has already acknowledged the incident, the stored form of the person (name or id) stays.
  const by = isAcknowledgedBy(incident, { id, name }) ? (incident.acknowledged?.by ?? name) : name;
  if (word === 'fixed') return applyOrder(incident, { type: 'fixed', incident: incident.id, by }, around);
  if (word === 'going' || (word === 'here' && incident.acknowledged === null))
    return applyOrder(incident, { type: 'acknowledge', incident: incident.id, by }, around);
  if (word !== 'not-mine') return incident;
  // A person who declines an incident is no longer assigned.
  const { assigned, ...unasked } = incident;
  const isAsked = assigned !== undefined && [id, name].includes(assigned.to);
  const { fixed: _, ...rest } = isAsked ? unasked : incident;
  return isAcknowledgedBy(incident, { id, name }) ? { ...rest, acknowledged: null } : isAsked ? unasked : incident;
}

function notifyCentralOfDecline({ memory, options }: ReplyContext, incident: Incident, answer: IncidentReply): void {
  const { word, person: id, at: now } = answer;
  if (incident.answers?.some((one) => one.word === word && one.person === id && now - one.at < notMineEveryMs)) return;
  if (options.central(now).every(({ person }) => incident.told.some((one) => one.person === person))) return;
  const { site, room } = incident.place ?? options.place(incident.scope);
  const lines = ['not_mine', `${site.en}, ${room.en}`, answer.by];
  notifyCentral({ memory, options, now }, { kind: 'direct', lines, key: `${notMinePrefix(incident.id)}${now}` });
}
