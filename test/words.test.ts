import { expect, test } from 'vitest';
import type { Language } from '#contracts';
import { phrases as selfTest } from '../agent/self-test/words.ts';
import { texts as wall } from '../dashboards/wall/words/words.js';
import { wordsOf } from '../flows/people/channels/channels.ts';
import { phrases as mail } from '../flows/people/phrases.ts';

type Row = { key: string; en: string; hi: string };

const groups = Object.entries(wordsOf('en')).map(([group, words]) => ({ group, keys: Object.keys(words) }));
const domain: Row[] = groups.flatMap(({ group, keys }) =>
  keys.map((key) => row(`${group}.${key}`, textOf('en', group, key), textOf('hi', group, key))),
);
const own: Record<string, Row[]> = {
  wall: Object.entries(wall).map(([key, [en = '', hi = '']]) => row(key, en, hi)),
  mail: Object.entries(mail.en).flatMap(([key, en]) => {
    const hi: unknown = mail.hi[key as keyof typeof mail.hi];
    return typeof en === 'string' && typeof hi === 'string' ? [row(key, en, hi)] : [];
  }),
  'self-test': Object.entries(selfTest).map(([key, { en, hi }]) => row(key, en, hi)),
};

/** The same word for another thing: the page is live as a stream, not as a site; the room of a table is the conference room; work is left, not a site. */
const otherThings = ['live and stage.live', 'col.room and component.climate.room', 'open and stage.planned'];

test.each(Object.keys(own))('%s: no word of the domain stands there a second time', (part) => {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const twice = own[part]?.flatMap(({ key, en, hi }) =>
    domain.filter((word) => same(word.en, en) || same(word.hi, hi)).map((word) => `${key} and ${word.key}`),
  );
  expect(twice?.filter((pair) => !otherThings.includes(pair))).toEqual([]);
});

test.each(Object.keys(own))('%s: no key is one of the domain, which would have a second wording', (part) => {
  const keys = own[part]?.map(({ key }) => key) ?? [];
  expect(
    keys.filter(
      (key) => domain.some((word) => word.key === key) || groups.some(({ group }) => key === group || key.startsWith(`${group}.`)),
    ),
  ).toEqual([]);
});

test('what two parts say with one English word they say with one Hindi word', () => {
  const all = Object.entries(own).flatMap(([part, rows]) => rows.map((one) => ({ ...one, part })));
  const different = Map.groupBy(all, ({ en }) => en.toLowerCase());
  const parts = (rows: typeof all) => new Set(rows.map(({ part }) => part)).size;
  expect([...different.values()].filter((rows) => parts(rows) > 1 && new Set(rows.map(({ hi }) => hi)).size > 1)).toEqual([]);
});

function row(key: string, en: string, hi: string): Row {
  return { key, en, hi };
}

function textOf(language: Language, group: string, key: string): string {
  const words: Record<string, Record<string, string>> = wordsOf(language);
  return words[group]?.[key] ?? '';
}
