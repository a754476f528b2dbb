/** What the page of an answer says: one incident in the words of one person, as it is now. */
import {
  type AnswerWord,
  answerWords,
  bySeverity,
  filled,
  isAbsence,
  isPcPath,
  type MessageLanguage,
  type Person,
  pathOfScope,
  siteOf,
  titleIn,
  wordsIn,
} from '@sabha/contracts';
import { has } from '../../engine/handling/handling.ts';
import { isBeside } from '../../engine/outages/outages.ts';
import type { Incident, StandingFault } from '../../engine/records/incidents.ts';
import type { Notice } from '../../engine/records/notices.ts';
import { isOwn, isReadyIn } from '../../engine/transitions/delivery.ts';
import { endOf, oneFlaps } from '../../engine/transitions/incident.ts';
import { factsOf } from '../../engine/transitions/noise.ts';
import type { Ingest } from '../../ingest/ingest.ts';
import type { Calendar } from '../../sites/calendar/calendar.ts';
import { clockOf, short } from '../people/channels/kit/plain.ts';
import { momentOf, spokenOf, timeOf } from '../people/words.ts';
import type { CheckState } from './checks.ts';

/** More lines of what was said nobody reads on a phone. */
const saidAtMost = 12;
/** More faults of one room are counted. */
const besideAtMost = 6;
/** A meeting that begins later says nothing of now. */
const meetingWithinMs = 12 * 3_600_000;

/** How it stands with what the incident is about: it stands, is well and watched, cannot be measured, or is over. */
export type Cure = 'broken' | 'unknown' | 'well' | 'over';

type Spoken = ReturnType<typeof spokenOf>;

/** All of a page. */
export type Sheet = ReturnType<typeof sheetOf>;

/** Nothing is to be done about it, and nothing to be answered. */
export function isCured(cure: Cure): boolean {
  return cure === 'well' || cure === 'over';
}

/** `next`: the dates of a scope, the first first. */
type At = Pick<Ingest, 'memory' | 'place' | 'table' | 'time'> & { next?: Calendar['next'] | undefined };
/** `pcs`: those that it is about; `check`: how it stands with the checks that were asked of them. */
type For = { person: Person; link: string; pcs: readonly string[]; check: CheckState | undefined };

/** Everything that the page shows to the person of a link. */
export function sheetOf(at: At, incident: Incident, asked: For) {
  const { language } = asked.person;
  const where = incident.place ?? at.place(incident.scope);
  const { timeZone } = where;
  const news = noticeNow(at, incident, where);
  const whole = spokenOf(news, language);
  const { place, visit, phone } = whole;
  const standing = standingOf(at, incident, { language, timeZone });
  // What is well has ended, also while it is watched.
  const { goneAt } = standing;
  const spoken = goneAt === undefined ? whole : spokenOf({ ...news, kind: 'cleared', at: goneAt }, language);
  /** The time of day on the clocks of the site. */
  const clock = clockOf(at.time(), timeZone);
  return { place, visit, phone, language, incident: incident.id, clock, live: liveOf(at, incident, { ...asked, spoken, standing }) };
}

/** The news as it stands now, of an incident that is over as its end was told. */
function noticeNow(at: At, incident: Incident, place: ReturnType<At['place']>): Notice {
  const { outage, toldOutage, scope, flapping, over } = incident;
  const shown = shownOf(incident);
  const before = at.memory.pastOf(scope);
  return {
    kind: over ?? 'raised',
    incident: incident.id,
    severity: shown[0]?.severity ?? incident.severity,
    scope,
    ...place,
    faults: shown.map(factsOf),
    at: incident.overAt ?? incident.openedAt,
    flapping: flapping && oneFlaps(shown.map(factsOf), at.memory.endedOf(scope)),
    ...(outage && isOwn(incident) && shown.some(({ fault }) => isAbsence(fault)) && { outage }),
    ...(over === null && answersBeside(at, scope) && { beside: true }),
    ...(over !== null && toldOutage && { toldOutage }),
    ...(before && before.length > 0 && { before }),
    lines: incident.closedBecause === null ? [] : [incident.closedBecause],
  };
}

