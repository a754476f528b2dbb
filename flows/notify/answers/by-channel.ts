/** What people answer over a channel: whose address it is, and what the person is shown. */
import { type Person, wordsIn } from '@sabha/contracts';
import type { TakeAnswer, TakeMissedCall } from '../../engine/records/notices.ts';
import { answerLine } from '../people/channels/kit/buttons.ts';
import { isSamePhone } from '../people/channels/kit/gateway.ts';
import { plain } from '../people/channels/kit/plain.ts';
import type { Roster } from '../people/roster.ts';
import { toStranger } from '../people/words.ts';
import type { Answers } from './answers.ts';

/** `answers` is a function, since the channels open before the answers exist. */
export type ByChannelOptions = {
  roster: Pick<Roster, 'people' | 'person'>;
  answers(): Pick<Answers, 'toldOf' | 'answer' | 'openFor'>;
};

/**
 * Guarantee: nobody answers who has none of the addresses in the roster, or is not in it any more, nor of what neither they nor the group at one
 * of the addresses was told: what a press is about comes from a program of the person. The first address that has a person counts.
 */
export function takeAnswers({ roster, answers }: ByChannelOptions): TakeAnswer {
  return async ({ channel, addresses, person: told, incident, word }) => {
    const persons = personsOf(roster);
    const at = addresses.flatMap((address) => persons.filter((one) => one.addresses[channel] === address));
    const meant = told === undefined ? at : persons.filter(({ id }) => id === told);
    const [person] = meant;
    const knew = answers().toldOf(incident) ?? meant.map(({ id }) => id);
    if (person === undefined || !meant.some(({ id }) => knew.includes(id))) return { line: toStranger() };
    const answered = await answers().answer(person.id, incident, word);
    const { message, answer: texts } = wordsIn(person.language);
    if (!answered.ok && answered.why === 'missing') return { line: texts.missing };
    if (!answered.ok) return { line: answered.why === 'over' ? message.over : toStranger() };
    const by = plain(person.name);
    return { by, line: answerLine(by, word, person.language) };
  };
}

/**
 * Whoever calls back and hangs up takes what they were told of.
 * Guarantee: only where number, person and incident are one each; nobody is known by less than ten digits. It says *going* and nothing else: a number can be forged.
 */
export function takeMissedCalls({ roster, answers }: ByChannelOptions): TakeMissedCall {
  return async (channel, number) => {
    const callers = personsOf(roster).filter(({ addresses }) => isSamePhone(addresses[channel] ?? '', number));
    const [person, ...others] = callers;
    if (person === undefined || others.length > 0) return 'stranger';
    const [incident, ...more] = answers().openFor(person.id);
    if (incident === undefined) return 'none';
    if (more.length > 0) return 'several';
    return (await answers().answer(person.id, incident, 'going')).ok ? 'taken' : 'none';
  };
}

function personsOf(roster: ByChannelOptions['roster']): Person[] {
  return roster.people().persons.map(({ id }) => roster.person(id));
}
