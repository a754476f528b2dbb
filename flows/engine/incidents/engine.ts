/**
 * The incident engine: turns messages and silence of PCs into incidents and transitions. It makes no decision about people.
 * The caller takes the rows and effects of each step and commits the rows first: R20 (one transaction per batch).
 */
import { isPcPath, links, maintainedIn, maintenanceFault, maintenanceScope, unfinishedFault } from '@sabha/contracts';
import { dueOf, type HandledAt, handled, has, notesKept, personOf } from '../handling/handling.ts';
import { createMemory, type Memory } from '../memory/memory.ts';
import { afterWill, afterWord, believes, heard, type Step } from '../outages/pc.ts';
import type { Again, Answer, CentreEvent, EngineEvent, HandlingOrder, Incident, KnownPc, PcEvent, PcRecord } from '../records/incidents.ts';
import { notMinePrefix } from '../records/notices.ts';
import { unknownNamedKey } from '../records/ops.ts';
import type { MaintenanceDate } from '../records/sites.ts';
import { tellCentral } from '../transitions/delivery.ts';
import { faultKey, sceneOfList, standingFault } from '../transitions/incident.ts';
import { maintainedFor } from '../transitions/noise.ts';
import { createTransitions, recall } from '../transitions/transitions.ts';
import { followOpen, inVainOf, isBesideIn, judgedNow, judgeSilence, nextClearAt, withAbsence } from './causes.ts';
import {
  type Core,
  createHeld,
  type EngineOptions,
  followNoise,
  followPc,
  followScope,
  followUnheard,
  isUnread,
  listeningSince,
  mayWait,
  putRecord,
  setCentre,
  setKnown,
  setNoisy,
  shutOut,
  unreadableLimit,
} from './core.ts';

/** Interval of state requests: R13 (convergence). After three unreadable responses the longer one applies. */
const askEveryMs = 10_000;
const askUnreadableEveryMs = 3_600_000;
/** Limits of R19 (outages of the server itself): a lost broker, and restarts within a window. */
const brokerLostMs = 60_000;
const startsWindowMs = 30 * 60_000;
const startsLimit = 3;
/** Limit of R18a (canary): receive gaps within a window. */
const slowWindowMs = 10 * 60_000;
const slowLimit = 3;
/**
 * Gaps that leave too little time to judge the slowest link class become an incident after twice its limit. Dead PCs are then reported
 * late.
 */
const patienceMs = Math.max(...Object.values(links).map(({ silentMs }) => silentMs));
const hiddenMs = 2 * patienceMs;
/** Gaps within this time have one cause: a stopped process also loses its session, and setting a clock may take several attempts. */
const oneGapMs = 60_000;
/** `flow did not finish` lasts this long after the last use of the default route: R24 (repeated offers and the default route). */
const unfinishedStandsMs = 60_000;
/** An incident that is unknown for a day is reported to central once a day: R14 (unknown freezes an incident). */
const dayMs = 24 * 3_600_000;
const timeNames =
  'at since from to goneAt goneBy unknownSince openedAt overAt offeredAt hadAt lastAt heardAt lostAt calledAt clonedAt aliveAt mainsGoneAt';
const timeKeys = new Set(timeNames.split(' '));

export type Engine = ReturnType<typeof createEngine>;

/** Creates the engine from the ledger and the site table. It judges no silence before `subscribed`: R18 (silence). */
export function createEngine(options: EngineOptions, now: number) {
  const core = createCore(options, now);
  setKnown(core, { pcs: options.known, because: {}, replaced: [] }, now);
  return {
    memory: core.memory,
    known: core.known as ReadonlyMap<string, KnownPc>,
    isSubscribed: () => core.subscribedAt !== null,
    /** True if the PC confirmed its stored state since the last SUBACK, and named no other. */
    isCurrent: (pc: string) => core.current.has(pc),

    /** Returns JSON for the next start. */
    inVain: () => JSON.stringify(inVainOf(core)),

    /** Rejects messages of a replaced machine: R30 (replacement). */
    believes(event: PcEvent): boolean {
      const record = core.memory.pcs.get(event.pc);
      return record === undefined || believes(record, event);
    },

    /** Returns when the next clear is due; infinity if none. */
    nextClearAt: (at: number) => nextClearAt(core, at),

    /** Applies one event. `take` returns the resulting rows and effects. */
    apply: (event: EngineEvent, at: number) => ('pc' in event ? onPc(core, event, at) : onCentre(core, event, at)),

    /** Handles a beat with the stored digest from an online PC: only the last-seen time changes. Returns false if more must be done. */
    touch(pc: string, at: number): boolean {
      const record = core.memory.pcs.get(pc);
      // A digest does not identify the machine that sent it.
      if (record?.presence !== 'online' || record.lostAt !== null || record.formers?.length || !core.known.has(pc)) return false;
      core.memory.putPc(heard(record, at), false);
      core.current.add(pc);
      return true;
    },

    take: core.memory.take,
  };
}

