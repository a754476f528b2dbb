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

const link = 'https://sabha.test/t?AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefghi';
const phone = { line: 'Call the room: +91 1982 252010', number: '+91 1982 252010', tel: '+911982252010' };
const news = `Leh\nCritical: Microphone not found\nSince 3 Mar.\n1. Unplug it.\n2. Try another.\n\n${phone.line}\nAnswer with one tap: ${link}\n-- \nAlert 17\n`;

test('the one tap was no link in a mail about news, and neither was the phone: a button above what is to be done, and its address small at the end', () => {
  const html = htmlOf({ subject: 's', text: news, language: 'en', link, phone });
  const [button = '', ...others] = [...html.matchAll(/<a href="https:[^>]*>[^<]*<\/a>/g)].map(([one]) => one);
  expect(button).toMatch(/style="display:block;.*>Answer: I am going, I am here …<\/a>$/);
  expect(others).toEqual([`<a href="${link}">${link}</a>`]);
  expect(html).toContain('Call the room: <a href="tel:+911982252010" style="padding:12px 0">+91 1982 252010</a>');
  const order = ['Since 3 Mar.', button, '1. Unplug it.', phone.number, 'Alert 17', 'Answer with one tap: '].map((part) =>
    html.indexOf(part),
  );
  expect(order).toEqual(order.toSorted((a, b) => a - b));
});

test('one thing to do has no number: the button stands above it all the same, and below the news where there is nothing to do', () => {
  const before = (text: string) => htmlOf({ subject: 's', text, language: 'hi', link }).split('<a href=')[0];
  const tap = `एक टैप में जवाब दें: ${link}`;
  expect(before(`लेह\nक\nयह करें: ख\n\nग\n${tap}\n-- \nSabha\n`)).not.toContain('यह करें');
  expect(before(`लेह\nक\n\n${tap}\n-- \nSabha\n`)).toMatch(/<p style="margin:0">क<\/p>\n<p style="margin:1em 0">$/);
});

test('a mail was wider than a phone: the address, which has no place to break, breaks anywhere', () => {
  expect(htmlOf({ subject: 's', text: news, language: 'en', link })).toMatch(/<body style="[^"]*overflow-wrap:anywhere"/);
});

test('the address of an all-clear stood there without a word', () => {
  const wall = 'https://sabha.test/?#/incident/17';
  const html = htmlOf({ subject: 's', text: `Leh\n\nSee it in Sabha (needs a login): ${wall}\n-- \nSabha\n`, language: 'en', link: wall });
  expect(html).toContain(`See it in Sabha (needs a login): <a href="${wall}">${wall}</a>`);
});
