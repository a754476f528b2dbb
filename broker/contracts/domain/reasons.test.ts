import { expect, test } from 'vitest';
import { coreReasonText, reasons } from './reasons.ts';

test.each([
  ['in use by zoom, another program', 'zoom, किसी दूसरे प्रोग्राम में चल रहा है'],
  ['chosen: no microphone', 'कोई माइक नहीं चुना है'],
  ['no answer in 2.5 s', '2.5 सेकंड में जवाब नहीं आया'],
  ['from the server: audio only, because of its capacity', 'सर्वर की तरफ़ से: सिर्फ़ आवाज़, स्पीड कम है'],
  [
    'to the server: audio only, because of its capacity (at first 8 Mbit/s, then 0.5)',
    'सर्वर की ओर: सिर्फ़ आवाज़, स्पीड कम है (शुरू में 8 Mbit/s, फिर 0.5)',
  ],
  ['/proc/meminfo cannot be read', '/proc/meminfo पढ़ा नहीं जा सका'],
  ['ENOENT, open /dev/snd', 'ENOENT, open /dev/snd'],
])('%s', (reason, hindi) => {
  expect(coreReasonText(reason, 'hi')).toBe(hindi);
  expect(coreReasonText(reason, 'en')).toBe(reason);
});

test('each pattern matches a whole reason, except the one for an unnamed program, and its text is Hindi', () => {
  for (const [pattern, hi] of reasons) {
    expect(() => new RegExp(pattern)).not.toThrow();
    expect(/^\^.*\$$/.test(pattern) || pattern === 'another program').toBe(true);
    expect(hi).toMatch(/\p{Script=Devanagari}/u);
    expect(hi).not.toMatch(/[०-९]/);
  }
});
