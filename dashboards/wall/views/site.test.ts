import { type PcView, reasons, type SiteDetail, vocabulary } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Scene } from '../parts/parts.js';
import { nextSetupStep } from './site.js';

const catalogue = {
  'camera.missing': {
    title: { en: 'Camera not found', hi: 'कैमरा नहीं मिल रहा' },
    action: { en: 'Plug the camera in again.', hi: 'कैमरा दोबारा लगाएँ।' },
  },
};
const scene: Scene = {
  lang: 'en',
  now: 60_000,
  live: true,
  lostAt: null,
  catalogue,
  scope: '',
  role: 'central',
  act: async () => null,
  names: [],
  take: async () => null,
  reasons,
  words: vocabulary,
};
const pc = 'ladakh/leh/vc-1';
const pcs = [{ pc, room: { en: 'Small room', hi: 'छोटा कमरा' } }] as PcView[];
type Item = SiteDetail['checklist'][number];
const items: Item['item'][] = ['installed', 'heard', 'configured', 'no-fault', 'all-known'];
/** Builds a checklist in which only these items are open. */
const deed = (open: Partial<Record<Item['item'], Item['about']>>, lang: 'en' | 'hi' = 'en') => {
  const checklist = items.map((item) => ({ item, done: open[item] === undefined, about: open[item] ?? [] }));
  return nextSetupStep({ ...scene, lang }, { checklist, pcs });
};
const about = (component: string | null = null, fault: string | null = null) => [{ pc, component, fault }];

test('the next step is the first open checklist item as an action, with its room', () => {
  expect(deed({ installed: about(), heard: about() })).toBe('Small room: Install the agent');
  expect(deed({ configured: about() }, 'hi')).toBe('छोटा कमरा: नया प्रोफ़ाइल आने तक PC चालू रखें');
  expect(deed({ 'no-fault': about('camera', 'camera.missing') })).toBe('Small room: Camera not found. Plug the camera in again.');
  expect(deed({ 'all-known': about('clock') })).toBe('Small room: Find out why this gives no answer: Clock');
  expect(deed({ 'no-fault': about(), 'all-known': about() })).toBe('Small room: Leave the PC on until its checks have answered');
  expect(deed({})).toBe('');
});

test('a site without rooms must first name its rooms, and an unknown room is named by its path', () => {
  expect(deed({ installed: [], heard: [] })).toBe('Add its rooms to the table of sites');
  expect(deed({ heard: [{ pc: 'ladakh/leh/vc-9', component: null, fault: null }] })).toContain('ladakh/leh/vc-9: Switch the PC on');
});
