import { expect, it } from 'vitest';
import { dataFolder, userFolder } from './data-folder.ts';

it('the argument takes precedence over the environment, and the environment over the default folder', () => {
  expect(dataFolder({ SABHA_DATA: '/b' }, ['check', '--data', '/a'])).toBe('/a');
  expect(dataFolder({ SABHA_DATA: '/b' }, ['check'])).toBe('/b');
  expect(dataFolder({ SABHA_DATA: '' }, ['check', '--data'])).toBe('data/agent');
});

it("the room card of a user is kept in a private folder of the session, or without such a folder in the agent's folder", () => {
  expect(userFolder({ XDG_RUNTIME_DIR: '/run/user/1000', LOCALAPPDATA: '/x' }, '/data')).toBe('/run/user/1000/sabha-room');
  expect(userFolder({ LOCALAPPDATA: '/home/x/AppData/Local' }, '/data')).toBe('/home/x/AppData/Local/sabha-room');
  expect(userFolder({ XDG_RUNTIME_DIR: '' }, '/data')).toBe('/data/sabha-room');
});
