// @module-tag long
/** Streams of whole sites through the tabs themselves: maintenance, causes that open after their many; exact messages, persons and texts. */
import { expect, test } from 'vitest';
import { cutAll, healAll, judged, pcsAt, sites } from './causes-scene.ts';
import { allMails, lastText } from './office-day.ts';
import { atRest, minute } from './scene.ts';
import type { World } from './world.ts';

const room = (what: string, pc: number, site = 'ladakh/site-1') => `${site}, Ladakh: ${what}, ${site}/pc-${pc}`;
const whole = (what: string, site = 'ladakh/site-1') => `Ladakh: ${what}: No PC of the site answers, ${site}`;
const leh = (world: World) => pcsAt(world, 'ladakh/site-1');

test('of a site that is back but for two PCs it was said that it cannot be reached: another PC answers, and what is to be done is at the PC', async () => {
  const world = await atRest({ further: sites('ladakh', 1, { pcs: 3 }) });
  cutAll(leh(world));
  await world.pass(14 * minute);
  healAll(leh(world).slice(0, 1));
  await world.pass(12 * minute);
  expect(allMails(world).toSorted()).toEqual([
    `03-03T14:08 asha: ${whole('Critical')}`,
    `03-03T14:26 asha: ${whole('Cleared')}`,
    `03-03T14:26 asha: ${room('Critical: PC does not answer', 2)}`,
    `03-03T14:26 asha: ${room('Critical: PC does not answer', 3)}`,
  ]);
  const texts = world.centre.post.deliveries.filter(({ subject }) => /PC does not answer/.test(subject)).map(({ text }) => text);
  for (const text of texts) {
    expect(text).toContain(
      'Why: not known; another PC of the site answers.\n1. Switch the PC on.\n2. If it is on, check its network cable.',
    );
  }
  healAll(leh(world));
  await world.pass(30 * minute);
  expect(await judged(world)).toEqual([]);
});

test('a site that goes dark after one of its PCs was told is one message more; its end names the PC that stays away, and that ends by itself', async () => {
  const world = await atRest({ further: sites('ladakh', 1, { pcs: 3 }) });
  const [first, ...others] = leh(world);
  first?.cut('hole');
  await world.pass(10 * minute);
  cutAll(others);
  await world.pass(10 * minute);
  healAll(others);
  await world.pass(20 * minute);
  expect(lastText(world)[1]).toBe('Not over for these, told on their own: ladakh/site-1/pc-1');
  first?.heal();
  await world.pass(20 * minute);
  expect(allMails(world)).toEqual([
    `03-03T14:08 asha: ${room('Critical: PC does not answer', 1)}`,
    `03-03T14:18 asha: ${whole('Critical')}`,
    `03-03T14:32 asha: ${whole('Cleared')}`,
    `03-03T14:47 asha: ${room('Cleared: PC does not answer', 1)}`,
  ]);
  expect(await judged(world)).toEqual([]);
});