/** What the page is about: what stands, else what went and is watched, else what the end was told of; the most severe first. */
function shownOf(incident: Incident): StandingFault[] {
  if (incident.over !== null) return endOf(incident);
  const seen = incident.faults.filter((one) => !one.hidden);
  const standing = seen.filter(({ goneAt }) => goneAt === null);
  const shown = [standing, seen, incident.faults].find((some) => some.length > 0) ?? [];
  return shown.toSorted((a, b) => bySeverity(a.severity, b.severity) || a.since - b.since);
}

/** Another PC of its site answers: by the rule of the messages. */
function answersBeside({ memory, table }: At, scope: string): boolean {
  if (!isPcPath(scope)) return false;
  const others = table()
    .pcsOf(siteOf(scope))
    .flatMap((pc) => (pc === scope ? [] : (memory.pcs.get(pc) ?? [])));
  return isBeside(memory.pcs.get(scope), others);
}

/** What changes while the page stands open; the rest stays as it was. What it is about changes too: one fault goes while another stands. */
function liveOf(at: At, incident: Incident, { spoken, standing, ...asked }: For & { spoken: Spoken; standing: Standing }) {
  const { person, link } = asked;
  const { timeZone } = incident.place ?? at.place(incident.scope);
  const { answer } = wordsIn(person.language);
  const { acknowledged, answers = [] } = incident;
  const clock = (ms: number) => clockOf(ms, timeZone);
  const isMine = has(incident, person);
  const { cure, status } = standing;
  const [mine, others] = cure === 'over' ? [answer.mineBefore, answer.had] : [answer.mine, answer.has];
  const holder = acknowledged && filled(isMine ? mine : others, { name: acknowledged.by, time: clock(acknowledged.at) });
  const { what, since, why, steps } = spoken;
  return {
    what,
    since,
    /** What stands beside it, what works again, and the meeting that comes next, a sentence each. */
    beside: besideOf(at, incident, { language: person.language, timeZone, cure }),
    why,
    // Of what is well and only watched nothing is to be done.
    steps: isCured(cure) ? [] : steps,
    cure,
    /** How it stands, in a sentence. */
    status,
    /** What came of the last check that somebody asked for, in a sentence; '' where that says nothing. */
    line: isCured(cure) ? '' : checkLine(at, incident, asked),
    /** Who has it, in a sentence; `taken` by name, '' for nobody. */
    holder: holder ?? (cure === 'over' ? '' : answer.nobody),
    taken: acknowledged?.by ?? '',
    /** What these buttons say: that depends on who has it, and on what was said. */
    labels: {
      going: acknowledged === null || isMine ? answer.going : answer.takeOver,
      'not-mine': isMine ? answer.cannotGo : answer['not-mine'],
      here: answers.some((one) => one.person === person.id && one.word === 'here') ? answer.checkAgain : answer.here,
    },
    /** What was said, newest first. */
    said: answers
      .slice(-saidAtMost)
      .toReversed()
      .map(({ by, word, at: saidAt }) => filled(answer[sentences[word]], { name: by, time: clock(saidAt) })),
    /** Words that the person has said, and that still hold. */
    used: answerWords.filter((word) => holds(incident, { ...person, link }, word)),
  };
}

type Reading = { language: MessageLanguage; timeZone: string };
/** `goneAt`: of what is well and watched, since when. */
type Standing = { cure: Cure; status: string; goneAt?: number };

