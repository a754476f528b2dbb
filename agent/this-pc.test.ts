import { expect, it } from 'vitest';
import { localAddress } from './this-pc.ts';

it('localAddress is a socket path, and on Windows the name of a pipe that is unique for each folder', () => {
  expect(localAddress('/run/sabha/room.sock', 'linux')).toEqual({ address: '/run/sabha/room.sock', isPipe: false });
  const pipe = localAddress('C:\\ProgramData\\Sabha\\room.sock', 'win32');
  expect(pipe).toEqual({
    address: expect.stringMatching(/^\\\\\.\\pipe\\sabha-[0-9a-f]{16}$/),
    isPipe: true,
  });
  expect(localAddress('c:\\programdata\\sabha\\ROOM.sock', 'win32')).toEqual(pipe);
  expect(localAddress('D:\\room.sock', 'win32')).not.toEqual(pipe);
});
