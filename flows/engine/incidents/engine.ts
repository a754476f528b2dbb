/**
 * The incident engine: what PCs say and do not say, turned into incidents and their transitions.
 * It decides nothing about people. Rows and effects of each step are taken by the caller, who commits the rows first (R20).
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

/** R13: a state is asked for at most once in 10 s; after three answers that could not be read, once an hour. */
const askEveryMs = 10_000;
const askUnreadableEveryMs = 3_600_000;
/** R19: losing the broker for this long is an incident of the centre's own; so are three starts in half an hour. */
const brokerLostMs = 60_000;
const startsWindowMs = 30 * 60_000;
const startsLimit = 3;
/** R18a: so many gaps of our own in this time are one too. */
const slowWindowMs = 10 * 60_000;
const slowLimit = 3;
/** So are gaps that leave no time to judge the most patient class, as soon as they have gone on for twice its patience: a dead PC is told late by them. */
const patienceMs = Math.max(...Object.values(links).map(({ silentMs }) => silentMs));
const hiddenMs = 2 * patienceMs;
/** Gaps of one cause: a process that stood still also loses its session, and whoever puts a clock right may need more than one attempt. */
const oneGapMs = 60_000;
/** `flow did not finish` stands this long after the last one (R24). */
const unfinishedStandsMs = 60_000;
/** An incident that has been unknown for a day is named to central, once a day (R14). */
const dayMs = 24 * 3_600_000;
/** The names of what is a time in a row. */
const timeNames =
  'at since from to goneAt goneBy unknownSince openedAt overAt offeredAt hadAt lastAt heardAt lostAt calledAt clonedAt aliveAt mainsGoneAt';
const timeKeys = new Set(timeNames.split(' '));

/** One memory's engine. */
export type Engine = ReturnType<typeof createEngine>;

