/** What people answer over a channel: whose address it is, and what the person is shown. */
import { type AnswerWord, type Person, wordsIn } from '#contracts';
import type { TakeAnswer, TakeMissedCall } from '../../engine/records/notices.ts';
import { answerLine } from '../people/channels/kit/buttons.ts';
import { isSamePhone } from '../people/channels/kit/gateway.ts';
import { plain } from '../people/channels/kit/plain.ts';
import type { Roster } from '../people/roster.ts';
import { toStranger } from '../people/words.ts';

/** `answer` takes what one person says of an incident: done, or why not; `toldOf`: the ids of those who were told of it, undefined where nobody can say now, or it is no longer kept. */
export type AnswersOptions = {
  roster: Pick<Roster, 'people' | 'person'>;
  toldOf(incident: number): readonly string[] | undefined;
  answer(person: Person, incident: number, word: AnswerWord): Promise<'done' | 'missing' | 'over' | 'stranger'>;
};

/**
 * Guarantee: nobody answers who has none of the addresses in the roster, or is not in it any more, nor of what neither they nor the group at one
 * of the addresses was told: what a press is about comes from a program of the person. The first address that has a person counts.
 */
export function takeAnswers({ roster, toldOf, answer }: AnswersOptions): TakeAnswer {
  return async ({ channel, addresses, person: told, incident, word }) => {
    const persons = personsOf(roster);
    const at = addresses.flatMap((address) => persons.filter((one) => one.addresses[channel] === address));
    const meant = told === undefined ? at : persons.filter(({ id }) => id === told);
    const [person] = meant;
    const knew = toldOf(incident) ?? meant.map(({ id }) => id);
    if (person === undefined || !meant.some(({ id }) => knew.includes(id))) return { line: toStranger() };
    const became = await answer(person, incident, word);
    const { message, answer: texts } = wordsIn(person.language);
    if (became !== 'done') return { line: { missing: texts.missing, over: message.over, stranger: toStranger() }[became] };
    const by = plain(person.name);
    return { by, line: answerLine(by, word, person.language) };
  };
}

/** `openFor`: the incidents that a person was told of, and that nobody has taken yet. */
export type MissedCallsOptions = Omit<AnswersOptions, 'toldOf'> & { openFor(person: string): number[] };

/**
 * Whoever calls back and hangs up takes what they were told of.
 * Guarantee: only where number, person and incident are one each; nobody is known by less than ten digits. It says *going* and nothing else: a number can be forged.
 */
export function takeMissedCalls({ roster, answer, openFor }: MissedCallsOptions): TakeMissedCall {
  return async (channel, number) => {
    const callers = personsOf(roster).filter(({ addresses }) => isSamePhone(addresses[channel] ?? '', number));
    const [person, ...others] = callers;
    if (person === undefined || others.length > 0) return 'stranger';
    const [incident, ...more] = openFor(person.id);
    if (incident === undefined) return 'none';
    if (more.length > 0) return 'several';
    return (await answer(person, incident, 'going')) === 'done' ? 'taken' : 'none';
  };
}

function personsOf(roster: AnswersOptions['roster']): Person[] {
  return roster.people().persons.map(({ id }) => roster.person(id));
}
