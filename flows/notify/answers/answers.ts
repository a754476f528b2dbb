/** What a person answers to an incident without a login, by a link or a button of a channel: four words, and *I am here*. Nothing else can be done this way. */
import {
  type AnswerWord,
  type Cancel,
  type Clock,
  isPcPath,
  type MessageLanguage,
  type Person,
  pathOfScope,
  type SaidWord,
  siteOf,
} from '@sabha/contracts';
import { has } from '../../engine/handling/handling.ts';
import type { Incident } from '../../engine/records/incidents.ts';
import type { Ingest } from '../../ingest/ingest.ts';
import type { Calendar } from '../../sites/calendar/calendar.ts';
import type { CentreView } from '../../view/live.ts';
import type { Roster } from '../people/roster.ts';
import type { AnswerLink } from './answer-link.ts';
import { createChecks } from './checks.ts';
import { holds } from './holding.ts';
import { type Sheet, sheetOf } from './sheet.ts';

/** A button that is pressed again in this time says nothing more, where it stands as it was said. */
const againMs = 10 * 60_000;

/** `used`: what was said with this link still holds, or enough was said with it; `taken`: somebody else has it meanwhile; `stranger`: nobody of that id is told any more. */
export type Answered = { ok: true } | { ok: false; why: 'missing' | 'over' | 'used' | 'stranger' | 'taken' };

/** What the answers are taken with. */
export type AnswersOptions = {
  /** What is open now; undefined while the ledger is opened anew. */
  ingest(): Pick<Ingest, 'memory' | 'place' | 'table' | 'tell' | 'time'> | undefined;
  roster: Pick<Roster, 'person' | 'people'>;
  view: Pick<CentreView, 'onChange' | 'commands' | 'now'>;
  clock: Pick<Clock, 'after' | 'up'>;
  /** What meets in a room next. */
  meetings?: { calendar(): Pick<Calendar, 'next'> };
};

type Open = NonNullable<ReturnType<AnswersOptions['ingest']>>;
type Said = { incident: number; word: SaidWord; link?: string | undefined };

/** So much may be said with one link: who changes their mind more often is told anew. */
const wordsOfOneLink = 16;

/** The answers of one centre. */
export type Answers = ReturnType<typeof createAnswers>;