function createCore(options: EngineOptions, now: number): Core {
  const memory = createMemory(options.contents);
  notAhead(memory, now);
  heardUntil(memory, Math.min(options.listenedUntil ?? 0, now));
  const held = createHeld(options, memory, now);
  recall(held.noise, memory);
  const transitions = createTransitions(memory, {
    ...options,
    facts(scope) {
      const { link = 'fibre', elevationM = 0 } = held.known.get(scope) ?? {};
      return { link, elevationM, timeZone: options.place(scope).timeZone };
    },
    isUnread: (scope, at) => isUnread(held, scope, at),
    isBeside: (scope) => isBesideIn(held, scope),
    pace: held.noise,
  });
  held.followers.push(transitions);
  return Object.assign(held, { transitions });
}

function onCentre(core: Core, event: CentreEvent, now: number): void {
  switch (event.type) {
    case 'known':
      return setKnown(core, event, now);
    case 'revoked':
      return shutOut(core, event.pcs, now);
    case 'subscribed':
      core.subscribedAt = now;
      core.unsubscribedAt = null;
      core.provenAt = now;
      core.inAll.begin(now);
      return tick(core, now);
    case 'unsubscribed':
      countGap(core, now, event.slow === true);
      if (event.slow === true) {
        // Queued messages are read before due notifications are made. The stop has lost no offer (R18a, R24).
        mayWait(core, now);
        core.transitions.hung(now);
      }
      core.subscribedAt = null;
      core.current.clear();
      core.unsubscribedAt ??= now;
      return;
    case 'noisy':
      if (core.known.has(event.of) && core.noise.name(event.of, event.what, now)) setNoisy(core, { pc: event.of, what: event.what }, now);
      return;
    case 'started':
      return core.transitions.restart(now);
    case 'look-again':
      followMaintenance(core, now);
      return core.transitions.lookAgain(now);
    case 'tick':
      core.provenAt = event.provenAt ?? now;
      if (core.subscribedAt !== null) core.inAll.proven(core.provenAt);
      if (event.hung) core.transitions.hung(now);
      return tick(core, now);
    case 'clock':
      setClock(core, event.byMs, now);
      if (event.gap) countGap(core, now, false);
      return;
    case 'centre':
      return setCentre(core, event, now);
    case 'conclude':
      return core.transitions.conclude(event, now);
    case 'answer':
      return answered(core, event, now);
    case 'note': {
      const one = core.memory.incidents.get(event.incident);
      const note = { at: now, by: event.by, text: event.text };
      if (one !== undefined) core.memory.putIncident({ ...one, notes: [...one.notes, note].slice(-notesKept) });
      return;
    }
    default:
      return handle(core, event, now);
  }
}

/** Each failed attempt reports a lost subscription; together they are one gap. */
function countGap(core: Core, now: number, isSlow: boolean): void {
  const last = core.slowAt.at(-1) ?? Number.NEGATIVE_INFINITY;
  if (core.subscribedAt !== null && (isSlow || now - last >= oneGapMs)) core.slowAt = [...core.slowAt, now];
}

/** True if receive gaps prevent the judgement of silence. Keeps the first, the last and the recent gaps of a series. */
function isTooSlow(core: Core, now: number): boolean {
  const isLate = (at: number) => now - at < slowWindowMs;
  const [first = now] = core.slowAt;
  const last = core.slowAt.at(-1) ?? Number.NEGATIVE_INFINITY;
  if (now - last > patienceMs) core.slowAt = [];
  else core.slowAt = core.slowAt.filter((at) => at === first || at === last || isLate(at));
  return core.slowAt.filter(isLate).length >= slowLimit || (core.slowAt.length > 0 && now - first >= hiddenMs);
}

