/** Builds the content of the answer page: the current state of one incident in the language of one person. */
import {
  bySeverity,
  fillIn,
  isOutageFault,
  isPcPath,
  type MessageLanguage,
  type OneTapAnswer,
  oneTapAnswers,
  type Person,
  pathOfScope,
  siteOf,
  titleIn,
  vocabularyIn,
} from '@sabha/contracts';
import { isAcknowledgedBy } from '../../engine/handling/handling.ts';
import { isBeside } from '../../engine/outages/outages.ts';
import type { Incident, IncidentFault } from '../../engine/records/incidents.ts';
import type { Notice } from '../../engine/records/notices.ts';
import { isOwnOutage, isReadyIn } from '../../engine/transitions/delivery.ts';
import { faultNewsOf } from '../../engine/transitions/flood-control.ts';
import { faultsAtEnd, isAnyFlapping } from '../../engine/transitions/incident.ts';
import type { Ingest } from '../../ingest/ingest.ts';
import type { Calendar } from '../../sites/calendar/calendar.ts';
import { shorten, timeOfDayText } from '../people/channels/kit/plain.ts';
import { dayAndTimeOf, partsForPage, timeOf } from '../people/words.ts';
import type { CheckState } from './checks.ts';

/** The page lists at most this many answers of other people. */
const answerLinesLimit = 12;
/** Limit of further faults that the page lists. The others are only counted. */
const sideLinesLimit = 6;
/** Time ahead within which a meeting must begin to be shown. */
const meetingWithinMs = 12 * 3_600_000;

/** State of the faults of an incident: present, not measurable, gone but still in the clear time, or ended. */
export type RepairState = 'broken' | 'unknown' | 'well' | 'over';

type NoticeParts = ReturnType<typeof partsForPage>;

export type AnswerSheet = ReturnType<typeof sheetOf>;

/** Returns true if the person need neither act nor answer. */
export function isRepaired(cure: RepairState): boolean {
  return cure === 'well' || cure === 'over';
}

/** `next` returns the coming meetings of a scope, the earliest first. */
type SheetContext = Pick<Ingest, 'memory' | 'place' | 'table' | 'time'> & { next?: Calendar['next'] | undefined };
/** `pcs`: the PCs of the incident. `check`: state of their requested checks. */
type SheetReader = { person: Person; link: string; pcs: readonly string[]; check: CheckState | undefined };

export function sheetOf(at: SheetContext, incident: Incident, reader: SheetReader) {
  const { language } = reader.person;
  const where = incident.place ?? at.place(incident.scope);
  const { timeZone } = where;
  const news = noticeNow(at, incident, where);
  const whole = partsForPage(news, language);
  const { place, visit, phone } = whole;
  const standing = repairStatusOf(at, incident, { language, timeZone });
  // A fault that is gone counts as ended on this page, even during its clear time.
  const { goneAt } = standing;
  const spoken = goneAt === undefined ? whole : partsForPage({ ...news, kind: 'cleared', at: goneAt }, language);
  const clock = timeOfDayText(at.time(), timeZone);
  return { place, visit, phone, language, incident: incident.id, clock, live: liveOf(at, incident, { ...reader, spoken, standing }) };
}

/** Returns the notice that describes the current state, or for an ended incident the end. */
function noticeNow(at: SheetContext, incident: Incident, place: ReturnType<SheetContext['place']>): Notice {
  const { outage, toldOutage, scope, flapping, over } = incident;
  const shown = shownOf(incident);
  const before = at.memory.pastOf(scope);
  return {
    kind: over ?? 'raised',
    incident: incident.id,
    severity: shown[0]?.severity ?? incident.severity,
    scope,
    ...place,
    faults: shown.map(faultNewsOf),
    at: incident.overAt ?? incident.openedAt,
    flapping: flapping && isAnyFlapping(shown.map(faultNewsOf), at.memory.endedOf(scope)),
    ...(outage && isOwnOutage(incident) && shown.some(({ fault }) => isOutageFault(fault)) && { outage }),
    ...(over === null && neighbourOnline(at, scope) && { beside: true }),
    ...(over !== null && toldOutage && { toldOutage }),
    ...(before && before.length > 0 && { before }),
    lines: incident.closedBecause === null ? [] : [incident.closedBecause],
  };
}

