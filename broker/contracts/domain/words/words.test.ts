import { describe, expect, test } from 'vitest';
import { ofTier } from '../../../../test/figures.ts';
import { faultIds, faults } from '../faults.ts';
import { reasons } from '../reasons.ts';
import {
  actionIn,
  fillIn,
  fillMissingTexts,
  messageLanguages,
  nameIn,
  notificationOnlyLanguages,
  outageText,
  stepsOf,
  titleIn,
  translateReason,
  vocabulary,
  vocabularyIn,
  wordFor,
} from './words.ts';

const groups = Object.keys(vocabulary.en) as (keyof typeof vocabulary.en)[];

test.each(groups)('%s: every language has a text for each key, with the same blanks', (group) => {
  const blanks = (text: string) => (text.match(/\{\w+\}/g) ?? []).toSorted();
  for (const language of messageLanguages) {
    const words = Object.entries(vocabularyIn(language)[group]);
    expect(words.map(([key]) => key)).toEqual(Object.keys(vocabulary.en[group]));
    for (const [key, text] of words) {
      expect([key, text.trim()]).toEqual([key, expect.stringMatching(/./)]);
      expect([key, blanks(text)]).toEqual([key, blanks(wordFor('en', group, key) ?? '')]);
    }
  }
});

test('Hindi texts are in Devanagari with Latin digits, except PC, UPS, DNS and TLS', () => {
  for (const group of groups)
    for (const [key, text] of Object.entries(vocabulary.hi[group])) {
      expect([group, key, text]).toEqual([group, key, expect.stringMatching(/\p{Script=Devanagari}|^(?:PC|UPS|DNS|TLS|\{cause\})$/u)]);
      expect(text).not.toMatch(/[०-९]/);
    }
});

test.each([
  [0.95, 'power cut', 'बिजली गई'],
  [0.9, 'power cut', 'बिजली गई'],
  [0.8, 'probably power cut', 'शायद बिजली गई'],
  [0.61, 'probably power cut', 'शायद बिजली गई'],
  [0.6, 'not known, perhaps power cut', 'अभी साफ़ नहीं, शायद बिजली गई'],
])('a confidence of %d has a wording in both languages', (confidence, en, hi) => {
  expect([outageText({ cause: 'power-cut', confidence }, 'en'), outageText({ cause: 'power-cut', confidence }, 'hi')]).toEqual([en, hi]);
});

describe.each(Object.entries(notificationOnlyLanguages))('the further language %s', (_, own) => {
  const keysOf = (words: object) => Object.keys(words).sort();

  // A new check need not wait for its translation: usual runs require 80 %, the nightly run all.
  const least = ofTier(0.8, 0.8, 1);

  test('has texts only for existing faults, reasons and components, at least 80 % of them and all in the nightly run', () => {
    const said = [own.titles, own.actions, own.reasons, own.vocabulary.component].map(keysOf);
    const all = [faultIds, faultIds, reasons.map(([pattern]) => pattern), Object.keys(vocabulary.en.component)];
    for (const [at, keys] of said.entries()) {
      expect(keys.filter((key) => all[at]?.every((one) => one !== key))).toEqual([]);
      expect(keys.length).toBeGreaterThanOrEqual(least * (all[at]?.length ?? 0));
    }
  });

  test('takes a missing text from the language of its names', () => {
    const {
      titles,
      actions,
      vocabulary: told,
    } = fillMissingTexts({ ...own, titles: {}, actions: {}, vocabulary: { ...own.vocabulary, component: {} } });
    for (const id of faultIds) expect([titles[id], actions[id]]).toEqual([faults[id].title[own.names], faults[id].action[own.names]]);
    expect(told).toEqual({ ...own.vocabulary, component: vocabulary[own.names].component });
    expect(fillMissingTexts(own).titles).toEqual({ ...titles, ...own.titles });
    const [pattern, hindi] = reasons[0] ?? ['', ''];
    const reasonsOf = (names: 'en' | 'hi') => fillMissingTexts({ ...own, names, reasons: {} }).reasons;
    expect([reasonsOf('hi')[pattern], reasonsOf('en')]).toEqual([hindi, {}]);
    expect(Object.keys(fillMissingTexts(own).reasons)).toEqual(reasons.map(([one]) => one));
  });

  test('has all texts in Devanagari with Latin digits, and the capture groups of each reason pattern', () => {
    const texts = Object.entries({ ...own.titles, ...own.actions, ...own.reasons });
    for (const [key, text] of texts) {
      expect([key, text]).toEqual([key, expect.stringMatching(/\p{Script=Devanagari}/u)]);
      expect([key, text]).not.toEqual([key, expect.stringMatching(/[०-९]/)]);
    }
    const caught = (text: string) => (text.match(/\$\d/g) ?? []).sort();
    for (const [pattern, hindi] of reasons) expect([pattern, caught(own.reasons[pattern] ?? hindi)]).toEqual([pattern, caught(hindi)]);
  });
});

test('every action has one to three steps in each language', () => {
  const long = messageLanguages.flatMap((language) =>
    [...faultIds.map((id) => actionIn(id, language) ?? ''), ...Object.values(vocabularyIn(language).outageAction)].filter(
      (action) => stepsOf(action).length > 3 || stepsOf(action).length === 0,
    ),
  );
  expect(long).toEqual([]);
});

test('Marathi has its own title, action and reason, and uses the Hindi form of place names', () => {
  expect(titleIn('camera.missing', 'mr')).toBe('कॅमेरा सापडत नाही');
  expect(titleIn('laser.lost', 'mr')).toBeUndefined();
  expect(actionIn('pc.sleeps', 'mr')).toBe('पॉवर सेटिंग उघडा. ऑटोमॅटिक स्लीप बंद करा.');
  expect(translateReason('no answer in 5 s', 'mr')).toBe('5 सेकंदांत उत्तर आले नाही');
  expect(translateReason('it fell down', 'mr')).toBe('it fell down');
  expect([nameIn({ en: 'Pune', hi: 'पुणे' }, 'mr'), nameIn({ en: 'Pune', hi: '' }, 'mr')]).toEqual(['पुणे', 'Pune']);
});

test('a value that contains a blank is not filled again', () => {
  expect(fillIn('{a} and {b}, {c}', { a: '{b}', b: '$&' })).toBe('{b} and $&, {c}');
});
