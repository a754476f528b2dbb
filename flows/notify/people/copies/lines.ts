/** What stands below a message that was sent before: what people said and did about its incident since. */
import { type AnswerWord, filled, type MessageLanguage, wordsIn } from '@sabha/contracts';
import type { Deed, Incident } from '../../../engine/records/incidents.ts';
import { answerLine } from '../channels/kit/buttons.ts';
import { short } from '../channels/kit/plain.ts';

/** One of them. */
export type Saying = { at: number; by: string } & ({ word: AnswerWord } | Pick<Deed, 'did' | 'to'>);

/** So many of the last lines stand there. */
const linesAtMost = 8;
/** Quiet is nothing that those who know of it wait for. */
const shown: readonly Deed['did'][] = ['acknowledged', 'taken-over', 'assigned', 'fixed', 'lapsed', 'reopened'];

/** What was said and done of an incident, in its order, however it came; what was taken back at once was not. */
export function sayingsOf({ deeds = [], answers = [] }: Pick<Incident, 'deeds' | 'answers'>): Saying[] {
  const gone = takenBack(deeds);
  const said = answers.flatMap(({ at, by, word }) => (word === 'here' ? [] : [{ at, by, word }]));
  // Whoever answers did by it what stands there of the same moment: the answer is nearer to their words. So is *fixed*, by which it is taken too.
  const spoken = new Set(said.map(momentOf));
  const done = new Map(deeds.filter((one) => shown.includes(one.did) && !spoken.has(momentOf(one))).map((one) => [momentOf(one), one]));
  return [...done.values(), ...said].filter((one) => !gone.has(momentOf(one))).toSorted((a, b) => a.at - b.at);
}

/** The lines of what came after a time. `nameOf`: of the person with that id. */
export function linesOf(
  sayings: readonly Saying[],
  { since, language, nameOf }: { since: number; language: MessageLanguage; nameOf(id: string): string },
): string[] {
  const lines = sayings.filter(({ at }) => at > since).map((one) => lineOf(one, language, nameOf));
  return lines.filter((line, at) => line !== lines[at - 1]).slice(-linesAtMost);
}

function lineOf(one: Saying, language: MessageLanguage, nameOf: (id: string) => string): string {
  const { message, again } = wordsIn(language);
  const name = short(one.by);
  if ('word' in one) return answerLine(name, one.word, language);
  const to = short(nameOf(one.to ?? ''));
  if (one.did === 'fixed') return answerLine(name, one.did, language);
  if (one.did === 'assigned') return filled(message.asked, { name, to });
  if (one.did === 'lapsed') return filled(again.lapsed, { name: to });
  if (one.did === 'reopened') return `${message.stillThere}: ${filled(again.reopened, { name: to })}`;
  return filled(message.onIt, { name });
}

/** The moments at which something was taken that was taken back. */
function takenBack(deeds: readonly Deed[]): Set<string> {
  const held: Deed[] = [];
  const gone = new Set<string>();
  for (const deed of deeds) {
    if (deed.did === 'acknowledged' || deed.did === 'taken-over') held.push(deed);
    const last = deed.did === 'withdrawn' ? held.findLast(({ by }) => by === deed.by) : undefined;
    if (last !== undefined) gone.add(momentOf(last));
  }
  return gone;
}

function momentOf({ at, by }: Pick<Saying, 'at' | 'by'>): string {
  return `${at} ${by}`;
}
