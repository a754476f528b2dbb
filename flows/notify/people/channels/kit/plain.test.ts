import { expect, test } from 'vitest';
import { countLetters, plainLine, shorten, shortenInside, variableLimit } from './plain.ts';

test('plainLine replaces line breaks, control characters and direction overrides by spaces', () => {
  expect(plainLine('Jabra\r\nBcc: evil@x.test\u0000\u001b[31m')).toBe('Jabra Bcc: evil@x.test [31m');
  expect(plainLine('abc\u202egnp.exe\u2066\u2069\u200f\u061c\ufeff')).toBe('abc gnp.exe');
  expect(plainLine('a\u2028b\u2029c\u0085d\ud800e')).toBe('a b c d e');
});

test('plainLine keeps Hindi and emoji unchanged, with their joiner characters', () => {
  expect(plainLine('क्\u200dष कॉन्फ़्रेंस \u{1f468}\u200d\u{1f469}')).toBe('क्\u200dष कॉन्फ़्रेंस \u{1f468}\u200d\u{1f469}');
});

test('shorten cuts a name at 30 characters, and never inside a visible letter', () => {
  expect(shorten('x'.repeat(30))).toBe('x'.repeat(30));
  expect(shorten('x'.repeat(31))).toBe(`${'x'.repeat(29)}…`);
  expect(shorten(`${'x'.repeat(28)}क्षेत्र`)).toBe(`${'x'.repeat(28)}…`);
  expect(shorten('\u{1f468}'.repeat(40))).toBe(`${'\u{1f468}'.repeat(14)}…`);
});

test('shorten cuts a name of 4 KB, or of one letter with 1,000 combining marks', () => {
  expect(shorten(`e${'\u0301'.repeat(1_000)}`)).toBe('…');
  expect(shorten('$(reboot)"</script>'.repeat(220)).length).toBeLessThanOrEqual(variableLimit);
});

test.each([
  ['Office of the Collector, Leh', 25, 'Office…the Collector, Leh'],
  ['Office of the Collector, Leh', 20, 'Office…Leh'],
  ['District office Thiruvananthapuram', 29, 'District…Thiruvananthapuram'],
  ['District office Pashchimi Singhbhum', 29, 'District…Pashchimi Singhbhum'],
  ['Thiruvananthapuram District Collectorate', 33, 'Thiruvananthapuram…Collectorate'],
  ['Thiruvananthapuram Collectorate', 22, 'Thiruvananthapuram…'],
  ['DC Thiruvananthapuram', 10, 'Thiruvana…'],
  ['Thiruvananthapuram', 10, 'Thiruvana…'],
  ['ज़िला कार्यालय तिरुवनंतपुरम', 12, 'ज़िला…तिरुवनंतपुरम'],
  [`e${'\u0301'.repeat(900)} room`, 20, 'room…'],
  ['Leh\r\nBcc: x', 30, 'Leh Bcc: x'],
  ['', 5, ''],
])('shortenInside cuts the name %j to %i letters and keeps its first and last words: %j', (name, limit, expected) => {
  expect(shortenInside(name, limit)).toBe(expected);
  expect(countLetters(expected)).toBeLessThanOrEqual(limit);
});

test('countLetters counts a letter of several code points as one', () => {
  expect(['दूसरी मंज़िल, रूम 2', 'e'].map(countLetters)).toEqual([13, 1]);
});