function onPc(core: Core, event: PcEvent, now: number): void {
  const before = core.memory.pcs.get(event.pc);
  if (before === undefined || !core.known.has(event.pc) || !believes(before, event)) return;
  const step = afterWord(before, event, { now, listeningSince: listeningSince(core, event.pc) });
  if ('digest' in event && !step.stale) core.current[event.digest === step.record.digest ? 'add' : 'delete'](event.pc);
  const judged = judgedNow(core, saidBy(step, event, now));
  const record = step.stale ? judged : withAbsence(core, { before, record: judged, event }, now);
  if (isDrop(before, record, core.subscribedAt ?? now)) core.drops.dropped(record.pc, now);
  // A change of the last-seen time alone is not written.
  const changed = (Object.keys(record) as (keyof PcRecord)[]).some((key) => key !== 'heardAt' && before[key] !== record[key]);
  if (changed) putRecord(core, record, now);
  else core.memory.putPc(record, false);
  follows(core, { step, before, record, now });
  if (changed || step.unreadable) followPc(core, event.pc, now);
  if (before.unheard && !record.unheard) core.listChanged = true;
}

/** A last will is a message of the broker, not of the PC. */
function saidBy({ record, stale }: Step, event: PcEvent, now: number): PcRecord {
  if (event.type === 'lost') return record;
  return heard(stale ? record : afterWill(record, now, event.type === 'birth' ? event.askedMs : undefined), now);
}

/**
 * True if a newer session follows one without a bye: the earlier session was lost. The first message after a receive gap does not count.
 */
function isDrop(before: PcRecord, { session }: PcRecord, listeningSince: number): boolean {
  if ((before.heardAt ?? 0) < listeningSince) return false;
  return session > before.session && before.session > 0 && before.presence !== 'stopped' && before.presence !== 'never';
}

/** Records updates, requests missing data, and counts unreadable states (R13). */
function follows(core: Core, at: { step: Step; before: PcRecord; record: PcRecord; now: number }): void {
  const { step, before, record, now } = at;
  const pc = record.pc;
  if (record.updates !== before.updates) core.spreads.updated(pc, record.updates ?? []);
  if (step.ask?.includes('inventory')) core.memory.effect({ do: 'ask', pc, want: ['inventory'] });
  if (record.rev > 0 && (record.rev !== before.rev || record.session !== before.session)) core.asking.delete(pc);
  const asking = core.asking.get(pc) ?? { needed: false, askedAt: Number.NEGATIVE_INFINITY, unreadable: 0 };
  const isUnread = step.unreadable === true;
  if (isUnread || step.ask?.includes('state'))
    core.asking.set(pc, { ...asking, unreadable: asking.unreadable + Number(isUnread), needed: true });
  ask(core, pc, now);
}

function ask(core: Core, pc: string, now: number): void {
  const asking = core.asking.get(pc);
  const everyMs = (asking?.unreadable ?? 0) >= unreadableLimit ? askUnreadableEveryMs : askEveryMs;
  if (asking?.needed !== true || now - asking.askedAt < everyMs) return;
  core.asking.set(pc, { ...asking, askedAt: now });
  core.memory.effect({ do: 'ask', pc, want: ['state'] });
}

function tick(core: Core, now: number): void {
  followMaintenance(core, now);
  judgeSilence(core, now);
  for (const pc of core.asking.keys()) ask(core, pc, now);
  const starts = core.starts.filter((at) => now - at < startsWindowMs).length;
  // After a stop of this process, reconnecting comes first. A present fault stays until the broker is back.
  const isDue = now >= core.unreadUntil || core.centre.has(faultKey('centre.broker_lost', ''));
  const isLost = isDue && core.unsubscribedAt !== null && now - core.unsubscribedAt >= brokerLostMs;
  setCentre(core, { fault: 'centre.broker_lost', device: '', standing: isLost }, now);
  // A gap is classified when it ends. A lost broker is notified as such, together with the gaps before it.
  if (isLost) core.slowAt = [];
  if (core.unsubscribedAt === null) setCentre(core, { fault: 'centre.slow', device: '', standing: isTooSlow(core, now) }, now);
  setCentre(core, { fault: 'centre.restarts', device: '', standing: starts >= startsLimit }, now);
  if (core.transitions.tick(now)) core.unfinishedAt = now;
  setCentre(core, { fault: unfinishedFault, device: '', standing: now - core.unfinishedAt < unfinishedStandsMs }, now);
  if (core.listChanged) followUnheard(core, now);
  followNoise(core, now);
  followOpen(core, now);
  followHandled(core, now);
  nameUnknown(core, now);
  for (const { id, overAt } of core.memory.incidents.values()) {
    if (overAt !== null && now - overAt > dayMs && core.memory.liveOf(id).length === 0) core.memory.forget(id);
  }
}