/** The page is about one fault, and its room may have more. */
function besideOf({ time, next }: At, incident: Incident, { language, timeZone, cure }: Reading & { cure: Cure }): string[] {
  const { answer, message } = wordsIn(language);
  const now = time();
  const timed = (text: string, { fault, name }: StandingFault, ms: number) => {
    const what = `${titleIn(fault, language) ?? fault}${name ? `: ${short(name)}` : ''}`;
    return filled(text, { what, time: momentOf(ms, now, { timeZone, language }) });
  };
  const shown = shownOf(incident);
  const others = shown.slice(1, besideAtMost + 1);
  const besides = others.map((one) => filled(message.also, { list: timed(isCured(cure) ? '{what}' : answer.besides, one, one.since) }));
  const more = shown.length - 1 - others.length;
  if (more > 0) besides.push(filled(message.others, { n: more }));
  if (isCured(cure)) return besides;
  const gone = incident.faults.flatMap((one) => (one.hidden || one.goneAt === null ? [] : timed(answer.went, one, one.goneAt)));
  const meeting = next?.(pathOfScope(incident.scope), now)[0];
  const isNear = meeting !== undefined && meeting.from - now < meetingWithinMs;
  return [...besides, ...gone, ...(isNear ? [filled(message.meeting, { time: clockOf(meeting.from, timeZone) })] : [])];
}

/** It is well as soon as a check says so, although the incident is watched for a while. */
function standingOf({ memory }: At, incident: Incident, { language, timeZone }: Reading): Standing {
  const { answer, message } = wordsIn(language);
  if (incident.overAt !== null) {
    const over = filled(answer.over, { time: timeOf(incident.overAt, timeZone, language) });
    return { cure: 'over', status: isReadyIn(memory, incident.scope) ? `${over} ${message.roomWell}` : over };
  }
  const faults = incident.faults.filter((one) => !one.hidden);
  const shown = faults.length > 0 ? faults : incident.faults;
  if (shown.every(({ goneAt }) => goneAt !== null)) {
    const goneAt = Math.max(...shown.map((one) => one.goneAt ?? 0));
    return { cure: 'well', status: filled(answer.well, { time: clockOf(goneAt, timeZone) }), goneAt };
  }
  const isUnknown = shown.every(({ goneAt, unknownSince }) => goneAt !== null || unknownSince !== null);
  return isUnknown ? { cure: 'unknown', status: answer.unknown } : { cure: 'broken', status: answer.broken };
}

/** What stands although its checks have run is said by name; what began later was not looked for. */
function checkLine({ memory, place }: At, incident: Incident, { person: { language }, pcs, check }: For): string {
  const { answer } = wordsIn(language);
  if (check === undefined) return '';
  const time = clockOf(check.at, (incident.place ?? place(incident.scope)).timeZone);
  if (check.is === 'checked') {
    const first = shownOf(incident).find((one) => one.goneAt === null && one.unknownSince === null && one.since <= check.at);
    return first === undefined ? '' : filled(answer.checked, { time, what: titleIn(first.fault, language) ?? first.fault });
  }
  if (check.is === 'refused') return answer.notReached;
  const isThere = pcs.some((pc) => memory.pcs.get(pc)?.presence === 'online');
  return isThere && check.is === 'running' ? answer.checking : filled(answer.noAnswer, { time });
}

const sentences = { seen: 'saidSeen', going: 'saidGoing', fixed: 'saidFixed', 'not-mine': 'saidNotMine', here: 'saidHere' } as const;

/** Whether what a person said of an incident still holds, of one link, where `link` names it; then it is not said again. What somebody took, and gave back or lost to another one, can be taken again. */
export function holds(incident: Incident, person: { id: string; name: string; link?: string | undefined }, word: AnswerWord): boolean {
  const said = incident.answers?.filter((one) => one.person === person.id) ?? [];
  const isHolder = has(incident, person);
  switch (word) {
    case 'seen':
      return said.some((one) => one.word === word && (person.link === undefined || one.link === person.link));
    case 'going':
      // Whoever took it on the wall has said nothing yet.
      return isHolder && said.some((one) => one.word !== 'seen' && one.word !== 'not-mine');
    case 'fixed':
      return isHolder && incident.fixed !== undefined;
    case 'not-mine':
      return !isHolder && said.findLast((one) => one.word !== 'here')?.word === word;
  }
}
