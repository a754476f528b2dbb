import { expect, it } from 'vitest';
import { deviceName, shortId, shortText } from './text.ts';

it('the text cleaner removes characters that move a terminal cursor or reverse the text', () => {
  expect(shortText('Mic\u001b[2J\n\u202eoff\u0000')).toBe('Mic [2J off');
});

it('the text cleaner cuts a name to 256 characters without splitting a character', () => {
  expect(shortText('x'.repeat(4_096))).toHaveLength(256);
  const cut = shortText(`${'x'.repeat(255)}😀`);
  expect(cut).toBe('x'.repeat(255));
});

it('the text cleaner uses the id as the name of a device whose name is blank or invisible', () => {
  for (const blank of [undefined, null, '', ' ', '\t\n', '\u00a0', '\u200b\u202e', '\u0000'])
    expect(deviceName(blank, 'alsa_input.usb-room')).toBe('alsa_input.usb-room');
  expect([deviceName(' Jabra ', 'x'), deviceName(' ', '')]).toEqual(['Jabra', 'no name']);
});

it('the text cleaner cuts an id to 128 characters and keeps different long ids different', () => {
  const long = 'alsa_input.'.padEnd(4_096, 'y');
  expect(shortId(`${long}1`).length).toBeLessThanOrEqual(128);
  expect(shortId(`${long}1`)).not.toBe(shortId(`${long}2`));
  expect(shortId('a\u0000b')).not.toBe(shortId('a b'));
  expect(shortId('alsa_input.usb-room')).toBe('alsa_input.usb-room');
});
