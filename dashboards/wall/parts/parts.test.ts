import { reasons, vocabulary } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { actionOf, awayText, type Scene, whyText } from './parts.js';

const title = { en: 'The wrong microphone is chosen', hi: 'ग़लत माइक चुना हुआ है' };
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
  role: 'central',
  act: async () => null,
  names: ['Asha'],
  take: async () => null,
};
const why = (reason: string | null, lang: 'en' | 'hi' = 'en') =>
  whyText({ ...scene, lang }, { component: 'microphone', fault: 'microphone.not_default', reason });

test('the reason of a room has the title of the fault and the detail of the agent, without repeated words', () => {
  expect(why(null)).toBe('The wrong microphone is chosen');
  expect(why('chosen: Built-in microphone')).toBe('The wrong microphone is chosen: Built-in microphone');
  expect(why('chosen: no microphone')).toBe('The wrong microphone is chosen: no microphone');
  expect(why('chosen: Built-in microphone', 'hi')).toBe('ग़लत माइक चुना हुआ है: Built-in microphone');
});

test('an unknown room names the silent PC or the unknown component', () => {
  expect(whyText(scene, { component: 'pc', fault: null, reason: 'silent' })).toBe('Does not answer');
  expect(whyText(scene, { component: 'camera', fault: null, reason: null })).toBe('Camera: unknown');
  expect(whyText(scene, null)).toBe('');
});

test('R18a a receive gap of the server is shown if it overlaps the period shown', () => {
  const [from, to] = [new Date(2026, 2, 3, 10, 2).getTime(), new Date(2026, 2, 3, 10, 5, 20).getTime()];
  const scene = { lang: 'en', now: to + 1_000 } as const;
  const text = 'The server was off from 10:02:00 to 10:05:20. No PC counts as silent for that time.';
  expect(awayText(scene, { from, to }, { after: from, before: scene.now })).toBe(text);
  expect(awayText({ ...scene, lang: 'hi' }, { from, to }, { after: from, before: scene.now })).toContain('10:05:20');
  expect(awayText(scene, { from, to }, { after: to + 1, before: scene.now })).toBeNull();
  expect(awayText(scene, { from, to }, { after: 0, before: from - 1 })).toBeNull();
  expect(awayText(scene, null, { after: 0, before: scene.now })).toBeNull();
});

test('the first action for an offline PC depends on the cause of its outage, as in the notifications', () => {
  const action = { en: 'Call the office.', hi: '' };
  const of = { ...scene, catalogue: { 'pc.silent': { title, action } } };
  const away = (cause: 'power-cut' | 'undetermined', sureness: 'sure' | 'open') =>
    actionOf(of, 'pc.silent', { cause, confidence: 0.5, sureness });
  expect(actionOf(of, 'pc.silent')).toBe('Call the office.');
  expect(away('power-cut', 'sure')).toBe(vocabulary.en.outageAction['power-cut']);
  expect(away('power-cut', 'open')).toBe(vocabulary.en.outageAction.undetermined);
});