/**
 * Returns the faults that the page shows, the most severe first: those present, else those in their clear time, else those of the ended
 * incident.
 */
function shownOf(incident: Incident): IncidentFault[] {
  if (incident.over !== null) return faultsAtEnd(incident);
  const seen = incident.faults.filter((one) => !one.hidden);
  const standing = seen.filter(({ goneAt }) => goneAt === null);
  const shown = [standing, seen, incident.faults].find((some) => some.length > 0) ?? [];
  return shown.toSorted((a, b) => bySeverity(a.severity, b.severity) || a.since - b.since);
}

/** True if another PC of the site is online, by the same rule as in messages. */
function neighbourOnline({ memory, table }: SheetContext, scope: string): boolean {
  if (!isPcPath(scope)) return false;
  const others = table()
    .pcsOf(siteOf(scope))
    .flatMap((pc) => (pc === scope ? [] : (memory.pcs.get(pc) ?? [])));
  return isBeside(memory.pcs.get(scope), others);
}

/** Returns the parts of the page that may change while it is open. The main fault may also change, if it clears before other faults. */
function liveOf(
  at: SheetContext,
  incident: Incident,
  { spoken, standing, ...asked }: SheetReader & { spoken: NoticeParts; standing: RepairStatus },
) {
  const { person, link } = asked;
  const { timeZone } = incident.place ?? at.place(incident.scope);
  const { answer } = vocabularyIn(person.language);
  const { acknowledged, answers = [] } = incident;
  const clock = (ms: number) => timeOfDayText(ms, timeZone);
  const isMine = isAcknowledgedBy(incident, person);
  const { cure, status } = standing;
  const [mine, others] = cure === 'over' ? [answer.mineBefore, answer.had] : [answer.mine, answer.has];
  const holder = acknowledged && fillIn(isMine ? mine : others, { name: acknowledged.by, time: clock(acknowledged.at) });
  const { what, since, why, steps } = spoken;
  return {
    what,
    since,
    /** Further faults, cleared faults and the next meeting, one sentence each. */
    beside: sideLinesOf(at, incident, { language: person.language, timeZone, cure }),
    why,
    // No action is needed for a fault that is gone.
    steps: isRepaired(cure) ? [] : steps,
    cure,
    status,
    /** Result of the checks that the person last requested, as a sentence; '' if it says nothing new. */
    line: isRepaired(cure) ? '' : checkLine(at, incident, asked),
    /** Returns who has acknowledged the incident, as a sentence. `taken`: the name of that person, '' for none. */
    holder: holder ?? (cure === 'over' ? '' : answer.nobody),
    taken: acknowledged?.by ?? '',
    /** Returns the labels of the buttons. They depend on who has acknowledged the incident and on the person's earlier answers. */
    labels: {
      going: acknowledged === null || isMine ? answer.going : answer.takeOver,
      'not-mine': isMine ? answer.cannotGo : answer['not-mine'],
      here: answers.some((one) => one.person === person.id && one.word === 'here') ? answer.checkAgain : answer.here,
    },
    said: answers
      .slice(-answerLinesLimit)
      .toReversed()
      .map(({ by, word, at: saidAt }) => fillIn(answer[sentences[word]], { name: by, time: clock(saidAt) })),
    /** Returns the answers of the person that are still in force. */
    used: oneTapAnswers.filter((word) => answerStillHolds(incident, { ...person, link }, word)),
  };
}

type ReaderLocale = { language: MessageLanguage; timeZone: string };
/** Returns the sentence about the state. `goneAt`: since when all faults are gone, if they are still in their clear time. */
type RepairStatus = { cure: RepairState; status: string; goneAt?: number };

