/** What a message to a person is made of (PROTOCOL R23); `people/words.ts` makes the text. */
import { bySeverity, causeKindOf, isAbsence, readinessOf, type Severity, type Words } from '@sabha/contracts';
import type { Memory } from '../memory/memory.ts';
import type { Act, FaultNews, Incident, ShownOutage, Spread, Transition } from '../records/incidents.ts';
import type { Notice, Place } from '../records/notices.ts';
import { isEnd, oneFlaps } from './incident.ts';
import { factsOf, type Hand, toldFaults } from './offer.ts';

/** What people are told of a transition. */
export function noticeOf(step: Step & Pick<Hand, 'memory' | 'options'>, { severity, hours }: Extract<Act, { do: 'deliver' }>): Notice {
  const { options, transition, incident } = step;
  const { scope } = incident;
  const faults = toldFaults(transition, incident);
  const outage = toldWhy(incident, isEnd(transition));
  // What was sent once is sent anew for the meeting, whatever it was sent for before.
  const isForMeeting = hours?.meeting !== undefined && transition.sent.length > 0;
  return {
    kind: transition.kind,
    incident: incident.id,
    severity,
    scope,
    ...(incident.place ?? options.place(scope)),
    faults,
    at: transition.at,
    ...roomOf(step, faults),
    ...(transition.kind === 'worsened' && isNoWorse(incident, faults, severity) && { joins: true }),
    ...(faults.some(({ fault }) => isAbsence(fault)) && isOwn(incident) && outage && { outage }),
    ...(transition.kind === 'eased' && { rest: restOf(incident) }),
    ...(isEnd(transition) && incident.toldOutage && { toldOutage: incident.toldOutage }),
    ...(transition.again && !isForMeeting && { again: { why: transition.again.why, by: transition.again.by } }),
    ...(hours?.digest && { digest: true }),
    ...(hours?.meeting && { meeting: hours.meeting }),
    ...(incident.until !== undefined && { until: incident.until }),
    ...(incident.spread && { many: manyOf(step, incident.spread) }),
    lines: incident.over === 'closed' && incident.closedBecause !== null ? [incident.closedBecause] : [],
  };
}

type Step = { incident: Incident; transition: Transition };

/** What is known of its room beside the news. */
function roomOf({ memory, options, transition, incident }: Step & Pick<Hand, 'memory' | 'options'>, faults: FaultNews[]) {
  const { scope, flapping } = incident;
  const before = memory.pastOf(scope) ?? [];
  const counted = transition.again === undefined ? options.pace.counted(scope) : 0;
  return {
    flapping: flapping && (isEnd(transition) || oneFlaps(faults, memory.endedOf(scope))),
    ...(!isEnd(transition) && options.isBeside(scope) && { beside: true as const }),
    ...(transition.kind === 'cleared' && isReadyIn(memory, scope) && { ready: true as const }),
    ...(!isEnd(transition) && before.length > 0 && { before }),
    ...(counted > 0 && { counted }),
  };
}

/** True of a room that its PC says to be ready, and where nothing is open by now. */
export function isReadyIn(memory: Pick<Memory, 'pcs' | 'openIncident'>, scope: string): boolean {
  const record = memory.pcs.get(scope);
  return record !== undefined && memory.openIncident(scope) === undefined && readinessOf(record).readiness === 'ready';
}

/** To who was told nothing of the incident yet nothing got worse: all that stands is news, and why it comes now. */
export function forPerson(notice: Notice, { incident, transition }: Step, person: string): Notice {
  if ((notice.kind !== 'raised' && notice.kind !== 'worsened') || incident.told.some((one) => one.person === person)) return notice;
  const news = { ...notice, ...passedOn({ incident, transition }) };
  if (notice.kind === 'raised') return news;
  const { joins: _, ...rest } = news;
  const others = incident.faults.filter((one) => !one.hidden && one.goneAt === null && !isIn(notice.faults, one));
  return { ...rest, kind: 'raised', faults: [...notice.faults, ...others.map(factsOf)] };
}