/** Guarantee: an answer is in the ledger, with the person's name in the audit, before it is confirmed; one link says no word twice that still holds, also of two at the same time. */
export function createAnswers({ ingest, roster, view, clock, meetings }: AnswersOptions) {
  const known = (id: string): Person | undefined => (roster.people().persons.some((one) => one.id === id) ? roster.person(id) : undefined);
  const checks = createChecks({ view, clock });

  const { take, here } = takingWith({ ingest, known, checks });

  return {
    /** By whatever knows the person: a button of a channel. Resolves once it is committed. */
    answer: (id: string, incident: number, word: AnswerWord) => take({ id, incident, word }),
    /** By a link, which says no word again that still holds. `holder`: who had it as far as the person saw; another one is not overrun. */
    byLink: ({ person: id, incident, id: link }: AnswerLink, word: AnswerWord, holder?: string) =>
      take({ id, incident, word, link, holder }),
    /** The person is there, which is written down, and the checks of the incident's site run now; false where it cannot be asked. */
    here,
    /** All that the page of a link shows; undefined where the incident is no longer kept. */
    sheet(id: string, incident: number, link: string): Sheet | undefined {
      const open = ingest();
      const person = known(id);
      const found = open?.memory.incidents.get(incident);
      if (!open || !person || !found) return undefined;
      const [site, pcs] = [siteOfScope(found), pcsOf(found)];
      return sheetOf({ ...open, next: meetings?.calendar().next }, found, {
        person,
        link,
        pcs,
        check: site === undefined ? undefined : checks.of(site, pcs),
      });
    },
    /** The ids of those who were told of an incident; undefined where it is no longer kept, and while the ledger is opened anew. */
    toldOf: (incident: number) =>
      ingest()
        ?.memory.incidents.get(incident)
        ?.told.map(({ person }) => person),
    /** The incidents that a person was told of, and that nobody has taken. */
    openFor(id: string): number[] {
      const open = [...(ingest()?.memory.incidents.values() ?? [])].filter((one) => one.over === null && one.acknowledged === null);
      return open.filter(({ told }) => told.some(({ person }) => person === id)).map((one) => one.id);
    },
    /** The language of a person; undefined of one who is not told any more. */
    languageOf: (id: string): MessageLanguage | undefined => known(id)?.language,
    /** Told when an incident may read differently. */
    onChange(incident: number, listener: () => void): Cancel {
      const found = ingest()?.memory.incidents.get(incident);
      const site = found && siteOfScope(found);
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

type Taking = Pick<AnswersOptions, 'ingest'> & {
  known(id: string): Person | undefined;
  checks: ReturnType<typeof createChecks>;
};

function takingWith({ ingest, known, checks }: Taking) {
  async function take({ id, incident, word, link, holder }: How & { id: string; incident: number }): Promise<Answered> {
    const person = known(id);
    const open = present(ingest);
    if (person === undefined) return { ok: false, why: 'stranger' };
    const found = open.memory.incidents.get(incident);
    const why = refusalOf(found, { person, word, link, holder });
    if (why !== undefined) return { ok: false, why };
    if (link === undefined && found && isSaid(found, { person, word, now: open.time() })) return { ok: true };
    await write(open, person, { incident, word, link });
    // Believed when the PC says so, which is asked to look at once.
    if (word === 'fixed') await check(person, incident);
    return { ok: true };
  }

  /** Applied before the first await, so that a second one finds it. */
  async function write(open: Open, { id, name: by }: Person, { incident, word, link }: Said): Promise<void> {
    const audit = { who: by, what: `answer ${word}`, about: `incident ${incident}${link === undefined ? '' : ' by link'}` };
    const told = await open.tell({ type: 'answer', incident, person: id, by, word, ...(link !== undefined && { link }) }, audit);
    if (!told) throw new Error('the ledger did not take it');
  }

  async function check({ name }: Person, incident: number): Promise<boolean> {
    const found = present(ingest).memory.incidents.get(incident);
    const to = found && siteOfScope(found);
    return to !== undefined && found?.over === null && checks.ask(to, name);
  }

  async function here(id: string, incident: number, link?: string): Promise<boolean> {
    const person = known(id);
    const open = present(ingest);
    const found = open.memory.incidents.get(incident);
    if (person === undefined || found?.over !== null) return false;
    const isKnown = found.answers?.some((one) => one.person === id && one.word === 'here' && Math.abs(open.time() - one.at) < againMs);
    if (!isKnown || found.acknowledged === null) await write(open, person, { incident, word: 'here', link });
    return check(person, incident);
  }

  return { take, here };
}

function present<T>(ingest: () => T | undefined): T {
  const open = ingest();
  if (open === undefined) throw new Error('the ledger is opened anew');
  return open;
}

type How = { word: AnswerWord; link?: string | undefined; holder?: string | undefined };

function refusalOf(incident: Incident | undefined, { person, word, link, holder }: How & { person: Person }) {
  if (incident === undefined) return 'missing' as const;
  const { answers = [], acknowledged, over } = incident;
  const isSpent = answers.filter((one) => one.link === link).length >= wordsOfOneLink;
  if (link !== undefined && (isSpent || holds(incident, { ...person, link }, word))) return 'used' as const;
  if (over !== null) return 'over' as const;
  const by = acknowledged?.by ?? '';
  return word === 'going' && holder !== undefined && by !== '' && !has(incident, person) && by !== holder ? ('taken' as const) : undefined;
}

/** It is the person's last word, of a moment ago, and nobody has changed since what follows of it. */
function isSaid(incident: Incident, { person, word, now }: { person: Person; word: AnswerWord; now: number }): boolean {
  const last = incident.answers?.findLast((one) => one.person === person.id && one.word !== 'here');
  return last?.word === word && Math.abs(now - last.at) < againMs && holds(incident, person, word);
}

/** The site whose PCs are asked: that of a room, or of a cause within one site. */
function siteOfScope({ scope, spread }: Incident): string | undefined {
  const path = spread?.path ?? pathOfScope(scope);
  const parts = path.split('/').length;
  return parts === 3 ? siteOf(path) : parts === 2 ? path : undefined;
}

/** The PCs that it is about. */
function pcsOf({ scope, spread }: Incident): readonly string[] {
  return isPcPath(scope) ? [scope] : (spread?.away ?? []);
}