/** Returns sentences about the room that do not concern the main fault. */
function sideLinesOf(
  { time, next }: SheetContext,
  incident: Incident,
  { language, timeZone, cure }: ReaderLocale & { cure: RepairState },
): string[] {
  const { answer, message } = vocabularyIn(language);
  const now = time();
  const timed = (text: string, { fault, name }: IncidentFault, ms: number) => {
    const what = `${titleIn(fault, language) ?? fault}${name ? `: ${shorten(name)}` : ''}`;
    return fillIn(text, { what, time: dayAndTimeOf(ms, now, { timeZone, language }) });
  };
  const shown = shownOf(incident);
  const others = shown.slice(1, sideLinesLimit + 1);
  const besides = others.map((one) => fillIn(message.also, { list: timed(isRepaired(cure) ? '{what}' : answer.besides, one, one.since) }));
  const more = shown.length - 1 - others.length;
  if (more > 0) besides.push(fillIn(message.others, { n: more }));
  if (isRepaired(cure)) return besides;
  const gone = incident.faults.flatMap((one) => (one.hidden || one.goneAt === null ? [] : timed(answer.went, one, one.goneAt)));
  const meeting = next?.(pathOfScope(incident.scope), now)[0];
  const isNear = meeting !== undefined && meeting.from - now < meetingWithinMs;
  return [...besides, ...gone, ...(isNear ? [fillIn(message.meeting, { time: timeOfDayText(meeting.from, timeZone) })] : [])];
}

/** Returns the state of the faults. It is `well` once no check reports a fault, although the incident is open for its clear time. */
function repairStatusOf({ memory }: SheetContext, incident: Incident, { language, timeZone }: ReaderLocale): RepairStatus {
  const { answer, message } = vocabularyIn(language);
  if (incident.overAt !== null) {
    const over = fillIn(answer.over, { time: timeOf(incident.overAt, timeZone, language) });
    return { cure: 'over', status: isReadyIn(memory, incident.scope) ? `${over} ${message.roomWell}` : over };
  }
  const faults = incident.faults.filter((one) => !one.hidden);
  const shown = faults.length > 0 ? faults : incident.faults;
  if (shown.every(({ goneAt }) => goneAt !== null)) {
    const goneAt = Math.max(...shown.map((one) => one.goneAt ?? 0));
    return { cure: 'well', status: fillIn(answer.well, { time: timeOfDayText(goneAt, timeZone) }), goneAt };
  }
  const isUnknown = shown.every(({ goneAt, unknownSince }) => goneAt !== null || unknownSince !== null);
  return isUnknown ? { cure: 'unknown', status: answer.unknown } : { cure: 'broken', status: answer.broken };
}

/** Returns a sentence about the requested checks. It names a fault that was still open after them, but none that began later. */
function checkLine({ memory, place }: SheetContext, incident: Incident, { person: { language }, pcs, check }: SheetReader): string {
  const { answer } = vocabularyIn(language);
  if (check === undefined) return '';
  const time = timeOfDayText(check.at, (incident.place ?? place(incident.scope)).timeZone);
  if (check.is === 'checked') {
    const first = shownOf(incident).find((one) => one.goneAt === null && one.unknownSince === null && one.since <= check.at);
    return first === undefined ? '' : fillIn(answer.checked, { time, what: titleIn(first.fault, language) ?? first.fault });
  }
  if (check.is === 'refused') return answer.notReached;
  const isThere = pcs.some((pc) => memory.pcs.get(pc)?.presence === 'online');
  return isThere && check.is === 'running' ? answer.checking : fillIn(answer.noAnswer, { time });
}

const sentences = { seen: 'saidSeen', going: 'saidGoing', fixed: 'saidFixed', 'not-mine': 'saidNotMine', here: 'saidHere' } as const;

/**
 * True if this person's earlier answer is still in force, so that the same answer is not recorded again. With `link` set, `seen` counts
 * only if it was given by that link. `going` and `fixed` are in force only while the person holds the incident, `not-mine` only while not.
 */
export function answerStillHolds(
  incident: Incident,
  person: { id: string; name: string; link?: string | undefined },
  word: OneTapAnswer,
): boolean {
  const said = incident.answers?.filter((one) => one.person === person.id) ?? [];
  const isHolder = isAcknowledgedBy(incident, person);
  switch (word) {
    case 'seen':
      return said.some((one) => one.word === word && (person.link === undefined || one.link === person.link));
    case 'going':
      // A person who acknowledged the incident on the wall has given no answer by link.
      return isHolder && said.some((one) => one.word !== 'seen' && one.word !== 'not-mine');
    case 'fixed':
      return isHolder && incident.fixed !== undefined;
    case 'not-mine':
      return !isHolder && said.findLast((one) => one.word !== 'here')?.word === word;
  }
}
