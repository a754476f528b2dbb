import { expect, test } from 'vitest';
import { lettersIn, plain, short, shortAtWord, variableLimit } from './plain.ts';

test('line breaks, control characters and direction overrides become spaces', () => {
  expect(plain('Jabra\r\nBcc: evil@x.test\u0000\u001b[31m')).toBe('Jabra Bcc: evil@x.test [31m');
  expect(plain('abc\u202egnp.exe\u2066\u2069\u200f\u061c\ufeff')).toBe('abc gnp.exe');
  expect(plain('a\u2028b\u2029c\u0085d\ud800e')).toBe('a b c d e');
});

test('Hindi and emoji stay as they are written, joiners too', () => {
  expect(plain('क्\u200dष कॉन्फ़्रेंस \u{1f468}\u200d\u{1f469}')).toBe('क्\u200dष कॉन्फ़्रेंस \u{1f468}\u200d\u{1f469}');
});

test('a name is cut at 30 characters, and never inside a letter', () => {
  expect(short('x'.repeat(30))).toBe('x'.repeat(30));
  expect(short('x'.repeat(31))).toBe(`${'x'.repeat(29)}…`);
  expect(short(`${'x'.repeat(28)}क्षेत्र`)).toBe(`${'x'.repeat(28)}…`);
  expect(short('\u{1f468}'.repeat(40))).toBe(`${'\u{1f468}'.repeat(14)}…`);
});

test('a name of one letter with a thousand marks, or of 4 KB, is cut too', () => {
  expect(short(`e${'\u0301'.repeat(1_000)}`)).toBe('…');
  expect(short('$(reboot)"</script>'.repeat(220)).length).toBeLessThanOrEqual(variableLimit);
});

test('a name cut behind a word has no comma left behind it; one long word is cut within, by whole letters', () => {
  expect(shortAtWord('Office of the Collector, Leh', 25)).toBe('Office of the Collector…');
  expect(shortAtWord('Office of the Collector, Leh', 24)).toBe('Office of the Collector…');
  expect(shortAtWord('Office of the Collector, Leh', 20)).toBe('Office of the…');
  expect(shortAtWord('Thiruvananthapuram', 10)).toBe('Thiruvana…');
  expect(shortAtWord('DC Thiruvananthapuram', 10)).toBe('DC Thiruv…');
  expect(['दूसरी मंज़िल, रूम 2', 'e'].map(lettersIn)).toEqual([13, 1]);
  expect(shortAtWord('कॉन्फ़्रेंस रूम, दूसरी मंज़िल', 11)).toBe('कॉन्फ़्रेंस रूम…');
  expect(shortAtWord(`e${'\u0301'.repeat(900)} room`, 20)).toBe('…');
  expect([shortAtWord('Leh\r\nBcc: x', 30), shortAtWord('', 5)]).toEqual(['Leh Bcc: x', '']);
});
