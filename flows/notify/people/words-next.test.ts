/** The next recipient reads why the message comes, and one's own action is addressed as "you". */

import { type MessageLanguage, messageLanguages } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Notice } from '../../engine/records/notices.ts';
import { bodyOf, notice } from './people.test-helper.ts';
import { type RenderOptions, render, textLimit } from './words.ts';

const at = Date.UTC(2026, 2, 3, 8, 50);
const names: Record<string, string> = { asha: 'Asha Devi', ravi: 'Ravi Kumar' };
const readBy = (id: string, name: string) => ({ reader: { to: { id, name }, nameOf: (person: string) => names[person] ?? person } });
const linesOf = (changes: Partial<Notice>, language: MessageLanguage = 'en', more: RenderOptions = {}) =>
  bodyOf(render(notice({ at, ...changes }), language, { ...readBy('meera', 'Meera'), ...more }).text).split('\n');
const gaveBack = { passed: { at: at + 180_000, by: 'Asha Devi' } };
test('a late or ended message does not say who gave the incident back', () => {
  for (const more of [{ late: true }, { over: true }]) expect(linesOf(gaveBack, 'en', more).join()).not.toContain('cannot go');
});

test.each(messageLanguages)('%s: the reason for a new recipient fits on the screen with the longest names', (language) => {
  const long = 'कॉन्फ़्रेंस रूम '.repeat(9);
  const one = { fault: 'power.on_battery', device: 'd', name: long, reason: long, since: at };
  const places = { site: { en: long, hi: long }, state: { en: long, hi: long }, room: { en: long, hi: long }, faults: Array(9).fill(one) };
  for (const passed of [
    { at, by: long },
    { at, to: [long, `${long}2`, `${long}3`, `${long}4`] },
  ]) {
    expect(linesOf({ ...places, passed, flapping: true, counted: 99 }, language).join('\n').length).toBeLessThanOrEqual(textLimit);
  }
});

test('the message to the person who reported the fix says "you" instead of the name', () => {
  const asha = readBy('asha', 'Asha Devi');
  const again = { why: 'reopened', by: 'Asha Devi' } as const;
  expect(linesOf({ again })).toContain('Asha Devi said that it is fixed.');
  expect(linesOf({ again }, 'en', asha)).toContain('You said that it is fixed.');
  expect(linesOf({ again: { ...again, by: 'asha' } }, 'hi', asha)).toContain('आपने बताया था कि ठीक हो गया।');
  expect(linesOf({ again: { ...again, why: 'lapsed' } }, 'mr', asha)).toContain('हा अलर्ट तुमच्याकडे होता, आता कोणाकडेच नाही.');
  expect(linesOf({ again: { ...again, why: 'assigned' } }, 'en', asha)).toContain('Assigned by Asha Devi.');
});

test('a message shows the time of an earlier fault if it began today, otherwise the day', () => {
  const before = [at - 3_600_000, at - 86_400_000].map((one) => ({ fault: 'camera.missing', name: null, at: one }));
  expect(render(notice({ at, before }), 'en').text).toContain('Earlier here: 13:20 Camera not found; 2 Mar Camera not found\n');
});
