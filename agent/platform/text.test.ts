import { expect, it } from 'vitest';
import { shortId, shortText } from './text.ts';

it('keeps every script and every ordinary trick of a name as it is', () => {
  for (const name of ['Logitech C920', '$(reboot)"</script>', 'सभा माइक', 'میکروفون', '会议']) expect(shortText(name)).toBe(name);
});

it('takes out what moves a terminal or turns a text round', () => {
  expect(shortText('Mic\u001b[2J\n\u202eoff\u0000')).toBe('Mic [2J off');
});

it('cuts a name to 256 characters without halving one', () => {
  expect(shortText('x'.repeat(4_096))).toHaveLength(256);
  const cut = shortText(`${'x'.repeat(255)}😀`);
  expect(cut).toBe('x'.repeat(255));
});

it('cuts an id to 128 characters and keeps two that differ at the end apart', () => {
  const long = 'alsa_input.'.padEnd(4_096, 'y');
  expect(shortId(`${long}1`).length).toBeLessThanOrEqual(128);
  expect(shortId(`${long}1`)).not.toBe(shortId(`${long}2`));
  expect(shortId('a\u0000b')).not.toBe(shortId('a b'));
  expect(shortId('alsa_input.usb-room')).toBe('alsa_input.usb-room');
});
