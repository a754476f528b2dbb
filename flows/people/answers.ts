/** What people answer over a channel: whose address it is, and what the person is shown. */
import { type Person, wordsIn } from '#contracts';
import type { AnswerWord, TakeAnswer } from '../records/notices.ts';
import { answerLine } from './channels/buttons.ts';
import { plain } from './channels/plain.ts';
import type { Roster } from './roster.ts';

/** `answer` takes what one person says of an incident: done, or why not. */
export type AnswersOptions = {
  roster: Pick<Roster, 'people' | 'person'>;
  answer(person: Person, incident: number, word: AnswerWord): Promise<'done' | 'missing' | 'over'>;
};

/** Guarantee: nobody answers who has none of the addresses in the roster; the first address that has a person counts. */
export function takeAnswers({ roster, answer }: AnswersOptions): TakeAnswer {
  return async ({ channel, addresses, incident, word }) => {
    const persons = roster.people().persons.map(({ id }) => roster.person(id));
    const [person] = addresses.flatMap((address) => persons.filter((one) => one.addresses[channel] === address));
    if (person === undefined) return { line: stranger };
    const became = await answer(person, incident, word);
    const { language } = person;
    if (became !== 'done') return { line: became === 'over' ? wordsIn(language).message.over : stranger };
    const by = plain(person.name);
    return { by, line: answerLine(by, word, language) };
  };
}

/** A stranger has no language that we know. */
const stranger = 'Not in the roster of Sabha · सभा के रोस्टर में नहीं';
