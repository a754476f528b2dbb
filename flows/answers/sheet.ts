/** What the page of an answer says: one incident in the words of one person, as it is now. */
import { type AnswerWord, answerWords, bySeverity, filled, isAbsence, type MessageLanguage, type Person, wordsIn } from '#contracts';
import { has } from '../handling/handling.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { clockOf } from '../people/channels/kit/local.ts';
import { timeOf } from '../people/times.ts';
import { spokenOf } from '../people/words.ts';
import type { Answer, Incident } from '../records/incidents.ts';
import type { Notice } from '../records/notices.ts';
import { watchedUntil } from '../transitions/incident.ts';
import { factsOf } from '../transitions/offer.ts';

/** More lines of what was said nobody reads on a phone. */
const saidAtMost = 12;

/** How it stands with what the incident is about: it stands, is well and watched, cannot be measured, or is over. */
export type Cure = 'broken' | 'unknown' | 'well' | 'over';

/** What changes while the page stands open; the rest stays as it was. */
export type Live = {
  cure: Cure;
  /** How it stands, in a sentence. */
  status: string;
  /** Who has it, in a sentence; `taken` by name, '' for nobody. */
  holder: string;
  taken: string;
  /** The label of *going*: it takes over what somebody else has. */
  going: string;
  /** What was said, newest first. */
  said: string[];
  /** Words that this link has said already. */
  used: AnswerWord[];
};

/** All of a page. */
export type Sheet = ReturnType<typeof spokenOf> & { language: MessageLanguage; incident: number; live: Live };

type At = Pick<Ingest, 'memory' | 'place' | 'time'>;
type For = { person: Person; link: string };

/** Everything that the page shows to the person of a link. */
export function sheetOf(at: At, incident: Incident, { person, link }: For): Sheet {
  const { language } = person;
  const place = incident.place ?? at.place(incident.scope);
  const notice = noticeNow(at, incident, place);
  return { ...spokenOf(notice, language), language, incident: incident.id, live: liveOf(at, incident, { person, link }) };
}

/** The news as it stands now, of an incident that is over as it was. */
function noticeNow({ memory }: At, incident: Incident, place: ReturnType<At['place']>): Notice {
  const standing = incident.faults.filter((one) => !one.hidden);
  const faults = (standing.length > 0 ? standing : (incident.ended ?? incident.faults))
    .toSorted((a, b) => bySeverity(a.severity, b.severity) || a.since - b.since)
    .map(factsOf);
  const { outage, severity, scope, flapping } = incident;
  const before = memory.pastOf(scope);
  return {
    kind: incident.over ?? 'raised',
    incident: incident.id,
    severity,
    scope,
    ...place,
    faults,
    at: incident.overAt ?? incident.openedAt,
    flapping,
    ...(outage && faults.some(({ fault }) => isAbsence(fault)) && { outage }),
    ...(before && before.length > 0 && { before }),
    lines: incident.closedBecause === null ? [] : [incident.closedBecause],
  };
}

function liveOf(at: At, incident: Incident, { person, link }: For): Live {
  const { timeZone } = incident.place ?? at.place(incident.scope);
  const { answer } = wordsIn(person.language);
  const { acknowledged, answers = [] } = incident;
  const clock = (ms: number) => clockOf(ms, timeZone);
  const isMine = has(incident, person);
  const holder = acknowledged && filled(isMine ? answer.mine : answer.has, { name: acknowledged.by, time: clock(acknowledged.at) });
  const { cure, status } = standingOf(at, incident, { language: person.language, timeZone });
  return {
    cure,
    status,
    holder: holder ?? (cure === 'over' ? '' : answer.nobody),
    taken: acknowledged?.by ?? '',
    going: acknowledged === null || isMine ? answer.going : answer.takeOver,
    said: answers
      .slice(-saidAtMost)
      .toReversed()
      .map((one) => saidText(one, person.language, clock)),
    used: answerWords.filter((word) => answers.some((one) => one.person === person.id && one.link === link && one.word === word)),
  };
}

type Reading = { language: MessageLanguage; timeZone: string };

/** It is well as soon as a check says so, although the incident is watched for a while. */
function standingOf({ memory }: At, incident: Incident, { language, timeZone }: Reading): { cure: Cure; status: string } {
  const { answer } = wordsIn(language);
  if (incident.overAt !== null) return { cure: 'over', status: filled(answer.over, { time: timeOf(incident.overAt, timeZone, language) }) };
  const faults = incident.faults.filter((one) => !one.hidden);
  const shown = faults.length > 0 ? faults : incident.faults;
  if (shown.every(({ goneAt }) => goneAt !== null)) {
    const ended = memory.endedOf(incident.scope);
    const time = clockOf(Math.max(...shown.map(({ goneAt }) => goneAt ?? 0)), timeZone);
    const until = clockOf(Math.max(...shown.map((one) => watchedUntil(one, ended))), timeZone);
    return { cure: 'well', status: filled(answer.well, { time, until }) };
  }
  const isUnknown = shown.every(({ goneAt, unknownSince }) => goneAt !== null || unknownSince !== null);
  return isUnknown ? { cure: 'unknown', status: answer.unknown } : { cure: 'broken', status: answer.broken };
}

const sentences = { seen: 'saidSeen', going: 'saidGoing', fixed: 'saidFixed', 'not-mine': 'saidNotMine' } as const;

function saidText({ by, word, at }: Answer, language: MessageLanguage, clock: (ms: number) => string): string {
  return filled(wordsIn(language).answer[sentences[word]], { name: by, time: clock(at) });
}