/** The last word of those who were told is that they do not go; or there is none, and this step of it was told to somebody before. */
function passedOn({ incident, transition }: Step): Pick<Notice, 'passed'> {
  const { acknowledged, answers = [], told } = incident;
  if (acknowledged !== null || transition.again !== undefined) return {};
  const last = answers.findLast(({ word }) => word !== 'seen' && word !== 'here');
  if (last !== undefined) return last.word === 'not-mine' ? { passed: { at: last.at, by: last.by } } : {};
  const sent = new Set(transition.sent.map((to) => to.split('/')[1]));
  const heard = told.flatMap((one) => (sent.has(one.person) ? { ...one, at: Math.max(transition.told?.at ?? transition.at, one.at) } : []));
  const at = Math.min(...heard.map((one) => one.at));
  const first = heard.flatMap((one) => (one.at === at ? one.person : []));
  return first.length === 0 ? {} : { passed: { at, to: [...new Set(first)] } };
}

/** What stands and can be told. */
function restOf({ faults }: Incident): FaultNews[] {
  const standing = faults.filter(({ hidden, goneAt }) => !hidden && goneAt === null);
  return standing.sort((a, b) => bySeverity(a.severity, b.severity) || a.since - b.since).map(factsOf);
}

function isIn(news: readonly FaultNews[], one: FaultNews): boolean {
  return news.some(({ fault, device }) => fault === one.fault && device === one.device);
}

/** What went with many did not go alone, whatever its own return says. */
export function isOwn({ outage, parent }: Incident): boolean {
  return outage !== undefined && !(parent !== undefined && outage.cause === 'pc-off');
}

/**
 * Why it is away, as people read it. What they know of this outage stays until something surer is found, so that two reasons never alternate; at its
 * end it is told as it was found. It begins when they were told that it began.
 */
export function toldWhy({ outage, toldOutage, toldSince }: Incident, isOver: boolean): ShownOutage | undefined {
  const isOfThis = toldSince !== undefined && outage !== undefined && outage.from <= toldSince.at;
  if (!isOfThis || toldOutage === undefined) return outage;
  const { cause, confidence } = isOver || outage.confidence > toldOutage.confidence ? outage : toldOutage;
  return { ...outage, cause, confidence, from: toldSince.from };
}

/** More names than this are never read. */
const namesAtMost = 40;

/** Who is away, those first of whom people do not know yet. */
function manyOf(
  { options, incident: { scope }, transition: { grew = [] } }: Step & Pick<Hand, 'options'>,
  { away, of }: Spread,
): NonNullable<Notice['many']> {
  const kind = causeKindOf(scope) ?? 'site';
  const nameOf = (path: string): Words => {
    const { site, room } = options.place(path);
    if (kind === 'spread') return { en: `${room.en}, ${site.en}`, hi: `${room.hi || room.en}, ${site.hi || site.en}` };
    return kind === 'site' ? room : site;
  };
  const named = [...new Set([...away.filter((one) => grew.includes(one)), ...away])]
    .slice(0, namesAtMost)
    .map((path) => ({ path, name: nameOf(path) }));
  // Of two with one name each goes by its path.
  const byName = Map.groupBy(named, ({ name }) => name.en);
  const names = named.map(({ path, name }) => (byName.get(name.en)?.length === 1 ? name : { en: path, hi: path }));
  return { kind, down: away.length, of, names };
}

/** True where something stands that is as severe, beside the news; or what it explains is more severe, and was told. */
function isNoWorse(incident: Incident, news: FaultNews[], severity: Severity): boolean {
  const others = incident.faults.filter((one) => one.goneAt === null && !isIn(news, one));
  return others.some((one) => bySeverity(one.severity, severity) < (one.hidden ? 0 : 1) && (!one.hidden || one.told !== null));
}

/** A notice of the centre's own, past any incident: what the default route bundles, or a word told directly. */
export function centralNotice(at: { kind: 'unfinished' | 'direct'; lines: string[]; place: Place; now: number }): Notice {
  return {
    kind: at.kind,
    incident: null,
    severity: 'major',
    scope: 'centre',
    ...at.place,
    faults: [],
    at: at.now,
    flapping: false,
    lines: at.lines,
  };
}
