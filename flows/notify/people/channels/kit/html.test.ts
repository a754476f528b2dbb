import { expect, test } from 'vitest';
import { htmlOf } from './html.ts';

const text =
  'Leh, Conference room\nCritical: Microphone not found\n1. Unplug the cable.\n\nhttps://sabha.test/?#/incident/17\n-- \nAlert 17 · Sabha\n';

test('the HTML of a message has the same words as its text, with a bold place, a link and a separate footer', () => {
  const html = htmlOf({ subject: 'Leh: Critical', text, language: 'en' });
  expect(html).toContain('<p style="font-weight:bold;margin:0 0 .5em">Leh, Conference room</p>');
  expect(html).toContain('<a href="https://sabha.test/?#/incident/17">https://sabha.test/?#/incident/17</a>');
  expect(html).toMatch(/opacity:\.7[^>]*>Alert 17 · Sabha<\/p>/);
  expect(html).toContain('<html lang="en">');
});

test('S14 the HTML of a message shows markup in a name as text, and makes no link of an address with markup', () => {
  const hostile = `<b>x</b>"'&\n<script>alert(1)</script>\nhttps://x.test/"onclick="y\njavascript:alert(1)\n`;
  const html = htmlOf({ subject: '</title><script>', text: hostile, language: 'en' });
  expect(html.match(/<(?:b|script|a)\b/g)).toBeNull();
  expect(html).toContain('&#60;script&#62;alert(1)&#60;/script&#62;');
});

const link = 'https://sabha.test/t?AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefghi';
const phone = { line: 'Call the room: +91 1982 252010', number: '+91 1982 252010', tel: '+911982252010' };
const news = `Leh\nCritical: Microphone not found\nSince 3 Mar.\n1. Unplug it.\n2. Try another.\n\n${phone.line}\nAnswer with one tap: ${link}\n-- \nAlert 17\n`;

test('the HTML of a message shows the reply link as a button above the steps, and the phone number as a link', () => {
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