/** Opens the engine on what the ledger holds and what the site table knows. Until `subscribed` it judges no silence (R18). */
export function createEngine(options: EngineOptions, now: number) {
  const core = createCore(options, now);
  setKnown(core, { pcs: options.known, because: {}, replaced: [] }, now);
  return {
    memory: core.memory,
    known: core.known as ReadonlyMap<string, KnownPc>,
    isSubscribed: () => core.subscribedAt !== null,
    /** True where the PC has named the state that is held since our last SUBACK, and no other one since. */
    isCurrent: (pc: string) => core.current.has(pc),

    /** For the next start, as text. */
    inVain: () => JSON.stringify(inVainOf(core)),

    /** False for what a machine says that is ours no more (R30). */
    believes(event: PcEvent): boolean {
      const record = core.memory.pcs.get(event.pc);
      return record === undefined || believes(record, event);
    },

    /** When the next clear is due; infinity where none is. */
    nextClearAt: (at: number) => nextClearAt(core, at),

    /** Takes one event. What it leaves to be written and done is fetched with `take`. */
    apply: (event: EngineEvent, at: number) => ('pc' in event ? onPc(core, event, at) : onCentre(core, event, at)),

    /** A beat with the digest that is held, from a PC that is online: nothing but the time of hearing changes. False where there is more to it. */
    touch(pc: string, at: number): boolean {
      const record = core.memory.pcs.get(pc);
      // Of a digest alone nobody knows which machine says it.
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
        // What waited for us meanwhile is read before what was due is told, and no wire has lost the offers of before (R18a, R24).
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

/** Each attempt that fails says that we are not subscribed; the gap is one. */
function countGap(core: Core, now: number, isSlow: boolean): void {
  const last = core.slowAt.at(-1) ?? Number.NEGATIVE_INFINITY;
  if (core.subscribedAt !== null && (isSlow || now - last >= oneGapMs)) core.slowAt = [...core.slowAt, now];
}

/** True where gaps of our own keep silence from being judged. Of a row of gaps the first, the last and those of late are kept. */
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
  // A record of which nothing but the time of hearing differs need not be written.
  const changed = (Object.keys(record) as (keyof PcRecord)[]).some((key) => key !== 'heardAt' && before[key] !== record[key]);
  if (changed) putRecord(core, record, now);
  else core.memory.putPc(record, false);
  follows(core, { step, before, record, now });
  if (changed || step.unreadable) followPc(core, event.pc, now);
  if (before.unheard && !record.unheard) core.listChanged = true;
}

/** Its will is no word of its own: the broker says it. */
function saidBy({ record, stale }: Step, event: PcEvent, now: number): PcRecord {
  if (event.type === 'lost') return record;
  return heard(stale ? record : afterWill(record, now, event.type === 'birth' ? event.askedMs : undefined), now);
}

/** A newer session of one that said no goodbye: the former was lost. Its first word since a gap of ours says nothing of its link. */
function isDrop(before: PcRecord, { session }: PcRecord, listeningSince: number): boolean {
  if ((before.heardAt ?? 0) < listeningSince) return false;
  return session > before.session && before.session > 0 && before.presence !== 'stopped' && before.presence !== 'never';
}

/** Notes what was updated, asks for what a step left open, and keeps count of answers that could not be read (R13). */
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
  // Whoever stood still meanwhile has the time to come back to it first; what is told stands until he is back.
  const isDue = now >= core.unreadUntil || core.centre.has(faultKey('centre.broker_lost', ''));
  const isLost = isDue && core.unsubscribedAt !== null && now - core.unsubscribedAt >= brokerLostMs;
  setCentre(core, { fault: 'centre.broker_lost', device: '', standing: isLost }, now);
  // What becomes of a gap is known when it ends: a broker that is lost is told as such, and so is all that led to it.
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
  // Also across starts: a centre that starts again and again would name them each time.
  core.memory.add(unknownNamedKey, { op: 'meta', key: unknownNamedKey, value: `${now}` });
  const names = frozen.map(({ scope }) => `${core.options.place(scope).site.en}, ${core.options.place(scope).room.en}`);
  const { memory, options } = core;
  tellCentral({ memory, options, now }, { kind: 'direct', lines: ['unknown_for_a_day', ...names], key: `unknown-${now}` });
}

/** Moves one time, in ms, to the corrected clock. */
type Move = (at: number) => number;

/**
 * Guarantee: nothing that the memory holds happened later than `now`, and no timer lasts longer than it was set for; otherwise a clock that
 * fell back an hour would keep back every hold, clear and silence for an hour. What is moved is written too: the next start begins with the same.
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
 * The ledger does not hold each beat: a PC that was there when the last run of `flows` ended was heard about a beat before that.
 */
function heardUntil(memory: Memory, listenedUntil: number): void {
  for (const record of [...memory.pcs.values()]) {
    const heardAt = listenedUntil - links[record.link].beatMs;
    if (record.presence === 'online' && record.lostAt === null && heardAt > (record.heardAt ?? heardAt))
      memory.putPc({ ...record, heardAt }, false);
  }
}

/**
 * The clock was set by `byMs`: what this memory saw keeps its distance to now, so that no hold, wait, silence or calm ends by it (R29).
 * What an earlier run of `flows` wrote keeps its time of day, and of what the ledger has for the strips nothing is later than `now`.
 */
function setClock(core: Core, byMs: number, now: number): void {
  const { memory, startedAt: from } = core;
  // Before all that this memory saw: what came in one order stays in it, however often the clock is set to and fro.
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

/** A row of its own for each step: it stands behind what was written before the step, and ahead of what comes after it. */
function cutLedger(memory: Memory, now: number): void {
  memory.add(`not-ahead/${now}`, { op: 'not-ahead', at: now });
}

/** Moves the times of all records, incidents and transitions; writes those of which one is another now. */
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

/** A clock that is set by less than this at its beginning or its end begins nothing anew. */
const edgeMs = 60_000;
/** Central is notified of one person at most so often that nobody takes an incident, however often that person changes their mind. */
const notMineEveryMs = 3_600_000;
/** More answers of one incident nobody reads: the newest are kept. */
const answersAtMost = 256;

/**
 * Follows what is planned: what has begun, and what has ended.
 * Guarantee: it goes by the time of day alone and by what the ledger holds open, so that a start of `flows` and a clock that is set (R29) change
 * neither how often its beginning and its end are told, nor that what is left is told.
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
  // Each date is one of its own: what is held every night does not come and go.
  const faultOf = ({ id, from, title }: MaintenanceDate) => ({ ...standingFault(maintenanceFault, `${id}@${from}`, from), name: title });
  const going = dates.filter((date) => {
    const isBegun = begun.has(faultOf(date).key);
    return date.from - (isBegun ? edgeMs : 0) <= now && now < date.to - (isBegun ? 0 : edgeMs);
  });
  const until = going.length > 0 ? { until: Math.max(...going.map(({ to }) => to)) } : {};
  followScope(core, { scope, scene: sceneOfList(going.map(faultOf)), ...until }, now);
}

/** Does what a person orders. Of an incident that is over nothing is ordered. */
function handle(core: Core, order: HandlingOrder, now: number): void {
  const { memory, known } = core;
  const incident = memory.incidents.get(order.incident);
  if (incident === undefined || incident.over !== null) return;
  const next = handled(incident, order, { now, link: known.get(incident.scope)?.link ?? 'fibre' });
  memory.putIncident(next);
  if (order.type === 'assign') tellAgain(core, { incident: next, again: { why: 'assigned', by: order.by, to: [order.to] } }, now);
}

/** Follows all that is open: the end of a quiet, of what was said to be fixed, of an acknowledgement. */
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

/** Who acts is written as they are called: an account or a name, of two of one name who answered; whoever is nobody of the roster cannot be told, and the tabs choose. */
function tellAgain({ transitions, options }: Core, { incident, again }: { incident: Incident; again: Again }, now: number): void {
  const answerer = (name: string) => (again.why === 'assigned' ? undefined : personOf(incident, name));
  const to = again.to.flatMap((name) => answerer(name) ?? options.personNamed(name) ?? []);
  transitions.addAgain(incident, { ...again, to }, now);
  transitions.proceed(incident.id, now);
}

/** What an answer is taken with. */
type Around = Pick<Core, 'memory' | 'known'> & { options: Pick<Core['options'], 'central' | 'place'> };

/**
 * Writes an answer down. *Going* and *fixed* take the incident, which ends the escalation, and so does that somebody is there, where nobody has it;
 * *seen* is only known to the others; *not mine* gives it back, and the next are told at once.
 */
export function answered(core: Around, { type: _, incident: id, ...said }: Extract<CentreEvent, { type: 'answer' }>, now: number): void {
  const { memory, known } = core;
  const incident = memory.incidents.get(id);
  if (incident === undefined || incident.over !== null) return;
  const answer: Answer = { ...said, at: now };
  const next = afterAnswer(incident, answer, { now, link: known.get(incident.scope)?.link ?? 'fibre' });
  memory.putIncident({ ...next, answers: [...(incident.answers ?? []), answer].slice(-answersAtMost) });
  if (answer.word !== 'not-mine' || next.acknowledged !== null) return;
  // Whoever would be notified if nobody took it is notified now; where nobody would, central is.
  const timers = memory.liveOf(id).flatMap((one) => memory.timersOf(one.id));
  const waits = timers.filter(({ unlessAcknowledged, message }) => unlessAcknowledged && message.hours?.waits === undefined);
  for (const timer of waits) if (timer.dueAt > now) memory.putTimer({ ...timer, dueAt: now });
  if (waits.length === 0) tellNobodyNext(core, incident, answer);
}

/** *Fixed* is believed when the PC says so: until then whoever says it has it. */
function afterAnswer(incident: Incident, { word, by: name, person: id }: Answer, around: HandledAt): Incident {
  // Who has it already under an id takes it over from nobody.
  const by = has(incident, { id, name }) ? (incident.acknowledged?.by ?? name) : name;
  if (word === 'fixed') return handled(incident, { type: 'fixed', incident: incident.id, by }, around);
  if (word === 'going' || (word === 'here' && incident.acknowledged === null))
    return handled(incident, { type: 'acknowledge', incident: incident.id, by }, around);
  if (word !== 'not-mine') return incident;
  // Nothing is asked any more of who gives it back.
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