function nameUnknown(core: Core, now: number): void {
  if (now - core.namedAt < dayMs) return;
  const frozen = core.memory
    .openIncidents()
    .filter(({ faults }) => faults.some(({ unknownSince }) => unknownSince !== null && now - unknownSince >= dayMs));
  if (frozen.length === 0) return;
  core.namedAt = now;
  // Stored, because a server that restarts repeatedly would otherwise send the list each time.
  core.memory.add(unknownNamedKey, { op: 'meta', key: unknownNamedKey, value: `${now}` });
  const names = frozen.map(({ scope }) => `${core.options.place(scope).site.en}, ${core.options.place(scope).room.en}`);
  const { memory, options } = core;
  tellCentral({ memory, options, now }, { kind: 'direct', lines: ['unknown_for_a_day', ...names], key: `unknown-${now}` });
}

/** Moves a time in ms to the corrected clock. */
type Move = (at: number) => number;

/**
 * Guarantee: no stored time is later than `now`, and no timer lasts longer than it was set for. Otherwise a clock set back by an hour would
 * delay every hold, clear and silence by an hour. Moved times are written for the next start.
 */
function notAhead(memory: Memory, now: number): void {
  for (const timer of [...memory.timers.values()]) {
    const setAt = memory.transitions.get(timer.transition)?.at ?? 0;
    if (setAt > now) memory.putTimer({ ...timer, dueAt: now + timer.dueAt - setAt });
  }
  moveHeld(memory, (at) => Math.min(at, now));
  cutLedger(memory, now);
}

/**
 * Sets the last-seen time of PCs that were online when the last run of `flows` ended: one beat before that. The ledger does not hold each
 * beat.
 */
function heardUntil(memory: Memory, listenedUntil: number): void {
  for (const record of [...memory.pcs.values()]) {
    const heardAt = listenedUntil - links[record.link].beatMs;
    if (record.presence === 'online' && record.lostAt === null && heardAt > (record.heardAt ?? heardAt))
      memory.putPc({ ...record, heardAt }, false);
  }
}

/**
 * Shifts the times of this run when the clock is set by `byMs`: R29 (clock of the server). So no hold, wait, silence or calm time ends
 * early.
 * Times of earlier runs stay, and stored times of the status strips are cut to `now`.
 */
function setClock(core: Core, byMs: number, now: number): void {
  const { memory, startedAt: from } = core;
  // Older times stay before those of this run, so their order holds however often the clock is set.
  const move: Move = (at) => (at >= from ? at + byMs : Math.min(at, from + byMs - 1));
  for (const one of core.followers) one.setClock(byMs);
  moveHeld(memory, move);
  for (const timer of [...memory.timers.values()]) memory.putTimer({ ...timer, dueAt: timer.dueAt + byMs });
  for (const [scope, ended] of memory.ended) memory.putEnded(scope, moved(ended, move, isAnyTime));
  core.startedAt += byMs;
  core.subscribedAt = core.subscribedAt && move(core.subscribedAt);
  core.unsubscribedAt = core.unsubscribedAt && move(core.unsubscribedAt);
  core.provenAt += byMs;
  core.slowAt = core.slowAt.map(move);
  core.starts = core.starts.map(move);
  core.unreadUntil += byMs;
  core.unfinishedAt += byMs;
  core.namedAt += byMs;
  for (const [pc, at] of core.expectedSince) core.expectedSince.set(pc, move(at));
  for (const asking of core.asking.values()) asking.askedAt += byMs;
  if (byMs < 0) cutLedger(memory, now);
}

/** Each step has its own row, written after earlier rows and before later ones. */
function cutLedger(memory: Memory, now: number): void {
  memory.add(`not-ahead/${now}`, { op: 'not-ahead', at: now });
}

