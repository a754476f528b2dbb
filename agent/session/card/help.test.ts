import { type FaultId, faultIds, faults, type Language, languages } from '@sabha/contracts';
import jsqr from 'jsqr';
import { expect, test } from 'vitest';
import { helpOf } from './page.ts';

const muted = { pc: 'ladakh/leh/hall', help: 'desk@example.org', fault: 'microphone.muted', readiness: 'not-ready' } as const;
const longestPc = ['s', 't', 'p'].map((id) => id.repeat(32)).join('/');
const longestChat = `https://chat.example.org/new?room=${'r'.repeat(200 - 34 - 12)}&text={text}`.slice(-200);

test('the help of the room card addresses a mail with PC and fault as subject, and escapes both', () => {
  const help = helpOf({
    pc: 'ladakh/leh/hall',
    help: 'desk@example.org',
    fault: 'x&bcc=o@example.org\r\n',
    readiness: 'not-ready',
    languages: ['en'],
  });
  expect(help?.name).toBe('desk@example.org');
  const url = new URL(help?.link ?? '');
  expect([url.protocol, url.pathname]).toEqual(['mailto:', 'desk@example.org']);
  const text = 'ladakh/leh/hall: x&bcc=o@example.org\r\n (x&bcc=o@example.org\r\n)';
  expect([...url.searchParams]).toEqual([['subject', text]]);
});

test.each(languages)(
  'the QR code of the room card contains exactly the link of the help mail, even for the longest fault title: %s',
  (language) => {
    const titleLength = (fault: FaultId) => faults[fault].title[language].length;
    const [longest = 'microphone.muted'] = faultIds.toSorted((a, b) => titleLength(b) - titleLength(a));
    for (const help of [longestHelp(longest, language), helpOf({ ...muted, languages: [language] })])
      expect(help && read(help.svg)).toBe(help?.link);
  },
);

function longestHelp(fault: string, language: Language) {
  return helpOf({ pc: longestPc, help: longestChat, fault, readiness: 'not-ready', languages: [language] });
}

/** Decodes the QR code from an image with four pixels for each module, as a phone would. */
function read(svg: string): string | undefined {
  const size = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1]);
  const scale = 4;
  const width = size * scale;
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y, length] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row += 1)
      for (let column = Number(x) * scale; column < (Number(x) + Number(length)) * scale; column += 1)
        pixels.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
  }
  return jsqr.default(pixels, width, width)?.data;
}
