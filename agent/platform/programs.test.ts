import { expect, it } from 'vitest';
import { programLabel, programLabels } from './programs.ts';

it('the program list names a meeting program by its binary, on every system', () => {
  expect(programLabel('/opt/zoom/zoom')).toBe('zoom');
  expect(programLabel('C:\\Program Files\\Zoom\\bin\\Zoom.exe')).toBe('zoom');
  expect(programLabel('firefox-esr')).toBe('firefox');
});

it('the program list replaces the name of an unlisted program', () => {
  expect(programLabel('private-diary')).toBe('another program');
  expect(programLabel('constructor')).toBe('another program');
  expect(programLabel('')).toBe('another program');
});

it('the program list returns each label once, sorted', () => {
  expect(programLabels(['zoom', 'diary', 'zoom.real', 'notes'])).toEqual(['another program', 'zoom']);
});
