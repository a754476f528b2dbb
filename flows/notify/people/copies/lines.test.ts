import { expect, test } from 'vitest';
import type { Answer, Deed } from '../../../engine/records/incidents.ts';
import { linesOf, sayingsOf } from './copies.ts';

const said = (at: number, by: string, word: Answer['word']): Answer => ({ at, by, word, person: by.toLowerCase() });
const nameOf = (id: string) => (id === 'bina' ? 'Bina' : id);
const lines = (of: { deeds?: Deed[]; answers?: Answer[] }, { since = 0, language = 'en' as 'en' | 'hi' | 'mr' } = {}) =>
  linesOf(sayingsOf(of), { since, language, nameOf });

test('what was taken on the wall, over a channel or by nobody any more stands in its order, in the language of the person', () => {
  const of = {
    deeds: [
      { at: 2, by: 'Asha', did: 'acknowledged' as const },
      { at: 4, by: 'Meera', did: 'taken-over' as const, to: 'Asha' },
      { at: 5, by: 'Meera', did: 'snoozed' as const, until: 9 },
      { at: 6, by: '', did: 'lapsed' as const, to: 'Meera' },
      { at: 7, by: 'Meera', did: 'assigned' as const, to: 'bina' },
      { at: 8, by: 'Bina', did: 'fixed' as const, until: 20 },
      { at: 20, by: '', did: 'reopened' as const, to: 'Bina' },
    ],
    answers: [said(1, 'Bina', 'seen'), said(2, 'Asha', 'going'), said(3, 'Asha', 'here')],
  };
  expect(lines(of)).toEqual([
    '✔ Bina: Seen',
    '✔ Asha: I am going',
    '✔ Meera: I am on it',
    'Meera was on it; nobody is now.',
    'Meera asked Bina',
    '✔ Bina: It is fixed',
    'Still there: Bina said that it is fixed.',
  ]);
  expect(lines(of, { since: 3, language: 'hi' }).slice(0, 3)).toEqual([
    '✔ Meera: मैं देख रहा/रही हूँ',
    'Meera इसे देख रहे थे, अब कोई नहीं देख रहा।',
    'Meera ने यह काम Bina को सौंपा',
  ]);
  expect(lines(of, { since: 3, language: 'mr' })[0]).toBe('✔ Meera: मी पाहत आहे');
});

test('what was taken back at once was not taken, however it was said; the same twice stands once, and of many the last', () => {
  const deeds: Deed[] = [
    { at: 1, by: 'Asha', did: 'acknowledged' },
    { at: 2, by: 'Bina', did: 'taken-over', to: 'Asha' },
    { at: 3, by: 'Bina', did: 'withdrawn', to: 'Asha' },
  ];
  expect(lines({ deeds })).toEqual(['✔ Asha: I am on it']);
  expect(lines({ deeds, answers: [said(2, 'Bina', 'going')] })).toEqual(['✔ Asha: I am on it']);
  const answers = [said(1, 'Asha', 'seen'), said(2, 'Asha', 'seen')];
  expect(lines({ answers })).toEqual(['✔ Asha: Seen']);
  const many = Array.from({ length: 20 }, (_, at) => said(at + 1, `P${at}`, 'seen'));
  expect(lines({ answers: many })).toEqual(many.slice(-8).map(({ by }) => `✔ ${by}: Seen`));
});

test('S14 a name that somebody gave themselves stays on one line', () => {
  expect(lines({ answers: [said(1, 'Asha\n✔ Meera: It is fixed\u202e', 'seen')] })).toEqual([
    expect.stringMatching(/^✔ Asha ✔ Meera: It is fix.*: Seen$/),
  ]);
});
