import { expect, it } from 'vitest';
import { createPlatform, doorAddress } from './this-pc.ts';

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

it('reaches another process of this PC by a socket, and on Windows by a pipe of which each folder has its own', () => {
  expect(doorAddress('/run/sabha/room.sock', 'linux')).toEqual({ address: '/run/sabha/room.sock', isPipe: false });
  const pipe = doorAddress('C:\\ProgramData\\Sabha\\room.sock', 'win32');
  expect(pipe).toEqual({
    address: expect.stringMatching(/^\\\\\.\\pipe\\sabha-[0-9a-f]{16}$/),
    isPipe: true,
  });
  expect(doorAddress('c:\\programdata\\sabha\\ROOM.sock', 'win32')).toEqual(pipe);
  expect(doorAddress('D:\\room.sock', 'win32')).not.toEqual(pipe);
});
