import { expect, it } from 'vitest';
import { dataFolder, userFolder } from './data-folder.ts';

it('dataFolder prefers the argument to the environment, and the environment to the default folder', () => {
  expect(dataFolder({ SABHA_DATA: '/b' }, ['check', '--data', '/a'])).toBe('/a');
  expect(dataFolder({ SABHA_DATA: '/b' }, ['check'])).toBe('/b');
  expect(dataFolder({ SABHA_DATA: '' }, ['check', '--data'])).toBe('data/agent');
});

it("userFolder is a private folder of the session, or a folder in the agent's data folder if the system has none", () => {
  expect(userFolder({ XDG_RUNTIME_DIR: '/run/user/1000', LOCALAPPDATA: '/x' }, '/data')).toBe('/run/user/1000/sabha-room');
  expect(userFolder({ LOCALAPPDATA: '/home/x/AppData/Local' }, '/data')).toBe('/home/x/AppData/Local/sabha-room');
  expect(userFolder({ XDG_RUNTIME_DIR: '' }, '/data')).toBe('/data/sabha-room');
});
