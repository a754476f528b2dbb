import { expect, it } from 'vitest';
import { createPlatform } from './this-pc.ts';

const signal = AbortSignal.timeout(5_000);

it('says of a system without a folder here that it is not written yet: no device found, none missing', async () => {
  const platform = createPlatform({ system: 'aix' });
  const answer = { known: false, reason: 'not written for this system yet' };
  expect(await platform.sound(signal)).toEqual(answer);
  expect(await platform.cameras(signal)).toEqual(answer);
  expect(await platform.soundService(signal)).toEqual(answer);
  const figures = await platform.figures(signal);
  expect(figures.loadRatio).toBeNull();
  expect(figures.memoryUsedRatio).toBeGreaterThan(0);
  expect(figures.diskUsedRatio).toBeLessThanOrEqual(1);
  expect(platform.bootId()).toBe(platform.bootId());
});
