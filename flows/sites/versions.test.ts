import type { Profile } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { node } from './sites.test-helper.ts';
import { createSiteTable } from './table.ts';
import { createVersions } from './tree.ts';

const profile = (elevationM: number): Profile => ({ link: 'fibre', elevationM, expected: { camera: [{}] } });

test('a version rises with the profile of its PC only, and stays over a restart', () => {
  const meta: Record<string, string> = { starts: '[]', config: '7 0011' };
  const versions = createVersions(meta);
  const ask = (pc: string, elevationM: number) => {
    const { config, op } = versions.wanted(pc, { profile: profile(elevationM) });
    if (op?.op === 'meta') meta[op.key] = `${op.value}`;
    return config.version;
  };
  expect(versions.version('a/b/c')).toBe(0);
  expect([ask('a/b/c', 1), ask('a/b/c', 1), ask('a/b/c', 2), ask('a/b/d', 1), ask('a/b/c', 1)]).toEqual([1, 1, 2, 1, 3]);
  expect(versions.version('a/b/c')).toBe(3);
  const again = createVersions(meta);
  expect(again.wanted('a/b/c', { profile: profile(1) })).toEqual({ config: { pc: 'a/b/c', version: 3, profile: profile(1) } });
  expect(again.version('a/b/d')).toBe(1);
});

test('a PC that is ahead of a restored ledger gets a version above its own, once', () => {
  const versions = createVersions({ 'config/a/b/c': '2 x' });
  expect(versions.wanted('a/b/c', { profile: profile(1) }, 9).config.version).toBe(10);
  expect(versions.wanted('a/b/c', { profile: profile(1) }, 9)).toEqual({ config: { pc: 'a/b/c', version: 10, profile: profile(1) } });
  expect(versions.wanted('a/b/c', { profile: profile(1) }, 10).config.version).toBe(10);
});

test('the same profile, however it was inherited, is the same version', () => {
  const versions = createVersions({});
  const early = createSiteTable([node('a', { link: 'geo', elevationM: 5 }), node('a/b', {}, {}), node('a/b/c')]);
  const late = createSiteTable([
    node('a', { elevationM: 5 }),
    node('a/b', { expected: { speaker: [{}] } }, {}),
    node('a/b/c', { link: 'geo' }),
  ]);
  const first = versions.wanted('a/b/c', { profile: early.resolve('a/b/c').profile });
  expect(versions.wanted('a/b/c', { profile: late.resolve('a/b/c').profile })).toEqual({ config: first.config });
});
