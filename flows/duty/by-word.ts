/** Duty by a word over one's own channel: whoever writes it from an address of the roster is on duty, or no more, and hears what holds now. */
import { filled, type MessageLanguage, wordsIn } from '#contracts';
import type { Roster } from '../people/roster.ts';
import { timeOf } from '../people/times.ts';
import { toStranger } from '../people/words.ts';
import type { TakeWord } from '../records/notices.ts';
import type { RosterOrders } from '../roster/roster-orders.ts';
import type { StintSaid } from '../roster/shift-orders.ts';

/** As people write it, in every language alike. */
const said: Readonly<Record<string, 'on' | 'off'>> = {
  on: 'on',
  'on duty': 'on',
  'duty on': 'on',
  'ड्यूटी चालू': 'on',
  'ड्यूटी शुरू': 'on',
  'ड्युटी सुरू': 'on',
  off: 'off',
  'off duty': 'off',
  'duty off': 'off',
  'ड्यूटी बंद': 'off',
  'ड्यूटी खत्म': 'off',
  'ड्यूटी ख़त्म': 'off',
  'ड्युटी बंद': 'off',
};
/** A longer text is no such word. */
const wordLimit = 40;

/** Who is who, and how a word is taken. */
export type ByWordOptions = { roster: Pick<Roster, 'book'>; orders(): Pick<RosterOrders, 'stint'> };

/** Guarantee: nobody is put on duty but by an address of their own; what is no such word is answered by nothing. */
export function takeDutyWords({ roster, orders }: ByWordOptions): TakeWord {
  return async ({ channel, addresses: told, text }) => {
    const is = readWord(text);
    if (is === undefined) return undefined;
    const person = roster.book().members.find(({ addresses }) => told.includes(addresses[channel] ?? ''));
    if (person === undefined) return toStranger();
    const done = await orders().stint(person.id, { is, by: person.name });
    return answerTo(done, person.language, person.zone);
  };
}

/** The word of a message, however it is written; `/on` and `/off` are those of a bot's menu. */
function readWord(text: string): 'on' | 'off' | undefined {
  if (text.length > wordLimit) return undefined;
  const word = text
    .normalize('NFC')
    .trim()
    .toLowerCase()
    .replace(/^\//, '')
    .replace(/[.!।\s]+$/, '')
    .replace(/\s+/g, ' ');
  const known = new Map(Object.entries(said).map(([key, is]) => [key.normalize('NFC'), is]));
  return known.get(word);
}

function answerTo({ is, until }: StintSaid, language: MessageLanguage, zone: string): string {
  const { duty } = wordsIn(language);
  const time = until === null ? '' : timeOf(until, zone, language);
  if (is === 'begun') return filled(duty.begun, { time });
  if (is === 'hours') return until === null ? duty.always : filled(duty.hours, { time });
  if (is === 'here') return until === null ? duty.always : filled(duty.here, { time });
  if (is === 'fixed') return duty.always;
  return is === 'unknown' ? toStranger() : duty[is];
}
