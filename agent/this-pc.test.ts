import { expect, it } from 'vitest';
import { doorAddress } from './this-pc.ts';

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
