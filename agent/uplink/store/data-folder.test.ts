import { expect, it } from 'vitest';
import { dataFolder, userFolder } from './data-folder.ts';

it('takes the folder that is said, before the one of the environment, before the usual one', () => {
  expect(dataFolder({ SABHA_DATA: '/b' }, ['check', '--data', '/a'])).toBe('/a');
  expect(dataFolder({ SABHA_DATA: '/b' }, ['check'])).toBe('/b');
  expect(dataFolder({ SABHA_DATA: '' }, ['check', '--data'])).toBe('data/agent');
});

it('keeps the card of a user where only he reads it and it goes with his session, else in the folder of the agent', () => {
  expect(userFolder({ XDG_RUNTIME_DIR: '/run/user/1000', LOCALAPPDATA: '/x' }, '/data')).toBe('/run/user/1000/sabha-room');
  expect(userFolder({ LOCALAPPDATA: '/home/x/AppData/Local' }, '/data')).toBe('/home/x/AppData/Local/sabha-room');
  expect(userFolder({ XDG_RUNTIME_DIR: '' }, '/data')).toBe('/data/sabha-room');
});
