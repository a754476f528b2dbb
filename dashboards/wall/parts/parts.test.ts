import { expect, test } from 'vitest';
import { reasons, vocabulary } from '#contracts';
import { type Scene, whyText } from './parts.js';

const title = { en: 'Another microphone is chosen', hi: 'कोई दूसरा माइक चुना हुआ है' };
const catalogue = { 'microphone.not_default': { title, action: title } };
const scene: Scene = {
  lang: 'en',
  now: 0,
  live: true,
  lostAt: null,
  catalogue,
  reasons,
  words: vocabulary,
  scope: '',
  act: async () => null,
};
const why = (reason: string | null, lang: 'en' | 'hi' = 'en') =>
  whyText({ ...scene, lang }, { component: 'microphone', fault: 'microphone.not_default', reason });

test('why a room is not ready: the title of the fault and what the machine adds to it, no word twice', () => {
  expect(why(null)).toBe('Another microphone is chosen');
  expect(why('chosen: Built-in microphone')).toBe('Another microphone is chosen: Built-in microphone');
  expect(why('chosen: no microphone')).toBe('Another microphone is chosen: no microphone');
  expect(why('chosen: Built-in microphone', 'hi')).toBe('कोई दूसरा माइक चुना हुआ है: Built-in microphone');
});

test('why a room is not known: that its PC does not answer, or which part cannot be told', () => {
  expect(whyText(scene, { component: 'pc', fault: null, reason: 'silent' })).toBe('Does not answer');
  expect(whyText(scene, { component: 'camera', fault: null, reason: null })).toBe('Camera: unknown');
  expect(whyText(scene, null)).toBe('');
});
