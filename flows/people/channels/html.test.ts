import { expect, test } from 'vitest';
import { htmlOf } from './html.ts';

const text =
  'Leh, Conference room\nCritical: Microphone not found\n1. Unplug the cable.\n\nhttps://sabha.test/?#/incident/17\n-- \nAlert 17 · Sabha\n';

test('the same words as the text, the place in bold, the address a link, the footer apart', () => {
  const html = htmlOf({ subject: 'Leh: Critical', text, language: 'en' });
  expect(html).toContain('<p style="font-weight:bold;margin:0 0 .5em">Leh, Conference room</p>');
  expect(html).toContain('<a href="https://sabha.test/?#/incident/17">https://sabha.test/?#/incident/17</a>');
  expect(html).toMatch(/opacity:\.7[^>]*>Alert 17 · Sabha<\/p>/);
  expect(html).toContain('<html lang="en">');
});

test('it reads well in dark mode: no colour of its own, and it says that both themes are fine', () => {
  const html = htmlOf({ subject: 's', text, language: 'hi' });
  expect(html).toContain('<meta name="color-scheme" content="light dark">');
  expect(html).not.toMatch(/(?:background|[^-]color)\s*:|bgcolor|<img|<script/);
});

test('S14 markup in a name stays text, and an address with markup in it is no link', () => {
  const hostile = `<b>x</b>"'&\n<script>alert(1)</script>\nhttps://x.test/"onclick="y\njavascript:alert(1)\n`;
  const html = htmlOf({ subject: '</title><script>', text: hostile, language: 'en' });
  expect(html.match(/<(?:b|script|a)\b/g)).toBeNull();
  expect(html).toContain('&#60;script&#62;alert(1)&#60;/script&#62;');
});
