/**
 * Records a person's answers to an incident without a sign-in, by a link or by a button of a channel. The four answers and *I am here* are
 * the only possible actions.
 */
import { type Cancel, type Clock, isPcPath, type MessageLanguage, type Person, pathOfScope, siteOf, vocabularyIn } from '@sabha/contracts';
import { isAcknowledgedBy } from '../../engine/handling/handling.ts';
import type { Incident } from '../../engine/records/incidents.ts';
import type { ChannelReply, HandleMissedCall, HandleReply } from '../../engine/records/notices.ts';
import type { Ingest } from '../../ingest/ingest.ts';
import type { Calendar } from '../../sites/calendar/calendar.ts';
import type { CentreView } from '../../view/live.ts';
import { isSamePhone } from '../people/channels/kit/gateway.ts';
import { answerLine, plainLine } from '../people/channels/kit/plain.ts';
import type { Roster } from '../people/roster.ts';
import { textForStranger } from '../people/words.ts';
import { createChecks } from './checks.ts';
import type { AnswerLink } from './reply-link.ts';
import { type AnswerSheet, answerStillHolds, sheetOf } from './sheet.ts';

/** Time in which a repeated button press is ignored if the same answer of the person is still in force. */
const repeatWindowMs = 10 * 60_000;
/** Limit of answers by one link, against abuse. Each new notification contains a new link. */
const answersPerLinkLimit = 16;

/**
 * Result of an answer. `used`: the same answer by the same link is still in force, or the limit of answers is reached. `taken`: another
 * person has acknowledged the incident. `stranger`: no person was notified under this address.
 */
export type AnswerResult = { ok: true } | { ok: false; why: 'missing' | 'over' | 'used' | 'stranger' | 'taken' };

export type AnswersOptions = {
  ingest(): Pick<Ingest, 'memory' | 'place' | 'table' | 'tell' | 'time'> | undefined;
  roster: Pick<Roster, 'book'>;
  view: Pick<CentreView, 'onChange' | 'commands' | 'now'>;
  clock: Pick<Clock, 'after' | 'up'>;
  meetings?: { calendar(): Pick<Calendar, 'next'> };
};

type AnswersContext = AnswersOptions & { checks: ReturnType<typeof createChecks> };

export type Answers = ReturnType<typeof createAnswers>;

/**
 * Guarantee: an answer is confirmed only after it is in the ledger, with the person's name in the audit log.
 * An answer that is still in force is recorded once for each link, also if two requests arrive at the same time.
 */
export function createAnswers(options: AnswersOptions) {
  const { ingest, roster, view, meetings } = options;
  const checks = createChecks(options);
  const parts: AnswersContext = { ...options, checks };
  const found = (incident: number) => ingest()?.memory.incidents.get(incident);
  return {
    answer: (id: string, incident: number, word: ChannelReply['word']) => recordAnswer(parts, { id, incident, word }),
    /**
     * Records an answer by a link, unless the same answer is still in force. `holder`: the person who had acknowledged the incident when
     * the page was shown. If another person has acknowledged it since, that person is not replaced.
     */
    answerByLink: ({ person: id, incident, id: link }: AnswerLink, word: ChannelReply['word'], holder?: string) =>
      recordAnswer(parts, { id, incident, word, link, holder }),
    byButton: (answer: ChannelReply): ReturnType<HandleReply> => recordButton(parts, answer),
    /**
     * Records a missed call as the answer *going* for the incident of which the caller was notified.
     * Guarantee: exactly one person must have the number, and exactly one incident must be possible. The number needs at least ten digits.
     * No other answer is possible, since a number can be forged.
     */
    async byMissedCall(channel: string, number: string): ReturnType<HandleMissedCall> {
      const callers = roster.book().members.filter(({ addresses }) => isSamePhone(addresses[channel] ?? '', number));
      const [person, ...others] = callers;
      if (person === undefined || others.length > 0) return 'stranger';
      const isOpen = ({ over, acknowledged, told }: Incident) =>
        over === null && acknowledged === null && told.some((one) => one.person === person.id);
      const [incident, ...more] = [...(ingest()?.memory.incidents.values() ?? [])].filter(isOpen);
      if (incident === undefined) return 'none';
      if (more.length > 0) return 'several';
      return (await recordAnswer(parts, { id: person.id, incident: incident.id, word: 'going' })).ok ? 'taken' : 'none';
    },
    /** Records that the person is on site and runs the checks of the site. Returns false if the site cannot be reached. */
    async checkIn(id: string, incident: number, link?: string): Promise<boolean> {
      const person = roster.book().byId.get(id);
      const open = requireIngest(parts);
      const about = open.memory.incidents.get(incident);
      if (person === undefined || about?.over !== null) return false;
      const isKnown = about.answers?.some(
        (one) => one.person === id && one.word === 'here' && Math.abs(open.time() - one.at) < repeatWindowMs,
      );
      if (!isKnown || about.acknowledged === null) await recordInEngine(open, person, { incident, word: 'here', link });
      return check(parts, person, incident);
    },
    /** Returns the content of the answer page; undefined if the incident is no longer stored. */
    sheet(id: string, incident: number, link: string): AnswerSheet | undefined {
      const open = ingest();
      const person = roster.book().byId.get(id);
      const about = found(incident);
      if (!open || !person || !about) return undefined;
      const site = siteOfScope(about);
      const pcs = isPcPath(about.scope) ? [about.scope] : (about.spread?.away ?? []);
      const check = site === undefined ? undefined : checks.of(site, pcs);
      return sheetOf({ ...open, next: meetings?.calendar().next }, about, { person, link, pcs, check });
    },
    languageOf: (id: string): MessageLanguage | undefined => roster.book().byId.get(id)?.language,
    onChange(incident: number, listener: () => void): Cancel {
      const about = found(incident);
      const site = about && siteOfScope(about);
      const cancelChecks = site === undefined ? () => {} : checks.onChange(site, listener);
      const cancelChange = view.onChange('', ({ incidents = [] }) => {
        if (incidents.some(({ id }) => id === incident)) listener();
      });
      return () => {
        cancelChecks();
        cancelChange();
      };
    },
  };
}

