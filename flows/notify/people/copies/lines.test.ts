import { expect, test } from 'vitest';
import type { Incident, IncidentReply, LogEntry } from '../../../engine/records/incidents.ts';
import { latestOf } from './copies.ts';

const said = (at: number, by: string, word: IncidentReply['word']): IncidentReply => ({ at, by, word, person: by.toLowerCase() });
const nameOf = (id: string) => (id === 'bina' ? 'Bina' : id);
const line = (of: Pick<Incident, 'deeds' | 'answers'>, language: 'en' | 'hi' | 'mr' = 'en') =>
  latestOf(of).line?.(language, nameOf) ?? null;

test.each<[LogEntry, string]>([
  [{ at: 2, by: 'Asha', did: 'acknowledged' }, '✔ Asha: I am on it'],
  [{ at: 4, by: 'Meera', did: 'taken-over', to: 'Asha' }, '✔ Meera: I am on it'],
  [{ at: 6, by: '', did: 'lapsed', to: 'Meera' }, 'Meera had this alert; nobody has it now.'],
  [{ at: 7, by: 'Meera', did: 'assigned', to: 'bina' }, 'Meera assigned it to Bina'],
  [{ at: 8, by: 'Bina', did: 'fixed', until: 20 }, '✔ Bina: It is fixed'],
  [{ at: 20, by: '', did: 'reopened', to: 'Bina' }, 'Still there: Bina said that it is fixed.'],
])('the line below a sent message is the text of the last action on the incident: %j', (deed, expected) => {
  expect(line({ deeds: [{ at: 1, by: 'Devi', did: 'acknowledged' }, deed, { ...deed, at: deed.at + 1, did: 'snoozed' }] })).toBe(expected);
});

test('the line below a sent message shows the last action on the incident in the language of the reader', () => {
  const deeds: LogEntry[] = [{ at: 6, by: '', did: 'lapsed', to: 'Meera' }];
  expect(line({ deeds }, 'hi')).toBe('यह अलर्ट Meera के पास था, अब किसी के पास नहीं है।');
  expect(line({ deeds: [{ at: 4, by: 'Meera', did: 'acknowledged' }] }, 'mr')).toBe('✔ Meera: मी पाहत आहे');
});

test('an answer takes precedence over the action that it caused, and a withdrawn answer shows no line', () => {
  const deeds: LogEntry[] = [{ at: 2, by: 'Asha', did: 'acknowledged' }];
  expect(line({ deeds, answers: [said(2, 'Asha', 'going'), said(3, 'Asha', 'here')] })).toBe('✔ Asha: I am going');
  expect(line({ deeds: [...deeds, { at: 3, by: 'Asha', did: 'withdrawn' }] })).toBe(null);
});

test('S14 a name with a line break stays on one line', () => {
  expect(line({ answers: [said(1, 'Asha\n✔ Meera: It is fixed\u202e', 'seen')] })).toMatch(/^✔ Asha ✔ Meera: It is fix.*: Seen$/);
});
