import { faultIds, type Language, languages, reasonIn, wordFor } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { phrases as selfTest } from '../agent/maintain/self-test/words.ts';
import { createProbes } from '../agent/probes/probes.ts';
import { phrases as card } from '../agent/session/card/statement.ts';
import { phrases as seats } from '../agent/session/seats/mend.ts';
import { texts as wall } from '../dashboards/wall/words/words.js';
import { wordsOf } from '../flows/notify/people/channels/channels.ts';
import { saidAs } from './house/said.ts';
import { isCode, isTest, repository, type SourceFile } from './house/source.ts';
import { eachNode, nameOf, parse, textOf as textOfNode } from './house/syntax.ts';

type Row = { key: string; en: string; hi: string };

const groups = Object.entries(wordsOf('en')).map(([group, words]) => ({ group, keys: Object.keys(words) }));
const domain: Row[] = groups.flatMap(({ group, keys }) =>
  keys.map((key) => row(`${group}.${key}`, textOf('en', group, key), textOf('hi', group, key))),
);
const own: Record<string, Row[]> = {
  wall: Object.entries(wall).map(([key, [en = '', hi = '']]) => row(key, en, hi)),
  card: Object.entries(card).map(([key, { en, hi }]) => row(key, en, hi)),
  seats: Object.entries(seats).map(([key, { en, hi }]) => row(key, en, hi)),
  'self-test': Object.entries(selfTest).map(([key, { en, hi }]) => row(key, en, hi)),
};

/** The same word for another thing: the page is live as a stream, not as a site; the room of a table is the conference room; work is left, not a site. */
const otherThings = ['live and stage.live', 'col.room and component.climate.room', 'open and stage.planned'];

/** Where checks are made, and whom they ask. */
const ofChecks = /^agent\/(link\/(analysis|net)|checks|platform|probes)\//;
/** What is said there is the result of an order, stands in the inventory, is a key that the probe turns into words, or an answer that no check hears. */
const ofOthers = ['linux/orders', 'windows/orders', 'windows/inventory', 'questions/proof', 'questions/toast']
  .map((name) => `agent/platform/${name}.ts`)
  .concat('agent/link/net/sip.ts');
const sources = repository('.').filter(({ path }) => ofChecks.test(path) && !isTest(path) && !ofOthers.includes(path));
const missing = 'not among the components in the files of broker/contracts/domain/faults/';
/** Faults that no check of a PC says. */
const ofTheCentre = ['centre'];

test('what each probe is about, and each fault, has a word in every language', () => {
  const components = [...createProbes().map(({ name }) => name), ...faultIds.map((id) => id.split('.')[0] ?? '')];
  expect(wordless(components.filter((one) => !ofTheCentre.includes(one))), missing).toEqual([]);
});

test('each part of a component that a probe names by itself has a word in every language', () => {
  const parts = createProbes().flatMap(({ name }) => {
    const own = sources.filter(({ path }) => path.startsWith('agent/probes/') && path.endsWith(`/${name}.ts`));
    return saidAs('device', own).flatMap(({ texts }) => texts.map((device) => ({ name, device })));
  });
  expect(parts).toContainEqual({ name: 'pc', device: 'disk' });
  const named = parts.filter(({ device }) => device !== '' && !device.startsWith('expected-'));
  expect(wordless(named.map(({ name, device }) => `${name}.${device}`)), missing).toEqual([]);
});

test('each reason that a check may give is said in Hindi too', () => {
  const said = saidAs('reason', sources);
  expect(said.length).toBeGreaterThan(50);
  const bare = said.filter(({ texts }) => texts.every((reason) => reasonIn(reason, 'hi') === reason));
  expect(
    bare.map(({ path, texts }) => `${path}: ${texts[0]}`),
    'no row among the reasons in the files of broker/contracts/domain/faults/',
  ).toEqual([]);
});

test('what is free of a line is said as seen by this PC, in every language, by whoever says it: what other PCs of the site use is not seen', () => {
  const seen = { en: 'as seen by this PC', hi: 'जैसा इस PC से दिखता है' };
  const isOfLine = ({ en, hi }: Row) => /\bfree\b(?! some disk)/i.test(en) || hi.includes('ख़ाली');
  const words = [...domain, ...Object.values(own).flat()].filter(isOfLine);
  expect(words.map(({ key }) => key)).toContain('measure.free');
  expect(words.filter(({ en, hi }) => !en.includes(seen.en) || !hi.includes(seen.hi))).toEqual([]);
  const speakers = repository('.').filter(({ path, text }) => !isTest(path) && /\bfree\.upBps/.test(text));
  expect(speakers).toHaveLength(3);
  expect(speakers.filter(({ text }) => !/'measure', 'free'|measure\.free|as seen by this PC/.test(text))).toEqual([]);
});

function wordless(keys: readonly string[]): string[] {
  return [...new Set(keys)].flatMap((key) =>
    languages.filter((language) => wordFor(language, 'component', key) === undefined).map((language) => `${language}: ${key}`),
  );
}

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

test('"the centre does not answer" had two Hindi words, on the wall and at a terminal: what stands beside its Hindi anywhere has one', () => {
  const pairs = repository('.')
    .filter(({ path }) => isCode(path) && !isTest(path))
    .flatMap(pairsIn);
  expect(pairs.length).toBeGreaterThan(800);
  const byWord = Map.groupBy([...pairs, ...domain], ({ en }) => en.toLowerCase());
  const torn = [...byWord].filter(([, found]) => new Set(found.map(({ hi }) => hi)).size > 1).map(([en]) => en);
  // One English word for two things: the stream and a site, where one sits and the air, an alert and an office, a heading and a button.
  expect(torn.filter((en) => !['live', 'room', 'closed', 'log in'].includes(en))).toEqual([]);
});

/** Each English text of a file that stands beside its Hindi one, as `{ en, hi }` or as `[en, hi]`. */
function pairsIn(source: SourceFile): { en: string; hi: string }[] {
  const found: { en: string; hi: string }[] = [];
  const add = (en: string | undefined, hi: string | undefined) => {
    if (en !== undefined && hi !== undefined && /\p{Script=Devanagari}/u.test(hi) && /[a-z]/i.test(en)) found.push({ en, hi });
  };
  eachNode(parse(source).program, (node) => {
    if (node.type === 'ArrayExpression' && node.elements.length === 2) add(textOfNode(node.elements[0]), textOfNode(node.elements[1]));
    if (node.type !== 'ObjectExpression') return;
    const members = node.properties.flatMap((one) => (one.type === 'Property' ? [one] : []));
    const at = (name: string) => textOfNode(members.find(({ key }) => nameOf(key) === name)?.value);
    add(at('en'), at('hi'));
  });
  return found;
}

function row(key: string, en: string, hi: string): Row {
  return { key, en, hi };
}

function textOf(language: Language, group: string, key: string): string {
  const words: Record<string, Record<string, string>> = wordsOf(language);
  return words[group]?.[key] ?? '';
}