/** Moves the times of all records, incidents and transitions, and writes the changed ones. */
function moveHeld(memory: Memory, move: Move): void {
  const moveEach = <T extends object>(rows: ReadonlyMap<unknown, T>, put: (row: T) => void) => {
    for (const row of [...rows.values()]) {
      const next = moved(row, move);
      if (next !== row) put(next);
    }
  };
  moveEach(memory.pcs, (record) => memory.putPc(record, true));
  moveEach(memory.incidents, memory.putIncident);
  moveEach(memory.transitions, memory.putTransition);
}

/** In the row of ended faults every key maps to a time. */
const isAnyTime = () => true;

/** Shifts the times of a row at any depth; returns the same object if no time changes. A span keeps its length. */
function moved<T extends object>(row: T, move: Move, isTime = (key: string) => timeKeys.has(key)): T {
  const changes = Object.entries(row).flatMap(([key, value]: [string, unknown]) => {
    let next = value;
    if (typeof value === 'object' && value !== null) next = moved(value, move, key === 'ended' ? isAnyTime : undefined);
    else if (typeof value === 'number' && isTime(key)) next = move(value);
    else if (typeof value === 'number' && key === 'until' && 'at' in row && typeof row.at === 'number')
      next = value + move(row.at) - row.at;
    return next === value ? [] : [[key, next] as const];
  });
  if (changes.length === 0) return row;
  return Object.assign(Array.isArray(row) ? [...row] : { ...row }, Object.fromEntries(changes)) as T;
}

/** Tolerance for a clock that is set near the start or the end of a maintenance. */
const edgeMs = 60_000;
/** Minimum interval of notices to central about a declined incident, per person who declines it. */
const notMineEveryMs = 3_600_000;
/** Replies kept per incident; older ones are dropped. */
const answersAtMost = 256;

/**
 * Updates incidents of planned maintenance.
 * Guarantee: it uses only the time of day and the ledger. So neither a restart nor a set clock (R29) changes how often start, end and
 * remaining faults are notified.
 */
function followMaintenance(core: Core, now: number): void {
  const { memory, options } = core;
  const planned = options.maintenance === undefined ? [] : options.maintenance(now);
  if (planned === undefined) return;
  const dates = Map.groupBy(planned, ({ scope }) => scope);
  const open = memory.openScopes().flatMap((scope) => maintainedIn(scope) ?? []);
  if (dates.size + open.length === 0) return;
  const quiet = memory.openIncidents().filter((incident) => maintainedFor(memory, incident) !== undefined);
  for (const path of new Set([...open, ...dates.keys()])) followPlace(core, { path, dates: dates.get(path) ?? [] }, now);
  const left = quiet.filter((incident) => incident.snoozed === undefined && maintainedFor(memory, incident) === undefined);
  for (const incident of left) tellAgain(core, { incident, again: { why: 'maintained', by: '', to: [] } }, now);
}

function followPlace(core: Core, { path, dates }: { path: string; dates: readonly MaintenanceDate[] }, now: number): void {
  const scope = maintenanceScope(path);
  const begun = new Set(core.memory.openIncident(scope)?.faults.map(({ key }) => key));
  // Each date has its own fault, so a nightly maintenance does not count as flapping.
  const faultOf = ({ id, from, title }: MaintenanceDate) => ({ ...standingFault(maintenanceFault, `${id}@${from}`, from), name: title });
  const going = dates.filter((date) => {
    const isBegun = begun.has(faultOf(date).key);
    return date.from - (isBegun ? edgeMs : 0) <= now && now < date.to - (isBegun ? 0 : edgeMs);
  });
  const until = going.length > 0 ? { until: Math.max(...going.map(({ to }) => to)) } : {};
  followScope(core, { scope, scene: sceneOfList(going.map(faultOf)), ...until }, now);
}

/** Executes an order of a person. An incident that is over accepts none. */
function handle(core: Core, order: HandlingOrder, now: number): void {
  const { memory, known } = core;
  const incident = memory.incidents.get(order.incident);
  if (incident === undefined || incident.over !== null) return;
  const next = handled(incident, order, { now, link: known.get(incident.scope)?.link ?? 'fibre' });
  memory.putIncident(next);
  if (order.type === 'assign') tellAgain(core, { incident: next, again: { why: 'assigned', by: order.by, to: [order.to] } }, now);
}

