// @module-tag long
/** The stories at the edges: what is said of each is right, or says that it is not known. */

import { openUpTo } from '@sabha/contracts';
import { beforeAll, expect, test } from 'vitest';
import { edges } from './outage-edges.ts';
import { further } from './outage-further.ts';
import { allAlways, isHonest, isLie, play, type Said } from './outage-play.ts';

const stories = [...edges, ...further];

let said: Said[] = [];
beforeAll(async () => {
  said = await play(2_026, stories, allAlways);
});

test.each(stories.map(({ kind }) => kind))('%s: nothing sure is wrong, live or afterwards', (kind) => {
  const of = said.filter((one) => one.kind === kind);
  expect(of.some(({ when }) => when === 'after')).toBe(true);
  expect([...new Set(of.filter(isLie).map(textOf))]).toEqual([]);
});

test('of all of them 95 % are right or honestly open', () => {
  const wrong = stories.filter(({ kind }) => said.some((one) => one.kind === kind && !isHonest(one)));
  const texts = new Set(said.filter((one) => !isHonest(one)).map(textOf));
  expect(wrong.length / stories.length, [...texts].join('\n')).toBeLessThanOrEqual(0.05);
});

const twins = stories.filter(({ isTwin }) => isTwin.live && isTwin.after).map(({ kind }) => kind);
test.each(twins)('%s: nobody can tell it apart, and nothing is said of it that is more than open', (kind) => {
  const tooSure = said.filter((one) => one.kind === kind && one.confidence > openUpTo);
  expect([...new Set(tooSure.map(textOf))]).toEqual([]);
});

function textOf({ kind, when, cause, confidence, truth }: Said): string {
  return `${kind}: ${when} ${cause} ${confidence}, was ${truth}`;
}
