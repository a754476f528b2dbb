/**
 * Maintenance: its beginning and its end are told like an incident of the place, by the tabs; between the two what comes of the place is recorded
 * and told to nobody, and what is still bad at the end is told once. Also what people order about incidents, and what time makes of that; the
 * pure steps of it are in `handling/`.
 */
import { isPcPath, maintainedIn, maintenanceFault, maintenanceScope } from '@sabha/contracts';
import { dueOf, type HandledAt, handled, has, personOf } from '../handling/handling.ts';
import type { Again, Answer, CentreEvent, HandlingOrder, Incident } from '../records/incidents.ts';
import type { MaintenanceDate } from '../records/meetings.ts';
import { notMinePrefix } from '../records/notices.ts';
import { tellCentral } from '../transitions/delivery.ts';
import { sceneOfList, standingFault } from '../transitions/incident.ts';
import { maintainedFor } from '../transitions/offer.ts';
import type { Core } from './core.ts';
import { followScope } from './scopes.ts';

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
export function followMaintenance(core: Core, now: number): void {
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
export function handle(core: Core, order: HandlingOrder, now: number): void {
  const { memory, known } = core;
  const incident = memory.incidents.get(order.incident);
  if (incident === undefined || incident.over !== null) return;
  const next = handled(incident, order, { now, link: known.get(incident.scope)?.link ?? 'fibre' });
  memory.putIncident(next);
  if (order.type === 'assign') tellAgain(core, { incident: next, again: { why: 'assigned', by: order.by, to: [order.to] } }, now);
}

/** Follows all that is open: the end of a quiet, of what was said to be fixed, of an acknowledgement. */
export function followHandled(core: Core, now: number): void {
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