/** Handles due ends of snoozes, reported repairs and acknowledgements. */
function followHandled(core: Core, now: number): void {
  const { memory } = core;
  for (const incident of memory.openIncidents()) {
    const { scope } = incident;
    const heardAt = isPcPath(scope) ? (memory.pcs.get(scope)?.heardAt ?? null) : undefined;
    const due = dueOf(incident, { now, heardAt });
    if (due === undefined) continue;
    memory.putIncident(due.incident);
    tellAgain(core, due, now);
  }
}

/**
 * Notifies again. People are recorded by account or by name; between two equal names the reply decides. If a name is not in the roster, the
 * tabs choose the recipients.
 */
function tellAgain({ transitions, options }: Core, { incident, again }: { incident: Incident; again: Again }, now: number): void {
  const answerer = (name: string) => (again.why === 'assigned' ? undefined : personOf(incident, name));
  const to = again.to.flatMap((name) => answerer(name) ?? options.personNamed(name) ?? []);
  transitions.addAgain(incident, { ...again, to }, now);
  transitions.proceed(incident.id, now);
}

type Around = Pick<Core, 'memory' | 'known'> & { options: Pick<Core['options'], 'central' | 'place'> };

/**
 * Records a reply.
 * *Going* and *fixed* acknowledge the incident, which ends the escalation; so does *here* if no person has acknowledged it. *Seen* only
 * informs others. *Not mine* returns the incident, and the next recipients are notified at once.
 */
export function answered(core: Around, { type: _, incident: id, ...said }: Extract<CentreEvent, { type: 'answer' }>, now: number): void {
  const { memory, known } = core;
  const incident = memory.incidents.get(id);
  if (incident === undefined || incident.over !== null) return;
  const answer: Answer = { ...said, at: now };
  const next = afterAnswer(incident, answer, { now, link: known.get(incident.scope)?.link ?? 'fibre' });
  memory.putIncident({ ...next, answers: [...(incident.answers ?? []), answer].slice(-answersAtMost) });
  if (answer.word !== 'not-mine' || next.acknowledged !== null) return;
  // Fires the escalation timers now. If there are none, central is notified.
  const timers = memory.liveOf(id).flatMap((one) => memory.timersOf(one.id));
  const waits = timers.filter(({ unlessAcknowledged, message }) => unlessAcknowledged && message.hours?.waits === undefined);
  for (const timer of waits) if (timer.dueAt > now) memory.putTimer({ ...timer, dueAt: now });
  if (waits.length === 0) tellNobodyNext(core, incident, answer);
}

/** *Fixed* counts only when the PC confirms it. Until then its sender holds the acknowledgement. */
function afterAnswer(incident: Incident, { word, by: name, person: id }: Answer, around: HandledAt): Incident {
  // A person who already acknowledged under an id keeps that entry.
  const by = has(incident, { id, name }) ? (incident.acknowledged?.by ?? name) : name;
  if (word === 'fixed') return handled(incident, { type: 'fixed', incident: incident.id, by }, around);
  if (word === 'going' || (word === 'here' && incident.acknowledged === null))
    return handled(incident, { type: 'acknowledge', incident: incident.id, by }, around);
  if (word !== 'not-mine') return incident;
  // A person who declines an incident is no longer assigned.
  const { assigned, ...unasked } = incident;
  const isAsked = assigned !== undefined && [id, name].includes(assigned.to);
  const { fixed: _, ...rest } = isAsked ? unasked : incident;
  return has(incident, { id, name }) ? { ...rest, acknowledged: null } : isAsked ? unasked : incident;
}

function tellNobodyNext({ memory, options }: Around, incident: Incident, answer: Answer): void {
  const { word, person: id, at: now } = answer;
  if (incident.answers?.some((one) => one.word === word && one.person === id && now - one.at < notMineEveryMs)) return;
  if (options.central(now).every(({ person }) => incident.told.some((one) => one.person === person))) return;
  const { site, room } = incident.place ?? options.place(incident.scope);
  const lines = ['not_mine', `${site.en}, ${room.en}`, answer.by];
  tellCentral({ memory, options, now }, { kind: 'direct', lines, key: `${notMinePrefix(incident.id)}${now}` });
}