type AnswerInput = { word: ChannelReply['word']; link?: string | undefined; holder?: string | undefined };

async function recordAnswer(
  parts: AnswersContext,
  { id, incident, ...how }: AnswerInput & { id: string; incident: number },
): Promise<AnswerResult> {
  const { word, link } = how;
  const person = parts.roster.book().byId.get(id);
  const open = requireIngest(parts);
  if (person === undefined) return { ok: false, why: 'stranger' };
  const found = open.memory.incidents.get(incident);
  const why = refusalOf(found, { person, ...how });
  if (why !== undefined) return { ok: false, why };
  if (link === undefined && found && isRecorded(found, { person, word, now: open.time() })) return { ok: true };
  await recordInEngine(open, person, { incident, word, link });
  // After *fixed* the PC must run its checks at once, because only the checks can confirm the repair.
  if (word === 'fixed') await check(parts, person, incident);
  return { ok: true };
}

/**
 * Records the press of a button in a message. `addresses`: the addresses of the sender; the first one that a person of the roster has
 * counts.
 * Guarantee: a press counts only for a person with one of the addresses in the roster. That person, or the group at one address, must have
 * been notified of the incident.
 * The content of a press comes from the sender's own program, so it is not trusted.
 */
async function recordButton(
  parts: AnswersContext,
  { channel, addresses, person: notifiedPerson, incident, word }: ChannelReply,
): ReturnType<HandleReply> {
  const { members } = parts.roster.book();
  const at = addresses.flatMap((address) => members.filter((one) => one.addresses[channel] === address));
  const meant = notifiedPerson === undefined ? at : members.filter(({ id }) => id === notifiedPerson);
  const [person] = meant;
  const knew = parts.ingest()?.memory.incidents.get(incident)?.told;
  const isKnown = knew === undefined || meant.some(({ id }) => knew.some((one) => one.person === id));
  if (person === undefined || !isKnown) return { line: textForStranger() };
  const answered = await recordAnswer(parts, { id: person.id, incident, word });
  const { message, answer: texts } = vocabularyIn(person.language);
  if (!answered.ok && answered.why === 'missing') return { line: texts.missing };
  if (!answered.ok) return { line: answered.why === 'over' ? message.over : textForStranger() };
  const by = plainLine(person.name);
  return { by, line: answerLine(by, word, person.language) };
}

type OpenIngest = NonNullable<ReturnType<AnswersOptions['ingest']>>;

/** Applies the answer to the engine before the first `await`, so that a parallel request sees the answer. */
async function recordInEngine(
  open: OpenIngest,
  person: Person,
  said: { incident: number; word: ChannelReply['word'] | 'here'; link: string | undefined },
): Promise<void> {
  const { id, name: by } = person;
  const { incident, word, link } = said;
  const audit = { who: by, what: `answer ${word}`, about: `incident ${incident}${link === undefined ? '' : ' by link'}` };
  const told = await open.tell({ type: 'answer', incident, person: id, by, word, ...(link !== undefined && { link }) }, audit);
  if (!told) throw new Error('the ledger did not store it');
}

async function check(parts: AnswersContext, { name }: Person, incident: number): Promise<boolean> {
  const found = requireIngest(parts).memory.incidents.get(incident);
  const site = found && siteOfScope(found);
  return site !== undefined && found?.over === null && parts.checks.ask(site, name);
}

function requireIngest({ ingest }: AnswersContext): OpenIngest {
  const open = ingest();
  if (open === undefined) throw new Error('the ledger is being reopened');
  return open;
}

function refusalOf(incident: Incident | undefined, { person, word, link, holder }: AnswerInput & { person: Person }) {
  if (incident === undefined) return 'missing' as const;
  const { answers = [], acknowledged, over } = incident;
  const isSpent = answers.filter((one) => one.link === link).length >= answersPerLinkLimit;
  if (link !== undefined && (isSpent || answerStillHolds(incident, { ...person, link }, word))) return 'used' as const;
  if (over !== null) return 'over' as const;
  const by = acknowledged?.by ?? '';
  return word === 'going' && holder !== undefined && by !== '' && !isAcknowledgedBy(incident, person) && by !== holder
    ? ('taken' as const)
    : undefined;
}

/** True if this is the person's last answer, is recent, and is still in force. */
function isRecorded(incident: Incident, { person, word, now }: { person: Person; word: ChannelReply['word']; now: number }): boolean {
  const last = incident.answers?.findLast((one) => one.person === person.id && one.word !== 'here');
  return last?.word === word && Math.abs(now - last.at) < repeatWindowMs && answerStillHolds(incident, person, word);
}

/** Returns the site whose PCs run the checks: the site of the room, or of an incident of many rooms in one site. Else undefined. */
function siteOfScope({ scope, spread }: Incident): string | undefined {
  const path = spread?.path ?? pathOfScope(scope);
  const parts = path.split('/').length;
  return parts === 3 ? siteOf(path) : parts === 2 ? path : undefined;
}
