import type { SiteView } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { dotsOf, height, tileOf, width } from './places.js';

const sites = (count: number) => Array.from({ length: count }, (_, at) => ({ site: `s/${at}` }) as SiteView);
const starts = (path = '') => [...path.matchAll(/M([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);

test('a state is found in any usual spelling, and an invented name is not found', () => {
  const spellings = [
    'uttar-pradesh',
    'up',
    'jammu-and-kashmir',
    'jammu-kashmir',
    'nct-of-delhi',
    'andaman-and-nicobar-islands',
    'tamilnadu',
  ];
  expect(spellings.map((one) => tileOf(one)?.code)).toEqual(['UP', 'UP', 'JK', 'JK', 'DL', 'AN', 'TN']);
  expect(tileOf('headquarters')).toBeUndefined();
});

test('no two states share a tile', () => {
  const names = 'jk la pb ch hp hr dl uk sk ar rj up br ml as nl gj mp jh wb tr mz mn dn mh cg od ga tg ap ka py an kl tn ld'.split(' ');
  const places = new Set(names.map((one) => `${tileOf(one)?.column}/${tileOf(one)?.row}`));
  expect([places.size, places.has('undefined/undefined')]).toEqual([36, false]);
});

test.each([1, 76, 5_000])('%d dots do not overlap and all lie within the tile', (count) => {
  const { paths, cell } = dotsOf(sites(count), () => 'ok');
  const found = starts(paths[0]?.[1]);
  expect(new Set(found.map(String)).size).toBe(count);
  for (const [x, y] of found) expect(x >= 0 && x + cell * 0.7 <= width + 0.1 && y > 0 && y <= height).toBe(true);
});

test('the dot of an unproven site has its right half cut out, unlike any other dot', () => {
  const path = (kind: 'ok' | 'unproven' | 'unknown') => dotsOf(sites(1), () => kind).paths[0]?.[1] ?? '';
  const [disc, half] = [path('ok'), path('unproven')];
  expect(half.startsWith(disc)).toBe(true);
  expect(half.slice(disc.length)).toMatch(/^M[\d.]+ [\d.]+a[\d. ]+ 0 0 1 0 [\d.]+z$/);
  expect(path('unknown').match(/M/g)).toHaveLength(1);
});
