import { coreReasonText, faultIds, type Language, languages, wordFor } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { phrases as selfTest } from '../agent/maintain/self-test/words.ts';
import { createProbes } from '../agent/probes/probes.ts';
import { phrases as card } from '../agent/session/card/statement.ts';
import { phrases as seats } from '../agent/session/session-helper/repair.ts';
import { texts as wall } from '../dashboards/wall/words/words.js';
import { vocabularyOf } from '../flows/notify/people/channels/channels.ts';
import { saidAs } from './check/literal-texts.ts';
import { isCode, isTest, repository, type SourceFile } from './check/source.ts';
import { eachNode, nameOf, parse, textOf as textOfNode } from './check/syntax.ts';

type Row = { key: string; en: string; hi: string };

const groups = Object.entries(vocabularyOf('en')).map(([group, words]) => ({ group, keys: Object.keys(words) }));
const domain: Row[] = groups.flatMap(({ group, keys }) =>
  keys.map((key) => row(`${group}.${key}`, textOf('en', group, key), textOf('hi', group, key))),
);
const own: Record<string, Row[]> = {
  wall: Object.entries(wall).map(([key, [en = '', hi = '']]) => row(key, en, hi)),
  card: Object.entries(card).map(([key, { en, hi }]) => row(key, en, hi)),
  seats: Object.entries(seats).map(([key, { en, hi }]) => row(key, en, hi)),
  'self-test': Object.entries(selfTest).map(([key, { en, hi }]) => row(key, en, hi)),
};

/**
 * Texts with one English word for two things, such as a live stream and a live site, or a conference room and room temperature.
 */
const otherThings = ['live and stage.live', 'col.room and component.climate.room', 'open and stage.planned'];

/** Files of checks and of their data sources. */
const ofChecks = /^agent\/(link\/(analysis|net)|checks|platform|probes)\//;
/** Files in this folder whose texts are no reasons of checks: results of commands, the inventory, keys that a probe translates. */
const ofOthers = ['linux/orders', 'windows/orders', 'windows/inventory', 'questions/proof', 'questions/toast']
  .map((name) => `agent/platform/${name}.ts`)
  .concat('agent/link/net/sip.ts');
const sources = repository('.').filter(({ path }) => ofChecks.test(path) && !isTest(path) && !ofOthers.includes(path));
const missing = 'not among the components in the files of broker/contracts/domain/faults/';
/** Components of faults that no check of a PC reports. */
const ofTheCentre = ['centre'];

test('each probe and each fault has a text in every language', () => {
  const components = [...createProbes().map(({ name }) => name), ...faultIds.map((id) => id.split('.')[0] ?? '')];
  expect(wordless(components.filter((one) => !ofTheCentre.includes(one))), missing).toEqual([]);
});

test('each named part of a component has a text in every language', () => {
  const parts = createProbes().flatMap(({ name }) => {
    const own = sources.filter(({ path }) => path.startsWith('agent/probes/') && path.endsWith(`/${name}.ts`));
    return saidAs('device', own).flatMap(({ texts }) => texts.map((device) => ({ name, device })));
  });
  expect(parts).toContainEqual({ name: 'pc', device: 'disk' });
  const named = parts.filter(({ device }) => device !== '' && !device.startsWith('expected-'));
  expect(wordless(named.map(({ name, device }) => `${name}.${device}`)), missing).toEqual([]);
});

test('each reason of a check has a Hindi text', () => {
  const said = saidAs('reason', sources);
  expect(said.length).toBeGreaterThan(50);
  const bare = said.filter(({ texts }) => texts.every((reason) => coreReasonText(reason, 'hi') === reason));
  expect(
    bare.map(({ path, texts }) => `${path}: ${texts[0]}`),
    'no row among the reasons in the files of broker/contracts/domain/faults/',
  ).toEqual([]);
});

test('the free capacity of a line is always qualified as seen by this PC, in every language', () => {
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

test.each(Object.keys(own))('%s repeats no text of the domain', (part) => {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const twice = own[part]?.flatMap(({ key, en, hi }) =>
    domain.filter((word) => same(word.en, en) || same(word.hi, hi)).map((word) => `${key} and ${word.key}`),
  );
  expect(twice?.filter((pair) => !otherThings.includes(pair))).toEqual([]);
});

test.each(Object.keys(own))('%s has no key of the domain', (part) => {
  const keys = own[part]?.map(({ key }) => key) ?? [];
  expect(
    keys.filter(
      (key) => domain.some((word) => word.key === key) || groups.some(({ group }) => key === group || key.startsWith(`${group}.`)),
    ),
  ).toEqual([]);
});

test('two parts with the same English text have the same Hindi text', () => {
  const all = Object.entries(own).flatMap(([part, rows]) => rows.map((one) => ({ ...one, part })));
  const different = Map.groupBy(all, ({ en }) => en.toLowerCase());
  const parts = (rows: typeof all) => new Set(rows.map(({ part }) => part)).size;
  expect([...different.values()].filter((rows) => parts(rows) > 1 && new Set(rows.map(({ hi }) => hi)).size > 1)).toEqual([]);
});

test('each English text has one Hindi text, wherever both occur together', () => {
  const pairs = repository('.')
    .filter(({ path }) => isCode(path) && !isTest(path))
    .flatMap(pairsIn);
  expect(pairs.length).toBeGreaterThan(800);
  const byWord = Map.groupBy([...pairs, ...domain], ({ en }) => en.toLowerCase());
  const torn = [...byWord].filter(([, found]) => new Set(found.map(({ hi }) => hi)).size > 1).map(([en]) => en);
  // English words with two meanings: stream and site, place and air, incident and office, heading and button.
  expect(torn.filter((en) => !['live', 'room', 'closed', 'sign in'].includes(en))).toEqual([]);
});

/** Returns each English text of a file that has a Hindi one beside it, as `{ en, hi }` or as `[en, hi]`. */
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
  const words: Record<string, Record<string, string>> = vocabularyOf(language);
  return words[group]?.[key] ?? '';
}
